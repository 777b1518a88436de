#include "relay_gateway/app/admin/dead_letters.hpp"

#include "relay_gateway/messages/wire/json/json_read.hpp"
#include "relay_gateway/messages/wire/json/json_write.hpp"

#include <algorithm>
#include <charconv>
#include <string_view>

namespace relay::admin {

namespace {

constexpr std::size_t longest_page = 1'000;
constexpr std::size_t preview = 120; ///< bytes of a text in a list

bool read_number(std::string_view text, std::uint64_t& out) {
  auto [end, err] = std::from_chars(text.data(), text.data() + text.size(), out);
  return err == std::errc{} && end == text.data() + text.size();
}

/// The number of a delivery id; 0 when it is none.
std::uint64_t seq_of(std::string_view id) {
  std::uint64_t out = 0;
  auto dash = id.rfind('-');
  return read_number(dash == std::string_view::npos ? id : id.substr(dash + 1), out) ? out : 0;
}

/// Without the half of a character at its end.
std::string_view beginning_of(std::string_view text) {
  if (text.size() <= preview) return text;
  auto end = preview;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
  return text.substr(0, end);
}

dead_letter_request wrong(std::string why) {
  dead_letter_request out;
  out.error = std::move(why);
  return out;
}

dead_letter_request one(dead_letter_ask::wish what, std::string_view id) {
  dead_letter_request out;
  out.what.what = what;
  out.what.seq = seq_of(id);
  out.whole = true;
  return out.what.seq == 0 ? wrong("id is not a delivery id") : out;
}

} // namespace

dead_letter_request read_dead_letter_request(const net::server_request& x) {
  if (x.method == "POST") {
    wire::json::document doc;
    if (!doc.parse_object(x.body)) return wrong(std::string{"the body is "} + wire::json::explain(doc.why()));
    return one(x.path == "/v1/dlq/retry" ? dead_letter_ask::wish::retry : dead_letter_ask::wish::drop,
               wire::json::text(doc.root(), "id"));
  }
  if (auto id = x.parameter("id"); !id.empty()) {
    auto out = one(dead_letter_ask::wish::list, id);
    if (out.error.empty()) --out.what.seq, out.what.limit = 1;
    return out;
  }
  dead_letter_request out;
  if (auto after = x.parameter("after"); !after.empty() && !read_number(after, out.what.seq))
    return wrong("after is not a number");
  std::uint64_t limit = out.what.limit;
  if (auto asked = x.parameter("limit"); !asked.empty() && (!read_number(asked, limit) || limit == 0))
    return wrong("limit is not a number above 0");
  out.what.limit = std::min<std::size_t>(limit, longest_page);
  return out;
}

std::string dead_letters_json(const dead_letter_answer& x, bool whole) {
  std::string list = "[";
  for (const auto& dead : x.dead_letters) {
    if (list.size() > 1) list += ',';
    const auto& event = *dead.event;
    wire::json::object_writer to{list};
    to.text("id", dead.delivery_id)
        .json("seq", std::to_string(dead.seq))
        .text("platform", event.source.platform)
        .text("chat_id", event.source.chat_id)
        .optional("message_id", event.message_id)
        .optional("user", event.display_name())
        .json("attempts", std::to_string(dead.attempts))
        .json("age_s", std::to_string(dead.age_ms / 1000))
        .text("text", whole ? std::string_view{event.text} : beginning_of(event.text));
    if (event.unreadable) to.json("unreadable", "true").text("error", event.context_error);
    if (whole && !event.raw.empty()) to.json("event", event.raw);
    to.end();
  }
  list += ']';
  std::string out;
  wire::json::object_writer{out}.json("letters", list).end();
  return out;
}

} // namespace relay::admin
