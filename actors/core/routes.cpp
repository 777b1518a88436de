#include "actors/core/routes.hpp"

#include "messages/errors.hpp"

namespace relay::core {

void route_table::seen(const route_seen& x, instant now) {
  auto& chat = put_chat(x, now);
  chat.restored = false;
  // It must not look as old as its last change.
  if (tracking_ && now - chat.told > bounds_.chat_age / 8) changed_.insert(x.chat);
  if (x.chat.platform != generic_platform && !x.chat.platform.empty()) {
    auto& last = last_platform_[x.chat.chat_id];
    if (last != x.chat.platform) last = x.chat.platform;
  }
  if (!x.delivery_id.empty()) put_turn(x, now);
  trim(now);
}

route_table::chat_entry& route_table::put_chat(const route_seen& x, instant now) {
  auto [it, fresh] = chats_.try_emplace(x.chat);
  auto& chat = it->second;
  if (fresh) {
    chat.age = chat_ages_.insert(chat_ages_.end(), x.chat);
    chat.told = now;
  } else {
    chat_ages_.splice(chat_ages_.end(), chat_ages_, chat.age);
  }
  chat.used = now;
  if (fresh || chat.who != x.who || chat.parent != x.parent_chat_id) {
    chat.who = x.who;
    chat.parent = x.parent_chat_id;
    if (tracking_) changed_.insert(x.chat);
  }
  return chat;
}

void route_table::put_turn(const route_seen& x, instant now) {
  auto [it, first] = turns_.try_emplace(x.delivery_id);
  auto& turn = it->second;
  if (first)
    turn.age = turn_ages_.insert(turn_ages_.end(), x.delivery_id);
  else
    turn_ages_.splice(turn_ages_.end(), turn_ages_, turn.age);
  turn.chat = x.chat;
  turn.who = x.who;
  turn.parent = x.parent_chat_id;
  turn.at = now;
}

void route_table::restore(const route_seen& x, instant now) {
  auto known = chats_.find(x.chat);
  if (known == chats_.end() || known->second.restored) {
    put_chat(x, now).restored = true;
    if (x.delivery_id.empty()) changed_.erase(x.chat); // it was a change once, and is written down
    auto last = last_platform_.find(x.chat.chat_id);
    auto live = false; // something came in since
    if (last != last_platform_.end()) {
      auto other = chats_.find({last->second, x.chat.chat_id});
      live = other != chats_.end() && !other->second.restored;
    }
    if (!live && x.chat.platform != generic_platform && !x.chat.platform.empty())
      last_platform_[x.chat.chat_id] = x.chat.platform;
  }
  if (!x.delivery_id.empty() && turns_.count(x.delivery_id) == 0) put_turn(x, now);
  trim(now);
}

std::vector<route_seen> route_table::changes(instant now) {
  std::vector<route_seen> out;
  out.reserve(changed_.size());
  for (auto& key : changed_) {
    auto& x = chats_.at(key);
    x.told = now;
    out.push_back({{}, key, x.who, x.parent});
  }
  changed_.clear();
  return out;
}

void route_table::forget_oldest_chat() {
  auto& old = chat_ages_.front();
  auto last = last_platform_.find(old.chat_id);
  if (last != last_platform_.end() && last->second == old.platform) last_platform_.erase(last);
  changed_.erase(old);
  chats_.erase(old);
  chat_ages_.pop_front();
}

void route_table::trim(instant now) {
  while (!chat_ages_.empty() &&
         (chats_.size() > bounds_.max_chats || now - chats_.at(chat_ages_.front()).used >= bounds_.chat_age))
    forget_oldest_chat();
  while (!turn_ages_.empty() &&
         (turns_.size() > bounds_.max_turns || now - turns_.at(turn_ages_.front()).at >= bounds_.turn_age)) {
    turns_.erase(turn_ages_.front());
    turn_ages_.pop_front();
  }
}

const route_table::chat_entry* route_table::chat(const chat_key& key, instant now) {
  auto it = chats_.find(key);
  if (it == chats_.end()) return nullptr;
  it->second.used = now;
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

routing route_table::resolve(const action_request& x, instant now) {
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
    auto* known = chat({in, act.chat_id}, now);
    if (!known) known = chat({in, thread}, now);
    // The tenant of a thread is its parent's (F37), whoever spoke in it last.
    const bool of_thread = act.kind == op::thread_rename || act.kind == op::thread_create;
    if (known && (of_thread || known->who.empty()) && !known->parent.empty())
      if (auto* parent = chat({in, known->parent}, now)) known = parent;
    if (known) who = &known->who;
  }
  if (who) out.where.who = *who;
  out.where.platform = platform;
  if (auto* bot = platform.empty() ? nullptr : fronts(platform)) out.where.bot_id = bot->bot_id;
  out.untagged = platform.empty() && identities_.size() > 1;
  return out;
}

} // namespace relay::core
