// Properties over generated values: what is written can be read, and means the same.
#include "relay_gateway/messages/wire/actions/actions.hpp"
#include "relay_gateway/messages/wire/frames/framing.hpp"
#include "relay_gateway/messages/wire/http/base64.hpp"
#include "relay_gateway/messages/wire/http/tokens.hpp"
#include "relay_gateway/messages/wire/json/json_read.hpp"
#include "relay_gateway/messages/wire/json/json_write.hpp"
#include "relay_gateway/messages/wire/json/utf8.hpp"
#include "relay_gateway/tests/wire/frames/golden.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace relay::wire {
namespace properties_test {

/// Any text that JSON can carry: arbitrary bytes, repaired to UTF-8.
std::string any_text() {
  const auto bytes = *rc::gen::container<std::string>(rc::gen::oneOf(
      rc::gen::arbitrary<char>(), rc::gen::element('"', '\\', '\n', '\0', '{', '}', '[', ']', '\x7f')));
  std::string quoted, out;
  json::append_string(quoted, bytes);
  json::document doc;
  RC_ASSERT(doc.parse(quoted));
  return std::string{json::view(doc.root())};
}
std::string some_text() {
  auto out = any_text();
  return out.empty() ? "x" : out;
}
std::string_view chomp(const std::string& frame) {
  return std::string_view{frame}.substr(0, frame.size() - 1);
}

RC_GTEST_PROP(property, strings_survive, ()) {
  const auto text = any_text();
  RC_ASSERT(is_utf8(text));
  std::string quoted;
  json::append_string(quoted, text);
  RC_ASSERT(quoted.find('\n') == std::string::npos);
  json::document doc;
  RC_ASSERT(doc.parse(quoted));
  RC_ASSERT(json::view(doc.root()) == text);
}

RC_GTEST_PROP(property, inbound_frames_survive, ()) {
  inbound_event x;
  x.text = any_text();
  x.type = static_cast<message_type>(*rc::gen::inRange(0, 9));
  for (auto* field : {&x.source.chat_id, &x.source.user_id, &x.source.user_name, &x.source.thread_id,
                      &x.source.scope_id, &x.source.profile, &x.source.chat_topic, &x.source.user_id_alt,
                      &x.message_id, &x.reply_to_message_id, &x.context_error})
    *field = any_text();
  x.source.platform = some_text();
  x.source.chat_type = some_text();
  x.source.is_bot = *rc::gen::arbitrary<bool>();
  x.reply_to = {any_text(), any_text(), *rc::gen::arbitrary<bool>(), true};
  x.media_urls = {some_text(), some_text()};
  x.media = {
      {some_text(), any_text(), any_text(), any_text(), any_text(), *rc::gen::arbitrary<std::uint64_t>()}};
  x.prompt = {some_text(), some_text(), any_text(), any_text(), true};
  const auto buffer_id = any_text();
  const auto line = encode_frame(inbound{event_ref{x}, buffer_id});
  const auto back = decode_as<inbound>(chomp(line), false);
  RC_ASSERT(back.buffer_id == buffer_id);
  auto event = *back.event;
  event.raw.clear();
  RC_ASSERT(event == x);
  // And again as it came.
  RC_ASSERT(encode_frame(back) == line);
}

RC_GTEST_PROP(property, outbound_frames_survive, ()) {
  outbound x;
  x.request_id = some_text();
  x.what = send(some_text(), any_text(), any_text());
  x.where.platform = any_text();
  x.where.bot_id = any_text();
  const auto back = decode_as<outbound>(chomp(encode_frame(x)));
  RC_ASSERT(back.request_id == x.request_id);
  RC_ASSERT(back.what == x.what);
  RC_ASSERT(back.where == x.where);
}

RC_GTEST_PROP(property, discriminators_arrive_beside_any_metadata, ()) {
  std::string metadata;
  const auto key = "k" + any_text(), value = any_text();
  json::object_writer to{metadata};
  to.foreign_key(key);
  json::append_string(metadata, value);
  to.end();
  const discriminators who{some_text(), some_text(), some_text()};
  const auto back = decode_action(encode_action(send("c", "t", "", metadata), who));
  RC_ASSERT(bool(back));
  json::document doc;
  RC_ASSERT(doc.parse(back.value.metadata));
  RC_ASSERT(json::text(doc.root(), key) == value);
  RC_ASSERT(json::text(doc.root(), "scope_id") == who.scope_id);
  RC_ASSERT(json::text(doc.root(), "guild_id") == who.scope_id);
  RC_ASSERT(json::text(doc.root(), "user_id") == who.user_id);
  RC_ASSERT(json::text(doc.root(), "profile") == who.profile);
  // A second pass changes nothing.
  RC_ASSERT(encode_action(back.value, {"other", "other", "other"}) == encode_action(back.value));
}

RC_GTEST_PROP(property, passthrough_frames_survive, (const std::string& body)) {
  passthrough_forward x;
  x.platform = any_text();
  x.method = any_text();
  x.path = any_text();
  x.body = body;
  x.headers = {{any_text(), any_text()}};
  const auto back = decode_as<passthrough_forward>(chomp(encode_frame(x)));
  RC_ASSERT(back.body == x.body);
  RC_ASSERT(back.headers == x.headers);
  RC_ASSERT(back.path == x.path);
}

RC_GTEST_PROP(property, results_survive, ()) {
  action_result x{*rc::gen::element(outcome::done, outcome::definite, outcome::unknown),
                  any_text(),
                  {},
                  some_text(),
                  "code",
                  ""};
  x.message_ids = {any_text()};
  auto back = decode_result(encode_result(x));
  back.raw.clear();
  RC_ASSERT(back == x);
}

RC_GTEST_PROP(property, base64_survives, (const std::string& bytes)) {
  std::string out;
  RC_ASSERT(base64_decode(base64_encode(bytes), out));
  RC_ASSERT(out == bytes);
  RC_ASSERT(base64url_decode(base64url_encode(bytes), out));
  RC_ASSERT(out == bytes);
}

RC_GTEST_PROP(property, whatever_base64_accepts_it_would_have_written, (const std::string& text)) {
  std::string out;
  if (base64_decode(text, out)) RC_ASSERT(base64_encode(out) == text);
  if (base64url_decode(text, out)) RC_ASSERT(base64url_encode(out) == text);
}

RC_GTEST_PROP(property, tokens_verify_only_with_their_key,
              (const std::string& key, const std::string& other)) {
  RC_PRE(!key.empty() && !other.empty() && key != other);
  const auto id = some_text();
  const auto exp = *rc::gen::inRange<std::int64_t>(1, 4'000'000'000);
  const auto token = mint_token(id, secret{key}, exp).reveal();
  std::string found;
  RC_ASSERT(verify_token(token, {secret{other}, secret{key}}, exp, found) == token_check::ok);
  RC_ASSERT(found == id);
  RC_ASSERT(verify_token(token, {secret{other}}, exp, found) == token_check::bad_signature);
}

RC_GTEST_PROP(property, any_chunking_gives_the_same_lines_F15, (const std::vector<std::uint8_t>& sizes)) {
  std::string text;
  for (const auto& x : golden_frames) text += std::string{x.line} + "\n";
  line_splitter splitter{4096};
  std::string joined;
  const auto keep = [&](std::string_view line) { joined += std::string{line} + "\n"; };
  std::string_view rest = text;
  for (std::size_t i = 0; !rest.empty(); ++i) {
    const auto n = i < sizes.size() ? std::min<std::size_t>(sizes[i], rest.size()) : rest.size();
    RC_ASSERT(splitter.feed(rest.substr(0, n), keep));
    rest.remove_prefix(n);
  }
  RC_ASSERT(joined == text);
}

RC_GTEST_PROP(property, random_bytes_never_hurt, (const std::string& bytes)) {
  decode(bytes, true);
  decode(R"({"type":"inbound","event":)" + bytes + "}", true);
  decode(R"({"type":"outbound_result","requestId":"r","result":)" + bytes + "}", true);
  decode_action(bytes);
}

} // namespace properties_test
} // namespace relay::wire
