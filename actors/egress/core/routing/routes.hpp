// Where an action goes (protocol.md 6, routing 1, 2, 4, 5 and 6): by the turn that it answers, else by its
// chat.
#pragma once

#include "relay_gateway/actors/core/clock.hpp"
#include "relay_gateway/actors/core/fingerprint_map.hpp"
#include "relay_gateway/actors/egress/core/routing/known_chats.hpp"
#include "relay_gateway/messages/control.hpp"
#include "relay_gateway/messages/flow.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace relay::core {

/// The route of an action, or why it has none.
struct routing {
  route where;
  std::string code, error; ///< set = refused: nothing is sent
  bool untagged = false;   ///< several platforms are fronted and none is known for this chat (F74)
  explicit operator bool() const { return error.empty(); }
};

/// What a prompt takes from the delivery that it answers.
struct turn_place {
  std::string thread_id;    ///< of its session; empty = none
  std::string group_author; ///< who wrote it; empty = unknown, or no group
  bool known = false;       ///< whether the turn is known; otherwise both are empty
};

struct route_bounds {
  std::size_t max_chats = 1, max_turns = 1;
  milliseconds chat_age{720 * 3'600'000LL}; ///< a chat that was not used for so long is forgotten
  milliseconds turn_age{24 * 3'600'000LL};  ///< a turn of this age is forgotten
  std::size_t max_chat_bytes = 128UL << 20, max_turn_bytes = 32UL << 20;
  fingerprint_key secret{}; ///< of the deliveries that turns are known by
};

/// What is known of a chat from its events.
struct chat_facts {
  std::string name, type;
};

/// Remembers how chats and open turns are answered. Bounded by number, bytes and age: the least recently used
/// goes first.
class route_table {
public:
  explicit route_table(const route_bounds& x) : bounds_(x) {
    if (bounds_.max_chats < 1) bounds_.max_chats = 1;
    if (bounds_.max_turns < 1) bounds_.max_turns = 1;
  }

  void fronted(std::vector<identity> all) { identities_ = std::move(all); }
  /// Whether what answers a top-level message on Slack goes into that message's thread (routing 5).
  void slack_threads(bool reply_in_thread) { reply_in_thread_ = reply_in_thread; }
  /// From now on changes() tells which chats are to be written down.
  void track() { tracking_ = true; }
  /// An event came: its turn and its chat are answered like this from now on.
  void seen(const route_seen& x, instant now);
  /// What was known before: of chats, as changes() told it, then of turns, each oldest first. What came in
  /// since then counts more.
  void restore(const route_seen& x, instant now);
  /// The routes of chats that changed, or were not told for long, since the last call.
  std::vector<route_seen> changes(instant now);
  bool changed() const { return !changed_.empty(); }
  /// Decides the tags of an action. Does not look at descriptors.
  routing resolve(const action_request& x, instant now);
  /// What get_chat_info says of a chat whose platform does not offer it (routing 3). `platform` empty: the
  /// connector's session default.
  chat_facts facts(const std::string& platform, const std::string& chat_id, instant now);
  /// Of a turn that is known; `chat_id`: where the action goes, for a thread belongs to its chat.
  turn_place place_of(const std::string& delivery_id, const std::string& chat_id) const;
  /// Whether actions may be tagged with this platform at all.
  bool serves(const std::string& platform) const {
    return platform.empty() || generic() || fronts(platform) != nullptr;
  }
  std::size_t chats() const { return chats_.size(); }
  std::size_t turns() const { return turns_.size(); }
  std::size_t chat_bytes() const { return chats_.bytes(); }
  std::size_t turn_bytes() const { return turn_bytes_; }

private:
  struct known_turn {
    chat_key chat;
    discriminators who;
    std::string parent, thread, message, type;
    std::string opens_thread;
    instant at{};
  };
  using turns_by_delivery = fingerprint_map<known_turn>;
  fingerprint print(const std::string& delivery_id) const {
    return fingerprint_of(delivery_id, bounds_.secret);
  }
  std::optional<known_chat> chat(const chat_key& key, instant now);
  struct noted_chat {
    known_chats::times* times; ///< valid until another chat is forgotten
    bool newest;               ///< nothing newer is known of it
  };
  noted_chat put_chat(const route_seen& x, bool restored, instant now);
  static std::size_t cost_of(const turns_by_delivery::entry& x);
  void put_turn(const route_seen& x, instant now);
  void trim(instant now);
  void forget_oldest_chat();
  void forget_oldest_turn();
  struct answered; ///< the turn that an action answers, as far as it counts
  answered answered_turn(const action_request& x, const std::string& named) const;
  std::optional<discriminators> tenant_of(const action& act, const std::string& platform, instant now);
  void choose_thread(const action& act, const known_turn* answering, route& where, instant now);
  const known_turn* turn_of_message(const std::string& chat_id, const std::string& message_id) const;
  const identity* fronts(const std::string& platform) const;
  bool generic() const;

  route_bounds bounds_;
  bool tracking_ = false, reply_in_thread_ = true;
  std::vector<identity> identities_;
  known_chats chats_;
  std::size_t turn_bytes_ = 0;
  turns_by_delivery turns_;
  /// Slack only: by chat and message, the newest turn on that message.
  std::unordered_map<chat_key, fingerprint> turn_of_slack_message_;
  std::unordered_set<chat_key> changed_; ///< of chats that are known
};

} // namespace relay::core
