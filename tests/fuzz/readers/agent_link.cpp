// Any line that an agent may send (agent-link.md), and what the gateway says with the same words in it.
#include "relay_gateway/messages/wire/frames/agent_link.hpp"

#include "relay_gateway/messages/wire/actions/actions.hpp"
#include "relay_gateway/messages/wire/actions/commands.hpp"
#include "relay_gateway/messages/wire/json/json_read.hpp"
#include "relay_gateway/tests/fuzz/fuzz.hpp"

namespace relay::fuzz {
namespace agent_link_target {

using namespace wire;

void look_at(const agent_hello& x) {
  require(x.commands.size() <= most_commands, "a manifest has a bound");
  for (const auto& fault : x.faults) require_line(fault);
  for (const auto& command : x.commands) require(fault_of(command).empty(), "only good commands are taken");
  const auto text = encode_commands(x.commands);
  require(text.empty() == x.commands.empty(), "no command, no manifest");
  if (text.empty()) return;
  require_json(text);
  std::vector<command_spec> again;
  std::vector<std::string> faults;
  decode_commands(text, again, faults);
  require(faults.empty() && again == x.commands, "a manifest survives");
}
void look_at(const bad_agent_frame& x) {
  require_line(x.what);
  std::string out;
  encode_error(out, x.what, x.request_id);
  require_frame(out);
}
void look_at(const agent_action& x) {
  require(check(x.request.act).empty(), "what was accepted is valid");
  require_json(encode_action(x.request.act));
}
void look_at(const agent_ack& x) { require(!x.delivery_id.empty(), "an ack names its delivery"); }
void look_at(const agent_interrupt& x) { require(!x.session_key.empty(), "an interrupt names its session"); }

/// Whatever bytes end up in a field, an agent gets frames that it can read.
void say(std::string_view text) {
  std::string out;
  encode_error(out, text, text);
  require_frame(out);
  out.clear();
  encode_interrupt(out, text, text);
  require_frame(out);
  out.clear();
  action_outcome told;
  told.request_id = text;
  told.result = action_result::failed(std::string{text}, std::string{text});
  encode_outcome(out, told);
  require_frame(out);
  out.clear();
  descriptor what;
  what.platform = what.label = what.emoji = text;
  what.supported_ops = {std::string{text}};
  encode_ready(out, text, {what});
  require_frame(out);
  out.clear();
  inbound_event event;
  event.text = event.message_id = event.source.user_name = event.channel_context = text;
  event.media.push_back({std::string{text}, std::string{text}, "", "", "", 7});
  encode_delivery(out,
                  {std::string{text},
                   std::string{text},
                   event_ref{event},
                   false,
                   {{std::string{text}, std::string{text}, ""}}},
                  true);
  require_frame(out);
}

void run(std::string_view line) {
  const auto decoded = decode_agent_frame(line);
  std::visit([](const auto& x) { look_at(x); }, decoded);
  agent_hello first;
  bool more = false;
  if (decode_first_frame(line, first, more)) {
    look_at(first);
    if (const auto* hello = std::get_if<agent_hello>(&decoded))
      require(!more && hello->commands == first.commands && hello->faults == first.faults &&
                  hello->media_paths == first.media_paths,
              "a first hello is a hello");
    require(!more || !std::holds_alternative<agent_hello>(decoded), "a hello says nothing besides");
  }
  say(line.substr(0, 2000));
}

const registration self{"agent_link", run};

} // namespace agent_link_target
} // namespace relay::fuzz
