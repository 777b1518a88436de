#include "relay_gateway/messages/wire/json/json_document.hpp"

#include "relay_gateway/messages/wire/json/in_place_stream.hpp"
#include "relay_gateway/messages/wire/json/json_scan.hpp"

#include <openssl/crypto.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <cstring>

namespace relay::wire::json {

namespace {

/// Stands between reader and document. Gives numbers their values: RapidJSON 1.1 itself cannot be asked to,
/// for `0e308` and for `184467440737095516155` it counts the leading zero bits of 0, which is undefined.
/// Remembers where members lie.
template <class Document>
class value_reader {
public:
  value_reader(Document& to, const in_place_stream& from, member_spans& spans)
      : to_(to), from_(from), spans_(spans) {}
  bool Null() { return to_.Null(); }
  bool Bool(bool x) { return to_.Bool(x); }
  bool Int(int x) { return to_.Int(x); }
  bool Uint(unsigned x) { return to_.Uint(x); }
  bool Int64(std::int64_t x) { return to_.Int64(x); }
  bool Uint64(std::uint64_t x) { return to_.Uint64(x); }
  bool Double(double x) { return to_.Double(x); }
  bool String(const char* text, rapidjson::SizeType size, bool copy) { return to_.String(text, size, copy); }
  // The iterative reader tells of a bracket before it takes it.
  bool StartObject() {
    spans_.begin(from_.Tell());
    return to_.StartObject();
  }
  bool Key(const char* text, rapidjson::SizeType size, bool copy) {
    spans_.name();
    return to_.Key(text, size, copy);
  }
  bool EndObject(rapidjson::SizeType size) {
    spans_.end(from_.Tell() + 1);
    return to_.EndObject(size);
  }
  bool StartArray() {
    spans_.begin(from_.Tell());
    return to_.StartArray();
  }
  bool EndArray(rapidjson::SizeType size) {
    spans_.end(from_.Tell() + 1);
    return to_.EndArray(size);
  }

  /// Its grammar is checked; in its text something that is no part of a number follows.
  bool RawNumber(const char* text, rapidjson::SizeType size, bool) {
    const char* end = text + size;
    if (std::find_if(text, end, [](char c) { return c == '.' || (c | 0x20) == 'e'; }) == end) {
      std::int64_t negative = 0;
      std::uint64_t natural = 0;
      if (*text != '-' && std::from_chars(text, end, natural).ec == std::errc{}) return to_.Uint64(natural);
      if (*text == '-' && std::from_chars(text, end, negative).ec == std::errc{}) return to_.Int64(negative);
    }
    double x = 0;
    if (std::from_chars(text, end, x).ec != std::errc{}) x = std::strtod(text, nullptr); // nearly 0, or huge
    return std::isfinite(x) && to_.Double(x);
  }

private:
  Document& to_;
  const in_place_stream& from_;
  member_spans& spans_;
};

} // namespace

document::memory::~memory() {
  if (!sensitive) return;
  // Short strings live inside the values, the others in the text.
  OPENSSL_cleanse(values.data(), values.size());
  OPENSSL_cleanse(stack.data(), stack.size());
  OPENSSL_cleanse(text.data(), text.size());
  if (long_text) OPENSSL_cleanse(long_text.get(), long_size);
  OPENSSL_cleanse(mended.data(), mended.size());
}

bool document::parse_object(std::string_view text) {
  if (!parse(text)) return false;
  if (doc_.IsObject()) return true;
  why_ = refusal::not_object;
  return false;
}

bool document::parse(std::string_view text) {
  doc_.SetNull();
  // Before anything is built: a parsed value of hostile depth could not even be destroyed safely.
  auto fault = check_text(text, max_depth);
  if (fault == text_fault::utf8) {
    room_.mended.assign(text);
    if (mend_surrogates(room_.mended)) fault = check_text(text = room_.mended, max_depth);
  }
  text_ = text;
  switch (fault) {
  case text_fault::none: break;
  case text_fault::nul: why_ = refusal::not_json; return false;
  case text_fault::utf8: why_ = refusal::bad_utf8; return false;
  case text_fault::depth: why_ = refusal::too_deep; return false;
  }
  constexpr auto padding = in_place_stream::padding;
  char* copy = room_.text.data();
  if (text.size() + padding > room_.text.size()) {
    room_.long_text = std::make_unique_for_overwrite<char[]>(text.size() + padding);
    room_.long_size = text.size();
    copy = room_.long_text.get();
  }
  if (!text.empty()) std::memcpy(copy, text.data(), text.size());
  std::memset(copy + text.size(), 0, padding);
  const auto read = [&](auto& to) {
    constexpr unsigned flags =
        rapidjson::kParseInsituFlag | rapidjson::kParseIterativeFlag | rapidjson::kParseNumbersAsStringsFlag;
    rapidjson::GenericReader<rapidjson::UTF8<>, rapidjson::UTF8<>, pool> reader{&stack_};
    in_place_stream stream{copy, text.size()};
    spans_.clear();
    value_reader values{to, stream, spans_};
    return !reader.Parse<flags>(stream, values).IsError();
  };
  bool good = false;
  const auto fill = [&](auto& to) { return good = read(to); };
  doc_.Populate(fill);
  if (!good) why_ = refusal::not_json; // and the root is still null
  return good;
}

std::string_view document::member_text(std::string_view name) const noexcept {
  if (!doc_.IsObject()) return {};
  std::size_t number = 1;
  for (auto it = doc_.MemberBegin(); it != doc_.MemberEnd(); ++it, ++number) {
    if (it->name.GetStringLength() != name.size() ||
        std::memcmp(it->name.GetString(), name.data(), name.size()) != 0)
      continue;
    if (!it->value.IsObject() && !it->value.IsArray()) return {};
    const auto known = spans_.text_of(number, text_);
    return known.empty() ? json::member_text(text_, name) : known; // beyond those that are remembered
  }
  return {};
}

const char* explain(refusal why) noexcept {
  switch (why) {
  case refusal::too_deep: return "nested too deep";
  case refusal::bad_utf8: return "not valid UTF-8";
  case refusal::not_object: return "not a JSON object";
  default: return "not JSON";
  }
}

} // namespace relay::wire::json
