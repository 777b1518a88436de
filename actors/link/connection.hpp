// One socket to the connector, from dial to end (protocol.md 3).
#pragma once

#include "relay_gateway/actors/core/alarm.hpp"
#include "relay_gateway/actors/core/token_bucket.hpp"
#include "relay_gateway/actors/interfaces.hpp"
#include "relay_gateway/actors/link/core/pending_requests.hpp"
#include "relay_gateway/actors/link/frame_listener.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace relay {

/// What one connection is made with. The token in `dial` was minted for this dial alone.
struct connection_setup {
  std::uint64_t epoch = 0;
  std::string origin; ///< the connector and tenant that buffer ids belong to
  dial_request dial;
  std::vector<identity> hellos; ///< the first one is the session default
  std::string manifest;         ///< JSON array text for the Discord hello; empty = none
  milliseconds outbound_timeout{30'000};
  milliseconds close_limit{1'000};
  std::uint64_t max_frame = 8ULL << 20;
  link_users users;
  std::string request_prefix; ///< makes request ids unique over processes and connections
};

struct connection_state {
  static inline const char* name = "connection";
  /// A piece of a chat that waits for its outbound_result. Only who sent it is told: to the next router the
  /// numbers would mean something else (F30).
  struct asker {
    transmitted_sink_actor from;
    std::uint64_t chat = 0, piece = 0;
  };
  explicit connection_state(connection_actor::pointer ptr) : self(ptr) {}

  void begin(ports p, connection_setup s, link_manager_actor k);
  void on_arrivals(); ///< takes what the listener holds
  void put(transmit& x, const transmitted_sink_actor& from);
  void put_all(burst<transmit>& x);
  void after_put();
  void tell_owner(const asker& owner, action_result result, bool written);
  void flush(); ///< tells the owner what was gathered
  void send_best_effort(best_effort_send& x);
  void send_hello(const identity& who);
  void publish(const command_manifest& x);
  void write(std::string frame);
  std::string_view next_request_id();
  std::uint64_t number_of(std::string_view id) const;
  void interrupt(const session_interrupt& x);
  void acknowledge(const buffer_acks& x);
  void room(backpressure x);
  void overdue();
  void arm();
  void update_read_gate();
  void on_frame(wire::frame& x, inbound_batch& batch);
  void refused(wire::bad_frame& x, inbound_batch& batch);
  /// Frames that are passed on to actors whose mailboxes have no bound come at a rate. False: it is left out.
  bool within_rate(core::token_bucket& rate, const char* type);
  void ended(const socket_end& why);

  connection_actor::pointer self;
  ports env;
  connection_setup setup;
  link_manager_actor link_manager_handle;
  std::shared_ptr<frame_listener> listener;
  std::shared_ptr<line_socket> socket;
  core::pending_requests<asker> open;
  transmitted_sink_actor answers_to; ///< who is to be told `answers`
  std::vector<transmitted> answers;
  bool gathers = true;      ///< answers, until flush()
  std::size_t expected = 0; ///< answers, or events, of one read at most, about
  std::string request_id;   ///< the last one
  std::uint64_t requests = 0, frames = 0;
  backpressure current_backpressure = backpressure::none;
  bool open_now = false, reading = true, over = false;
  core::instant stays_until{}; ///< once it is over: what crosses the end is answered until then
  core::alarm alarm;           ///< of the oldest request
  core::token_bucket descriptor_rate{64, 10}, interrupt_rate{1'000, 100};
  std::uint64_t left_out = 0;      ///< frames beyond their rate
  std::uint64_t idle_acks_due = 0; ///< of the going_idle frames that were sent
};

/// Dials at once. Lives on for a moment after the socket's end, so that a piece that crosses it is answered.
connection_actor::behavior_type connection(connection_actor::stateful_pointer<connection_state> self,
                                           ports env, connection_setup setup,
                                           link_manager_actor link_manager_handle);

} // namespace relay
