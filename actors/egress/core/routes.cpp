#include "relay_gateway/actors/egress/core/routes.hpp"

#include "relay_gateway/messages/errors.hpp"
#include "relay_gateway/messages/wire/session_key.hpp"

namespace relay::core {

namespace {

constexpr const char* slack = "slack";

/// They name their thread as a message or make one: where they go is their parent chat (F37).
bool acts_on_thread(op x) { return x == op::thread_rename || x == op::thread_create; }

/// Whether this delivery is of an older event than `latest`: it is given out again, or was held up in its
/// session. Names of two instances do not compare.
bool is_older(std::string_view delivery, std::string_view latest) {
  const auto at = delivery.rfind('-'), end = latest.rfind('-');
  if (at == std::string_view::npos || at != end || delivery.substr(0, at) != latest.substr(0, at))
    return false;
  return delivery.size() != latest.size() ? delivery.size() < latest.size() : delivery < latest;
}

} // namespace

void route_table::seen(const route_seen& x, instant now) {
  if (x.chat.chat_id.empty()) { // those who have no chat have none in common: one's tenant is not another's
    if (!x.delivery_id.empty()) put_turn(x, now);
    trim(now);
    return;
  }
  auto& chat = put_chat(x, now);
  chat.restored = false;
  // It must not look as old as its last change.
  if (tracking_ && now - chat.told > bounds_.chat_age / 8) changed_.insert(x.chat);
  const bool newest = chat.latest == x.delivery_id;
  if (newest && x.chat.platform != generic_platform && !x.chat.platform.empty()) {
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
  if (is_older(x.delivery_id, chat.latest)) return chat; // what was said last still counts
  chat.latest = x.delivery_id;
  // Not every event of a chat says its name.
  const bool named = !x.chat_name.empty() && x.chat_name != chat.name;
  if (fresh || chat.who != x.who || chat.parent != x.parent_chat_id || chat.type != x.chat_type || named) {
    chat.who = x.who;
    chat.parent = x.parent_chat_id;
    chat.type = x.chat_type;
    if (named) chat.name = x.chat_name;
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
  turn.thread = x.thread_id;
  turn.message = x.message_id;
  turn.type = x.chat_type;
  turn.opens_thread = x.opens_thread;
  turn.at = now;
  if (x.chat.platform == slack && !x.message_id.empty() && !x.chat.chat_id.empty())
    turn_of_slack_message_[{x.chat.chat_id, x.message_id}] = x.delivery_id;
}

void route_table::restore(const route_seen& x, instant now) {
  auto known = chats_.find(x.chat);
  if (!x.chat.chat_id.empty() && (known == chats_.end() || known->second.restored)) {
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
    out.push_back({{}, key, x.who, x.parent, {}, {}, x.type, x.name});
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
         (turns_.size() > bounds_.max_turns || now - turns_.at(turn_ages_.front()).at >= bounds_.turn_age))
    forget_oldest_turn();
}

void route_table::forget_oldest_turn() {
  auto old = turns_.find(turn_ages_.front());
  auto on = turn_of_slack_message_.find({old->second.chat.chat_id, old->second.message});
  if (on != turn_of_slack_message_.end() && on->second == old->first) turn_of_slack_message_.erase(on);
  turns_.erase(old);
  turn_ages_.pop_front();
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

turn_place route_table::place_of(const std::string& delivery_id, const std::string& chat_id) const {
  turn_place out;
  const auto it = turns_.find(delivery_id);
  if (it == turns_.end()) return out;
  auto& turn = it->second;
  if (turn.chat.chat_id == chat_id) out.thread_id = turn.thread.empty() ? turn.opens_thread : turn.thread;
  if (!turn.type.empty() && turn.type != "dm") out.group_author = turn.who.user_id;
  return out;
}

struct route_table::answered {
  const turn_entry* entry = nullptr;
  std::string platform; ///< its own, where the action goes there without naming one
  bool counts = false;  ///< the action goes out in its name
};

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
  const auto turn = answered_turn(x, named);
  auto platform = named.empty() ? turn.platform : named;
  auto last_seen = [&](const std::string& chat_id) {
    auto last = last_platform_.find(chat_id);
    return last != last_platform_.end() ? last->second : std::string{};
  };
  // A thread action names the thread as its message.
  auto& thread = act.kind == op::thread_rename ? act.message_id : act.chat_id;
  if (platform.empty()) platform = last_seen(act.chat_id);
  if (platform.empty()) platform = last_seen(thread);
  if (platform == generic_platform) platform.clear();
  if (auto* who = turn.counts ? &turn.entry->who : tenant_of(act, platform, now)) out.where.who = *who;
  if (act.kind == op::follow_up) {
    // The session decides, also where the turn is another bot's (routing 4); `main` has no name of its own.
    std::string profile;
    auto& theirs = out.where.who.profile;
    if (wire::profile_of(act.session_key, profile) && (!profile.empty() || theirs != "default"))
      theirs = profile;
  }
  out.where.platform = platform;
  if (auto* bot = platform.empty() ? nullptr : fronts(platform)) out.where.bot_id = bot->bot_id;
  const bool in_its_chat = turn.counts && (act.chat_id.empty() || act.chat_id == turn.entry->chat.chat_id);
  if (!acts_on_thread(act.kind)) choose_thread(act, in_its_chat ? turn.entry : nullptr, out.where, now);
  out.untagged = platform.empty() && identities_.size() > 1;
  return out;
}

route_table::answered route_table::answered_turn(const action_request& x, const std::string& named) const {
  answered out;
  const auto it = turns_.find(x.delivery_id);
  if (it == turns_.end()) return out;
  auto& act = x.act;
  auto& t = it->second;
  auto& theirs = t.chat.platform;
  auto same_chat = act.chat_id.empty() || act.chat_id == t.chat.chat_id ||
                   (!t.parent.empty() && act.chat_id == t.parent) ||
                   (!act.message_id.empty() && act.message_id == t.chat.chat_id);
  // A chat that the turn is not about keeps its own tenant and platform, if it is known to have one.
  auto known_here = !same_chat && chats_.count({named.empty() ? theirs : named, act.chat_id}) > 0;
  auto known_elsewhere = !same_chat && !known_here && named.empty() && last_platform_.count(act.chat_id) > 0;
  if (!known_elsewhere && named.empty()) out.platform = theirs;
  auto& platform = named.empty() ? out.platform : named;
  // An event that names no platform may be answered under any name.
  out.counts = !known_here && !known_elsewhere && (platform == theirs || theirs == generic_platform);
  out.entry = &t;
  return out;
}

/// Of an action that no turn speaks for.
const discriminators* route_table::tenant_of(const action& act, const std::string& platform, instant now) {
  auto& thread = act.kind == op::thread_rename ? act.message_id : act.chat_id;
  auto in = platform.empty() ? std::string{generic_platform} : platform;
  auto* known = chat({in, act.chat_id}, now);
  if (!known) known = chat({in, thread}, now);
  // The tenant of a thread is its parent's (F37), whoever spoke in it last.
  if (known && (acts_on_thread(act.kind) || known->who.empty()) && !known->parent.empty())
    if (auto* parent = chat({in, known->parent}, now)) known = parent;
  return known ? &known->who : nullptr;
}

const route_table::turn_entry* route_table::turn_of_message(const std::string& chat_id,
                                                            const std::string& message_id) const {
  if (message_id.empty()) return nullptr;
  auto it = turn_of_slack_message_.find({chat_id, message_id});
  return it != turn_of_slack_message_.end() ? &turns_.at(it->second) : nullptr;
}

/// `turn`: the one that the action answers in its own chat; null for none.
void route_table::choose_thread(const action& act, const turn_entry* turn, route& where, instant now) {
  if (turn && !turn->thread.empty()) {
    where.thread_id = turn->thread;
    return;
  }
  if (where.platform != slack) return;
  auto& chat_id = turn ? turn->chat.chat_id : act.chat_id;
  auto* replied = turn_of_message(chat_id, act.reply_to);
  if (replied && !replied->thread.empty()) { // a message inside a thread is no root of one
    where.thread_id = replied->thread;
    return;
  }
  if (reply_in_thread_) {
    where.thread_id = !turn || replied || turn->message.empty() ? act.reply_to : turn->message;
    return;
  }
  auto* known = turn ? nullptr : chat({where.platform, chat_id}, now);
  where.flat = (turn ? turn->type : known ? known->type : std::string{}) == "dm";
}

chat_facts route_table::facts(const std::string& platform, const std::string& chat_id, instant now) {
  auto* known = chat({platform.empty() ? std::string{generic_platform} : platform, chat_id}, now);
  chat_facts out;
  if (known) out = {known->name, known->type};
  if (out.name.empty()) out.name = chat_id;
  if (out.type.empty()) out.type = "dm";
  return out;
}

} // namespace relay::core
