#include "actors/core/routes.hpp"

#include "messages/errors.hpp"

namespace relay::core {

void route_table::seen(const route_seen& x) {
  auto [it, fresh] = chats_.try_emplace(x.chat);
  if (fresh) {
    it->second.age = chat_ages_.insert(chat_ages_.end(), x.chat);
  } else {
    chat_ages_.splice(chat_ages_.end(), chat_ages_, it->second.age);
  }
  it->second.who = x.who;
  it->second.parent = x.parent_chat_id;
  if (x.chat.platform != generic_platform && !x.chat.platform.empty())
    last_platform_[x.chat.chat_id] = x.chat.platform;
  while (chats_.size() > max_) {
    auto& old = chat_ages_.front();
    auto last = last_platform_.find(old.chat_id);
    if (last != last_platform_.end() && last->second == old.platform) last_platform_.erase(last);
    chats_.erase(old);
    chat_ages_.pop_front();
  }
  if (x.delivery_id.empty()) return;
  auto [turn, first] = turns_.try_emplace(x.delivery_id);
  if (first) {
    turn->second.age = turn_ages_.insert(turn_ages_.end(), x.delivery_id);
  }
  turn->second.chat = x.chat;
  turn->second.who = x.who;
  turn->second.parent = x.parent_chat_id;
  while (turns_.size() > max_turns_) {
    turns_.erase(turn_ages_.front());
    turn_ages_.pop_front();
  }
}

const route_table::chat_entry* route_table::chat(const chat_key& key) {
  auto it = chats_.find(key);
  if (it == chats_.end()) return nullptr;
  chat_ages_.splice(chat_ages_.end(), chat_ages_, it->second.age);
  return &it->second;
}

const identity* route_table::fronts(const std::string& platform) const {
  for (auto& x : identities_)
    if (x.platform == platform) return &x;
  return nullptr;
}

bool route_table::generic() const {
  return identities_.empty() || (identities_.size() == 1 && identities_.front().platform == generic_platform);
}

routing route_table::resolve(const action_request& x) {
  routing out;
  auto& act = x.act;
  auto named = x.platform == generic_platform ? std::string{} : x.platform;
  if (act.kind == op::follow_up) {
    auto prefix = act.follow_up_kind.substr(0, act.follow_up_kind.find('.'));
    if (named.empty() && fronts(prefix) && prefix != generic_platform) named = prefix;
  }
  // A wrong name would reach another bot's chat of the same number: refuse, never guess (F39).
  if (!named.empty() && !generic() && !fronts(named)) {
    out.code = to_string(ec::unknown_platform);
    out.error = "platform '" + named + "' is not fronted by this gateway; nothing was sent";
    return out;
  }
  auto platform = named;
  const discriminators* who = nullptr;
  if (auto turn = turns_.find(x.delivery_id); turn != turns_.end()) {
    auto& t = turn->second;
    auto& theirs = t.chat.platform;
    auto same_chat = act.chat_id.empty() || act.chat_id == t.chat.chat_id ||
                     (!t.parent.empty() && act.chat_id == t.parent) ||
                     (!act.message_id.empty() && act.message_id == t.chat.chat_id);
    // A chat that the turn is not about keeps its own tenant and platform, if it is known to have one.
    auto known_here = !same_chat && chats_.count({named.empty() ? theirs : named, act.chat_id}) > 0;
    auto known_elsewhere =
        !same_chat && !known_here && named.empty() && last_platform_.count(act.chat_id) > 0;
    if (!known_elsewhere && platform.empty()) platform = theirs;
    // An event that names no platform may be answered under any name.
    if (!known_here && !known_elsewhere && (platform == theirs || theirs == generic_platform)) who = &t.who;
  }
  auto last_seen = [&](const std::string& chat_id) {
    auto last = last_platform_.find(chat_id);
    return last != last_platform_.end() ? last->second : std::string{};
  };
  // A thread action names the thread as its message.
  auto& thread = act.kind == op::thread_rename ? act.message_id : act.chat_id;
  if (platform.empty()) platform = last_seen(act.chat_id);
  if (platform.empty()) platform = last_seen(thread);
  if (platform == generic_platform) platform.clear();
  if (!who) {
    auto in = platform.empty() ? std::string{generic_platform} : platform;
    auto* known = chat({in, act.chat_id});
    if (!known) known = chat({in, thread});
    // The tenant of a thread is its parent's (F37).
    if (known && known->who.empty() && !known->parent.empty())
      if (auto* parent = chat({in, known->parent})) known = parent;
    if (known) who = &known->who;
  }
  if (who) out.where.who = *who;
  out.where.platform = platform;
  if (auto* bot = platform.empty() ? nullptr : fronts(platform)) out.where.bot_id = bot->bot_id;
  out.untagged = platform.empty() && identities_.size() > 1;
  return out;
}

} // namespace relay::core
