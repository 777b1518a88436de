// What stands in the state directory as text (messages/wire/records.hpp): a damaged file is read without
// harm, and what is written is read back as it was.
#include "relay_gateway/messages/wire/records.hpp"

#include "relay_gateway/messages/wire/actions/actions.hpp"
#include "relay_gateway/messages/wire/frames/frames.hpp"
#include "relay_gateway/tests/fuzz/fuzz.hpp"

namespace relay::fuzz {
namespace records_target {

using namespace wire;

template <class T>
void kept(const T& x) {
  std::string text;
  append_kept(text, x);
  require_json(text);
  T again;
  require(read_kept(text, again) && again == x, "what is kept comes back as it was");
}
void kept(const action_request& what, const route& where) {
  std::string text;
  append_kept(text, what, where);
  require_json(text);
  action_request again;
  route there;
  require(read_kept(text, again, there) && again == what && there == where, "an action comes back as it was");
}
void kept_event(const inbound_event& x) {
  std::string room, why;
  inbound_event again;
  require(read_kept_event(text_of(x, room), marks_of(x), again, why), "an event can be read back");
  auto same = x;
  if (x.raw.empty()) same.channel_context = again.channel_context; // is read off the raw text only
  require(again == same, "an event comes back as it was");
}

void damaged(std::string_view text) {
  std::vector<std::string> keys;
  if (read_kept(text, keys)) kept(keys);
  action_request what;
  route where;
  if (read_kept(text, what, where)) kept(what, where);
  action_result result;
  if (read_kept(text, result)) kept(result);
  prompt_opened prompt;
  if (read_kept(text, prompt)) kept(prompt);
  for (const std::uint8_t marks : {0, 3, 7, 255}) {
    inbound_event event;
    std::string why;
    if (read_kept_event(text, marks, event, why))
      kept_event(event);
    else
      require_line(why);
  }
}

void run(std::string_view text) {
  damaged(text);
  inbound_event event;
  std::string why;
  if (decode_event(text, event, why)) kept_event(event);
  if (auto read = decode_action(text))
    kept({"r", "discord", "d1-7", std::move(read.value), true}, {"discord", "7", {"g", "u", "p"}});
  kept(decode_result(text));
}

const registration self{"records", run};

} // namespace records_target
} // namespace relay::fuzz
