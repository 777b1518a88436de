#include "messages/wire/session_key.hpp"

namespace relay::wire {

namespace {
std::string name_space(const std::string& profile) {
  if (profile.empty() || profile == "default") return "agent:main";
  // A profile that is named like the default's namespace must not share its sessions (F56).
  if (profile == "main") return "agent:main~";
  return "agent:" + profile;
}
} // namespace

std::string session_key(const event_source& from, const session_rules& rules) {
  auto key = name_space(from.profile);
  const auto part = [&key](const std::string& x) {
    if (x.empty()) return;
    key += ':';
    key += x;
  };
  const auto& participant = from.user_id_alt.empty() ? from.user_id : from.user_id_alt;
  part(from.platform);
  if (from.chat_type == "dm") {
    part("dm");
    part(from.chat_id.empty() ? participant : from.chat_id);
    part(from.thread_id);
    return key;
  }
  const bool prospective = from.thread_id.empty() && !from.prospective_thread_id.empty();
  const auto& thread = prospective ? from.prospective_thread_id : from.thread_id;
  part(prospective ? "thread" : from.chat_type);
  part(from.chat_id);
  part(thread);
  if (rules.group_sessions_per_user && (thread.empty() || rules.thread_sessions_per_user)) part(participant);
  return key;
}

} // namespace relay::wire
