// What was seen of every event and every action, in one place for all rules.
#pragma once

#include "relay_gateway/tests/sim/base/observer.hpp"
#include "relay_gateway/tests/sim/models/facts.hpp"
#include "relay_gateway/tests/sim/models/plan.hpp"
#include "relay_gateway/tests/sim/ports/process.hpp"

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace relay::sim {

/// An event given to an agent.
struct given {
  std::string delivery_id, session;
  std::uint64_t peer = 0, age = 0, out_age = 0;
  usec at{0};
  bool redelivered = false, acked = false;
};
/// An event line that the gateway read.
struct event_seen {
  usec at{0};
  std::uint64_t socket = 0, age = 0, number = 0; ///< number: counts all reads of a run
  std::string buffer_id;
};
struct event_record {
  told_event what;
  std::vector<std::string> buffer_ids;
  std::vector<event_seen> reads;
  std::vector<given> deliveries;
  bool set_aside = false;                ///< the gateway says so
  bool retried = false, dropped = false; ///< an operator wanted it, or had it so, of what was set aside
  usec retried_at{0};                    ///< done then; 0 = not
  std::string retried_as{};              ///< the delivery that the gateway said it became, the last time
  /// The gateway has read something that is, or may pass for, a changed copy of it (altered_read). Which of
  /// the two counts is not the contract's to say.
  bool altered = false;
  bool unclear = false;              ///< what such a copy says is not sure
  std::vector<std::string> versions; ///< those copies: the event, as JSON text
  bool was_read() const { return !reads.empty(); }
  /// Nothing tells a copy of it from another event like it (protocol.md 5): each is one of its own.
  bool is_nameless() const {
    return what.kind == event_kind::message && what.message_id.empty() && buffer_ids.empty();
  }
  bool acked_in(std::uint64_t age) const;
  std::size_t deliveries_in(std::uint64_t age) const;
};

/// An agent's asking, as the gateway read it.
struct asking {
  usec at{0};
  std::uint64_t peer = 0, life = 0, age = 0, number = 0; ///< peer 0: outside any agent
  std::uint64_t router = 0;                              ///< which router took it, of all lives
};
enum class told_outcome : std::uint8_t { done, definite, unknown };
/// A result, as the gateway wrote it.
struct told_result {
  usec at{0};
  std::uint64_t peer = 0, age = 0;
  told_outcome how = told_outcome::definite;
  std::string code, error, message_id;
  std::vector<std::string> message_ids;
  bool of_a_repeat = false; ///< unknown, as long as the first asking has no outcome
  /// It was refused at the gateway's edge: its id is free again.
  bool refused() const {
    return code == "overloaded" || code == "unknown_platform" || code == "bad_action" || code == "not_stored";
  }
};
/// A frame of it that the gateway gave to its socket.
struct put_frame {
  usec at{0};
  std::uint64_t socket = 0;
  std::string request_id, op;
  bool last = true; ///< the last piece of its content
};
struct action_record {
  std::string mark, op, platform, delivery_id, chat_id, session_key, kind, message_id, draft_id, content;
  bool final = false, clears = false;
  bool resend = false;      ///< on_unknown
  std::string own_metadata; ///< JSON text of what the agent gave
  std::string file;         ///< source_path
  bool doubted = false;     ///< the gateway has read a result of it that the connector did not say
  std::vector<asking> asks;
  std::vector<told_result> results;
  std::vector<put_frame> frames;
  std::vector<carried_out> heard;
  std::size_t applied() const;
  /// It was told as not sent in time, or as failed where its agent would rather have it twice, and a clock
  /// that was set back makes it look fresh to the next process.
  bool may_come_back(bool clock_jumped) const;
};

/// How a connection went.
struct socket_record {
  std::uint64_t life = 0;
  usec dialled{0}, opened{0}, served{0}, over{0}; ///< served: with the first descriptor
  bool is_open = false, is_over = false, dropped = false, described = false;
  bool doubtful = false;           ///< a descriptor was read that the connector did not say
  std::vector<std::string> hellos; ///< platforms, in order
  std::vector<std::string> described_platforms;
  std::size_t frames = 0;
  socket_end end;
};

/// `e12` of `e12.0 e12.1 ...`; 0 when there is none.
std::uint64_t event_mark(const std::string& text);
/// All numbers n of `<mark>.n` in a text, in order.
std::vector<std::size_t> word_numbers(const std::string& text, const std::string& mark);

class history final : public observer {
public:
  history(stage on, const plan& p) : on_(on), plan_(p) {}

  std::map<std::uint64_t, event_record> events;
  std::map<std::string, std::uint64_t> event_of_delivery, event_of_buffer, event_of_message;
  std::map<std::string, action_record> actions; ///< by mark
  std::map<std::string, std::pair<std::string, std::uint64_t>>
      frame_of_request; ///< request id -> mark, socket
  std::map<std::uint64_t, socket_record> sockets;
  std::set<std::uint64_t> peers; ///< attached agents
  std::vector<usec> losses;      ///< moments at which what was only in memory was lost
  /// Moments at which what only the queue of one chat knew was lost, and that chat.
  std::vector<std::pair<usec, std::string>> chat_losses;
  usec suspended_until{0}, last_suspension{0};
  std::uint64_t life = 0;
  /// What the gateway remembers of the way in, and of the way out, is as old as this number says: a new one
  /// begins when it forgets.
  std::uint64_t inbound_age = 1, outbound_age = 1;
  std::uint64_t routers = 1; ///< how many there were
  std::uint64_t reads = 0, asks = 0;

  /// What was asked for under this id, by that agent; 0 = outside any agent. Empty when it is not known.
  std::string mark_of(std::uint64_t peer, const std::string& request_id) const;
  /// Which event this is, by what it says; 0 = none. `chat`: whoever wrote it where there is none.
  std::uint64_t number_of(const std::string& platform, const std::string& chat, const std::string& message,
                          const std::string& text, bool is_edit) const;
  /// The same, of an event as the gateway has it.
  std::uint64_t number_of(const inbound_event& x) const;
  event_record* by_delivery(const std::string& id);
  /// An event was set aside that its agent has not taken once: a child that hangs reads nothing.
  bool set_aside_unseen() const;
  bool was_set_aside(const std::string& delivery) const { return set_aside_.count(delivery) > 0; }
  /// The same, of one that no agent was ever seen to get.
  bool was_set_aside_unseen(const std::string& delivery) const {
    return was_set_aside(delivery) && event_of_delivery.count(delivery) == 0;
  }
  bool lost_since(usec when) const;
  /// What was lost so shortly before that whoever takes over may not have been there yet; time that the
  /// process slept through does not count.
  bool lost_around(usec when, const std::string& chat) const;
  /// The same, also of what only the queue of this chat knew. A session's own actions name no chat.
  bool lost_since(usec when, const std::string& chat) const;
  /// A connection ended, or was given up, since then.
  bool link_ended_since(usec when) const;
  /// A line that the connector did not say named this buffer id: the gateway may have acknowledged that.
  bool altered_line_names(const std::string& buffer_id) const {
    return named_by_altered_.count(buffer_id) > 0;
  }
  /// In this chat something was read, or may have been, that the connector did not say.
  bool altered_chat(const std::string& chat) const { return altered_chats_.count(chat) > 0; }
  const plan& what() const { return plan_; }

  void life_begins(std::uint64_t life) override;
  void life_ends(std::uint64_t life, ending how) override;
  void suspended(usec until) override;
  void actor_killed(const std::string& name) override;
  void chat_failed(const std::string& platform, const std::string& chat) override;
  void dialled(std::uint64_t socket, const dial_request& x) override;
  void link_opened(std::uint64_t socket) override;
  void link_wrote(std::uint64_t socket, const frame_view& x) override;
  void link_read(std::uint64_t socket, const frame_view& x) override;
  void altered_read(std::uint64_t socket, const frame_view& x) override;
  void link_ended(std::uint64_t socket, const socket_end& x) override;
  void link_dropped(std::uint64_t socket) override;
  void agent_attached(std::uint64_t peer) override;
  void agent_wrote(std::uint64_t peer, const frame_view& x) override;
  void agent_read(std::uint64_t peer, const frame_view& x) override;
  void agent_ended(std::uint64_t peer) override;
  void one_shot_asked(const std::string& mark, const frame_view& x) override;
  void one_shot_answered(const std::string& mark, const frame_view& x) override;
  void noted(severity level, std::string_view id, std::string_view fields) override;
  void dead_letter_decided(std::uint64_t event, bool again, bool done) override;
  void happened(const told_event& x) override;
  void buffered(std::uint64_t event, const std::string& id) override;
  void event_read(std::uint64_t event, const std::string& id, std::uint64_t socket) override;
  void was_carried_out(const carried_out& x) override;

private:
  void asked(const json& frame, std::uint64_t peer);
  void told(const std::string& mark, const json& result, std::uint64_t peer);
  void gave(const json& frame, std::uint64_t peer);
  // book_altered.cpp
  void alter_event(const frame_view& x, const std::set<std::string>& buffer_ids);
  void alter_forward(const std::set<std::string>& buffer_ids);
  std::set<std::uint64_t> events_of(const std::set<std::string>& buffer_ids) const;
  event_record& alter(std::uint64_t number);
  stage on_;
  const plan& plan_;
  std::map<std::string, std::uint64_t> edits_;                           ///< by message and text
  std::map<std::pair<std::uint64_t, std::string>, std::string> counted_; ///< marks of ids that count from one
  std::set<std::string> set_aside_;                                      ///< delivery ids
  std::map<std::string, std::uint64_t> age_of_instance_; ///< by what delivery ids begin with: its first age
  std::set<std::string> named_by_altered_, altered_chats_;
  std::map<std::string, std::vector<std::string>> altered_keys_; ///< by chat and message: what came under it
  std::map<std::string, std::uint64_t> made_up_; ///< events that only a script knows, by chat and text
};

} // namespace relay::sim
