// Any event object (protocol.md 5): its session, its place, and an answer put into it.
#include "relay_gateway/actors/egress/core/reactions.hpp"
#include "relay_gateway/actors/inbound/core/prompts.hpp"
#include "relay_gateway/actors/inbound/core/session_aliases.hpp"
#include "relay_gateway/messages/wire/actions/prompts.hpp"
#include "relay_gateway/messages/wire/frames/event_codec.hpp"
#include "relay_gateway/messages/wire/frames/frames.hpp"
#include "relay_gateway/messages/wire/session_key.hpp"
#include "relay_gateway/tests/fuzz/fuzz.hpp"

#include <algorithm>

namespace relay::fuzz {
namespace events_target {

using namespace wire;

bool has_colon(const event_source& x) {
  const std::string* parts[] = {&x.profile, &x.platform,    &x.chat_type, &x.chat_id,
                                &x.user_id, &x.user_id_alt, &x.thread_id, &x.prospective_thread_id};
  return std::any_of(std::begin(parts), std::end(parts),
                     [](const std::string* s) { return s->find(':') != std::string::npos; });
}

void sessions(const inbound_event& x) {
  for (const bool per_user : {false, true})
    for (const bool per_thread_user : {false, true}) {
      const session_rules rules{per_user, per_thread_user};
      const auto key = session_key(x.source, rules);
      require(key.starts_with("agent:"), "a key has its name space");
      require(has_colon(x.source) || key.find("::") == std::string::npos, "a key has no empty part");
      // A profile of its own never shares the default's sessions (F56).
      auto other = x.source;
      other.profile = "main";
      auto plain = x.source;
      plain.profile.clear();
      require(session_key(other, rules) != session_key(plain, rules), "main is a profile like others (F56)");
    }
}

void run(std::string_view input) {
  inbound_event x;
  std::string why;
  if (!decode_event(input, x, why)) {
    require_line(why);
    return;
  }
  require_json(x.raw);
  require(!x.source.platform.empty() && !x.source.chat_type.empty(), "an event has a place");
  const auto& context = x.channel_context;
  require(context.empty() || context.starts_with("[Recent channel messages]\n"),
          "a context has its headline");
  require(context.find('\r') == std::string::npos, "an entry of the context is one line");
  for (const auto& item : x.media) require(!item.url.empty(), "an attachment has a URL (F67)");
  sessions(x);

  const auto answered = with_answer(x, {"n0.1", "yes", "Yes", "m-1", true});
  require_json(answered.raw);
  inbound_event again;
  require(decode_event(answered.raw, again, why), "an answered event can be read");
  require(again.prompt == answered.prompt && again.text == x.text && again.source == x.source &&
              again.media == x.media && again.channel_context == x.channel_context,
          "an answer changes nothing else");

  core::session_aliases session_aliases{4};
  session_aliases.learn(x.source);
  auto keyed = session_aliases.keyed(x);
  require(keyed.platform == x.source.platform && keyed.user_id == x.source.user_id,
          "a place changes no person");
  auto interaction = x;
  interaction.interaction = true;
  keyed = session_aliases.keyed(interaction);
  require(session_key(keyed, {}).starts_with("agent:"), "every event has a session");
  core::carries_reactions(x);

  core::prompts history{"n0", {}};
  history.open({"n0.1", x.chat(), {{"yes", "Yes"}, {"no", "No"}}, 0}, core::instant{});
  history.shown({"n0.1", prompt_face::numbers});
  if (history.concerns(x)) {
    const auto heard = history.hear(x, core::instant{});
    require(!heard.response.present || heard.response.prompt_id == "n0.1", "an answer is to what was asked");
    require(!history.concerns(x) || !history.hear(x, core::instant{}).response.present,
            "a prompt is answered once (F58)");
  }
}

const registration self{"events", run};

} // namespace events_target
} // namespace relay::fuzz
