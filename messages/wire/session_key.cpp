#include "relay_gateway/messages/wire/session_key.hpp"

namespace relay::wire {

namespace {
std::string name_space(const std::string& profile) {
  if (profile.empty() || profile == "default") return "agent:main";
  // A profile that is named like the default's namespace must not share its sessions (F56).
  if (profile == "main") return "agent:main~";
  return "agent:" + profile;
}
} // namespace

std::string session_key(const event_source& from, const session_rules& rules, std::string_view message_id) {
  std::string key;
  constexpr std::size_t around = 32; // the namespace of a default profile, the type and the separators
  key.reserve(around + from.profile.size() + from.platform.size() + from.chat_id.size() +
              from.thread_id.size() + from.user_id.size());
  key += name_space(from.profile);
  const auto part = [&key](std::string_view x) {
    if (x.empty()) return;
    key += ':';
    key += x;
  };
  const auto& participant = from.user_id_alt.empty() ? from.user_id : from.user_id_alt;
  const bool slack = from.platform == "slack";
  const bool dm = from.chat_type == "dm";
  const bool prospective = !dm && from.thread_id.empty() && !from.prospective_thread_id.empty();
  std::string_view thread = prospective ? from.prospective_thread_id : from.thread_id;
  if (thread.empty() && slack && rules.slack_message_threads) thread = message_id;
  part(from.platform);
  part(prospective ? "thread" : from.chat_type);
  if (slack) part(from.scope_id); // two workspaces may have one chat id
  if (dm) {
    part(from.chat_id.empty() ? participant : from.chat_id);
    part(thread);
    return key;
  }
  part(from.chat_id);
  part(thread);
  if (rules.group_sessions_per_user && (thread.empty() || rules.thread_sessions_per_user)) part(participant);
  return key;
}

std::string_view session_message(const inbound_event& x) {
  if (x.prompt.present && x.text.empty()) return {};
  return x.message_id.empty() ? x.source.message_id : x.message_id;
}

bool profile_of(std::string_view session_key, std::string& profile) {
  constexpr std::string_view prefix = "agent:";
  if (!session_key.starts_with(prefix)) return false;
  auto name = session_key.substr(prefix.size());
  name = name.substr(0, name.find(':'));
  if (name.empty()) return false;
  profile = name == "main" ? std::string_view{} : name == "main~" ? std::string_view{"main"} : name;
  return true;
}

std::string chat_type_of(const event_source& from, std::string_view session_key) {
  if (from.chat_type != "dm") return from.chat_type;
  const auto space = name_space(from.profile);
  auto rest = session_key;
  for (const std::string_view part : {std::string_view{space}, std::string_view{from.platform}}) {
    if (!rest.starts_with(part) || !rest.substr(part.size()).starts_with(':')) return from.chat_type;
    rest.remove_prefix(part.size() + 1);
  }
  return std::string{rest.substr(0, rest.find(':'))};
}

} // namespace relay::wire
