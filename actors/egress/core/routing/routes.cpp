#include "relay_gateway/actors/egress/core/routing/routes.hpp"

#include "relay_gateway/messages/contract/op_traits.hpp"
#include "relay_gateway/messages/errors.hpp"
#include "relay_gateway/messages/wire/session_key.hpp"

namespace relay::core {

namespace {

constexpr const char* slack = "slack";

/// The chat that the action acts on; a thread may be its message.
const std::string& thread_of(const action& x) {
  return traits_of(x.kind).names_thread ? x.message_id : x.chat_id;
}

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
  const auto chat = put_chat(x, false, now);
  // It must not look as old as its last change.
  if (tracking_ && now - known_chats::at(chat.times->told_s) > bounds_.chat_age / 8) changed_.insert(x.chat);
  if (chat.newest && x.chat.platform != generic_platform && !x.chat.platform.empty())
    chats_.arrived(*chat.times, x.chat.platform);
  if (!x.delivery_id.empty()) put_turn(x, now);
  trim(now);
}

route_table::noted_chat route_table::put_chat(const route_seen& x, bool restored, instant now) {
  const auto at = chats_.place_of(x.chat);
  const bool fresh = at == known_chats::nowhere;
  noted_chat out{nullptr, true};
  if (!fresh) {
    const auto known = chats_.facts(at);
    out.newest = !is_older(x.delivery_id, known.latest);
    // Not every event of a chat says its name.
    const bool named = !x.chat_name.empty() && x.chat_name != known.name;
    const bool same =
        known.is_of(x.who) && known.parent == x.parent_chat_id && known.type == x.chat_type && !named;
    if (same || !out.newest) out.times = &chats_.renew(at, out.newest ? x.delivery_id : known.latest, now);
  }
  if (out.times == nullptr) { // what was said last counts
    auto name = x.chat_name.empty() && !fresh ? std::string{chats_.facts(at).name} : x.chat_name;
    out.times =
        &chats_.put(x.chat, {x.who, x.parent_chat_id, x.chat_type, std::move(name), x.delivery_id}, now);
    if (tracking_) changed_.insert(x.chat);
  }
  if (fresh) out.times->told_s = known_chats::seconds(now);
  out.times->restored = restored;
  return out;
}

void route_table::put_turn(const route_seen& x, instant now) {
  bool first = false;
  auto& entry = turns_.put(print(x.delivery_id), first);
  auto& turn = entry.value;
  if (!first) turn_bytes_ -= cost_of(entry);
  turns_.touch(entry);
  turn.chat = x.chat;
  turn.who = x.who;
  turn.parent = x.parent_chat_id;
  turn.thread = x.thread_id;
  turn.message = x.message_id;
  turn.type = x.chat_type;
  turn.opens_thread = x.opens_thread;
  turn.at = now;
  turn_bytes_ += cost_of(entry);
  if (x.chat.platform == slack && !x.message_id.empty() && !x.chat.chat_id.empty())
    turn_of_slack_message_[{x.chat.chat_id, x.message_id}] = entry.key();
}

void route_table::restore(const route_seen& x, instant now) {
  const auto* known = chats_.find_times(x.chat);
  if (!x.chat.chat_id.empty() && (known == nullptr || known->restored)) {
    (void)put_chat(x, true, now);
    if (x.delivery_id.empty()) changed_.erase(x.chat); // it was a change once, and is written down
    const auto last = chats_.last_platform(x.chat.chat_id);
    const auto* other = last.empty() ? nullptr : chats_.find_times({last, x.chat.chat_id});
    const bool live = other != nullptr && !other->restored; // something came in since
    if (!live && x.chat.platform != generic_platform && !x.chat.platform.empty()) chats_.arrived(x.chat);
  }
  if (!x.delivery_id.empty() && !turns_.contains(print(x.delivery_id))) put_turn(x, now);
  trim(now);
}

std::vector<route_seen> route_table::changes(instant now) {
  std::vector<route_seen> out;
  out.reserve(changed_.size());
  for (auto& key : changed_) {
    auto x = chats_.find(key);
    if (!x) continue;
    chats_.find_times(key)->told_s = known_chats::seconds(now);
    out.push_back(
        {{}, key, std::move(x->who), std::move(x->parent), {}, {}, std::move(x->type), std::move(x->name)});
  }
  changed_.clear();
  return out;
}

void route_table::forget_oldest_chat() {
  changed_.erase(chats_.oldest());
  chats_.forget_oldest();
}

void route_table::trim(instant now) {
  const auto too_many = [&] {
    return chats_.size() > bounds_.max_chats ||
           (chats_.bytes() > bounds_.max_chat_bytes && chats_.size() > 1);
  };
  while (chats_.size() > 0 && (too_many() || now - chats_.oldest_use() >= bounds_.chat_age))
    forget_oldest_chat();
  while (turns_.size() > 0 &&
         (turns_.size() > bounds_.max_turns || (turn_bytes_ > bounds_.max_turn_bytes && turns_.size() > 1) ||
          now - turns_.oldest()->value.at >= bounds_.turn_age))
    forget_oldest_turn();
}

void route_table::forget_oldest_turn() {
  auto& old = *turns_.oldest();
  auto on = turn_of_slack_message_.find({old.value.chat.chat_id, old.value.message});
  if (on != turn_of_slack_message_.end() && on->second == old.key()) turn_of_slack_message_.erase(on);
  turn_bytes_ -= cost_of(old);
  turns_.erase(old);
}

std::optional<known_chat> route_table::chat(const chat_key& key, instant now) {
  if (!chats_.use(key, now)) return std::nullopt;
  return chats_.find(key);
}

/// What a turn holds, its texts among it.
std::size_t route_table::cost_of(const turns_by_delivery::entry& entry) {
  const auto& x = entry.value;
  return turns_by_delivery::bytes_each + 2 * x.chat.chat_id.size() + x.chat.platform.size() +
         x.who.scope_id.size() + x.who.user_id.size() + x.who.profile.size() + x.parent.size() +
         x.thread.size() + 2 * x.message.size() + x.type.size() + x.opens_thread.size();
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
  const auto* known = turns_.find(print(delivery_id));
  if (known == nullptr) return out;
  const auto& turn = known->value;
  out.known = true;
  if (turn.chat.chat_id == chat_id) out.thread_id = turn.thread.empty() ? turn.opens_thread : turn.thread;
  if (!turn.type.empty() && turn.type != "dm") out.group_author = turn.who.user_id;
  return out;
}

struct route_table::answered {
  const known_turn* turn = nullptr;
  std::string platform; ///< its own, where the action goes there without naming one
  bool counts = false;  ///< the action goes out in its name
};

routing route_table::resolve(const action_request& x, instant now) {
  routing out;
  auto& act = x.act;
  auto named = x.platform == generic_platform ? std::string{} : x.platform;
  const auto* session = follow_up_of(act);
  if (session != nullptr) {
    auto prefix = session->kind.substr(0, session->kind.find('.'));
    if (named.empty() && fronts(prefix) && prefix != generic_platform) named = prefix;
  }
  // A wrong name would reach another bot's chat of the same number: refuse, never guess (F39).
  if (!named.empty() && !generic() && !fronts(named)) {
    out.code = to_string(ec::unknown_platform);
    out.error = "platform '" + named + "' is not fronted by this gateway; nothing was sent";
    return out;
  }
  const auto answers = answered_turn(x, named);
  auto platform = named.empty() ? answers.platform : named;
  auto last_seen = [&](const std::string& chat_id) { return chats_.last_platform(chat_id); };
  const auto& thread = thread_of(act);
  if (platform.empty()) platform = last_seen(act.chat_id);
  if (platform.empty()) platform = last_seen(thread);
  if (platform == generic_platform) platform.clear();
  if (answers.counts)
    out.where.who = answers.turn->who;
  else if (auto who = tenant_of(act, platform, now))
    out.where.who = std::move(*who);
  if (session != nullptr) {
    // The session decides, also where the turn is another bot's (routing 4); `main` has no name of its own.
    std::string profile;
    auto& theirs = out.where.who.profile;
    if (wire::profile_of(session->session_key, profile) && (!profile.empty() || theirs != "default"))
      theirs = profile;
  }
  out.where.platform = platform;
  if (auto* bot = platform.empty() ? nullptr : fronts(platform)) out.where.bot_id = bot->bot_id;
  const bool in_its_chat =
      answers.counts && (act.chat_id.empty() || act.chat_id == answers.turn->chat.chat_id);
  if (!traits_of(act.kind).needs_parent)
    choose_thread(act, in_its_chat ? answers.turn : nullptr, out.where, now);
  out.untagged = platform.empty() && identities_.size() > 1;
  return out;
}

route_table::answered route_table::answered_turn(const action_request& x, const std::string& named) const {
  answered out;
  const auto* known = turns_.find(print(x.delivery_id));
  if (known == nullptr) return out;
  auto& act = x.act;
  auto& t = known->value;
  auto& theirs = t.chat.platform;
  auto same_chat = act.chat_id.empty() || act.chat_id == t.chat.chat_id ||
                   (!t.parent.empty() && act.chat_id == t.parent) ||
                   (!act.message_id.empty() && act.message_id == t.chat.chat_id);
  // A chat that the turn is not about keeps its own tenant and platform, if it is known to have one.
  auto known_here = !same_chat && chats_.contains({named.empty() ? theirs : named, act.chat_id});
  auto known_on_another =
      !same_chat && !known_here && named.empty() && !chats_.last_platform(act.chat_id).empty();
  if (!known_on_another && named.empty()) out.platform = theirs;
  auto& platform = named.empty() ? out.platform : named;
  // An event that names no platform may be answered under any name.
  out.counts = !known_here && !known_on_another && (platform == theirs || theirs == generic_platform);
  out.turn = &t;
  return out;
}

/// Of an action that no turn speaks for.
std::optional<discriminators> route_table::tenant_of(const action& act, const std::string& platform,
                                                     instant now) {
  const auto& thread = thread_of(act);
  auto in = platform.empty() ? std::string{generic_platform} : platform;
  auto known = chat({in, act.chat_id}, now);
  if (!known) known = chat({in, thread}, now);
  // The tenant of a thread is its parent's (F37), whoever spoke in it last.
  if (known && (traits_of(act.kind).needs_parent || known->who.empty()) && !known->parent.empty())
    if (auto parent = chat({in, known->parent}, now)) known = std::move(parent);
  if (!known) return std::nullopt;
  return std::move(known->who);
}

const route_table::known_turn* route_table::turn_of_message(const std::string& chat_id,
                                                            const std::string& message_id) const {
  if (message_id.empty()) return nullptr;
  auto it = turn_of_slack_message_.find({chat_id, message_id});
  return it != turn_of_slack_message_.end() ? &turns_.find(it->second)->value : nullptr;
}

/// `answering`: the turn that the action answers in its own chat; null for none.
void route_table::choose_thread(const action& act, const known_turn* answering, route& where, instant now) {
  if (answering && !answering->thread.empty()) {
    where.thread_id = answering->thread;
    return;
  }
  if (where.platform != slack) return;
  auto& chat_id = answering ? answering->chat.chat_id : act.chat_id;
  auto* replied = turn_of_message(chat_id, act.reply_to);
  if (replied && !replied->thread.empty()) { // a message inside a thread is no root of one
    where.thread_id = replied->thread;
    return;
  }
  if (reply_in_thread_) {
    where.thread_id = !answering || replied || answering->message.empty() ? act.reply_to : answering->message;
    return;
  }
  auto known = answering ? std::nullopt : chat({where.platform, chat_id}, now);
  where.flat = (answering ? answering->type : known ? known->type : std::string{}) == "dm";
}

chat_facts route_table::facts(const std::string& platform, const std::string& chat_id, instant now) {
  auto known = chat({platform.empty() ? std::string{generic_platform} : platform, chat_id}, now);
  chat_facts out;
  if (known) out = {known->name, known->type};
  if (out.name.empty()) out.name = chat_id;
  if (out.type.empty()) out.type = "dm";
  return out;
}

} // namespace relay::core
