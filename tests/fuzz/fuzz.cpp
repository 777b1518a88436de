#include "relay_gateway/tests/fuzz/fuzz.hpp"

#include "relay_gateway/messages/wire/json/utf8.hpp"

#include <rapidjson/document.h>

#include <algorithm>

namespace relay::fuzz {

namespace {
std::vector<target>& all() {
  static std::vector<target> them;
  return them;
}
} // namespace

void require(bool kept, const char* what) {
  if (!kept) throw broken{what};
}

const std::vector<target>& targets() {
  auto& them = all();
  std::sort(them.begin(), them.end(), [](const target& a, const target& b) { return a.name < b.name; });
  return them;
}

registration::registration(const char* name, void (*run)(std::string_view)) { all().push_back({name, run}); }

std::uint8_t bytes::byte() {
  if (left_.empty()) return 0;
  auto x = static_cast<std::uint8_t>(left_.front());
  left_.remove_prefix(1);
  return x;
}

std::uint64_t bytes::wide() {
  std::uint64_t x = 0;
  for (int i = 0; i < 8; ++i) x = x << 8 | byte();
  return x;
}

std::string bytes::text(std::size_t longest) {
  auto n = std::min({std::size_t{byte()}, longest, left_.size()});
  std::string out{left_.substr(0, n)};
  left_.remove_prefix(n);
  return out;
}

std::string_view bytes::line() {
  auto out = left_.substr(0, left_.find('\n'));
  left_.remove_prefix(std::min(out.size() + 1, left_.size()));
  return out;
}

std::string_view bytes::rest() {
  auto out = left_;
  left_ = {};
  return out;
}

void require_json(std::string_view text) {
  require(text.find('\n') == std::string_view::npos, "JSON stays on one line");
  require_json_text(text);
}

void require_json_text(std::string_view text) {
  require(wire::is_utf8(text), "JSON is UTF-8");
  rapidjson::Document doc;
  doc.Parse<rapidjson::kParseIterativeFlag | rapidjson::kParseValidateEncodingFlag>(text.data(), text.size());
  require(!doc.HasParseError(), "what was written is JSON");
}

void require_frame(std::string_view text) {
  require(text.ends_with('\n'), "a frame ends with a line break");
  text.remove_suffix(1);
  require(text.starts_with('{') && text.ends_with('}'), "a frame is an object");
  require_json(text);
}

void require_line(std::string_view text) {
  require(!text.empty(), "a message says something");
  require(wire::is_utf8(text), "a message is UTF-8");
  require(std::all_of(text.begin(), text.end(),
                      [](char c) { return static_cast<unsigned char>(c) >= 0x20 && c != 0x7F; }),
          "a message is one line without control characters");
}

} // namespace relay::fuzz
