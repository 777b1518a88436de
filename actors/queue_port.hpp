// What the actors need of a message queue with streams (NATS JetStream): gateways and workers meet there.
// Implementations: app/queue (nats.c), tests/ (simulated). The rules of actors/ports.hpp hold.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace relay {

/// A message for a stream.
struct queue_publication {
  std::uint64_t number = 0; ///< names its receipt
  std::string subject;
  std::string id;      ///< the stream stores one message of an id within its window
  std::string sender;  ///< header Relay-Sender: the worker or gateway that speaks
  std::string session; ///< header Relay-Session; may be empty
  std::string body;
};
/// What became of a publication. Not stored: it may be stored all the same; the same id again is safe.
struct queue_receipt {
  std::uint64_t number = 0;
  bool stored = false;
  bool duplicate = false; ///< the stream had a message of this id
  bool refused = false;   ///< it can never be stored: it is too large
  std::string error;      ///< one line when not stored
};
/// A message of the consumer. It comes again, to anybody, unless it is settled in time.
struct queue_message {
  std::uint64_t sequence = 0; ///< names it when it is settled
  std::uint64_t deliveries = 1;
  std::string subject, sender, session, body;
};
/// A message that nothing stores: whoever listens now gets it.
struct queue_note {
  std::string subject, sender, body;
};
enum class settlement : std::uint8_t {
  done,    ///< never again
  working, ///< the time until it comes again begins anew
  again    ///< it comes again at once, perhaps to somebody else
};
struct queue_settlement {
  std::uint64_t sequence = 0;
  settlement how = settlement::done;
};
/// Whether the queue can be used; `why` is one line when it cannot.
struct queue_state {
  bool usable = false;
  std::string why;
};

struct queue_stream {
  std::string name;
  std::vector<std::string> subjects;
};
/// What a session is for. Streams and the consumer are made when they are not there, never changed, never
/// removed.
struct queue_request {
  std::string name; ///< of this client, for the server's operator
  std::vector<queue_stream> streams;
  std::string stream, consumer; ///< whose messages come
  std::chrono::milliseconds ack_wait{30'000};
  std::uint32_t max_ack_pending = 1'024;
  /// No other session has this consumer at the same time. Then what an earlier one had and did not settle
  /// comes first, and all messages come in the order of the stream.
  bool sole = false;
  std::vector<std::string> notes; ///< subjects
};

/// Hears about one session, on a thread of the port.
class queue_listener {
public:
  virtual ~queue_listener() = default;
  /// Whenever it changes. While it is not usable nothing comes.
  virtual void on_state(queue_state x) = 0;
  virtual void on_receipts(std::vector<queue_receipt> x) = 0;
  virtual void on_messages(std::vector<queue_message> x) = 0;
  virtual void on_note(queue_note x) = 0;
};

/// One connection and its consumer; it comes back by itself. Any thread; ends with its last handle, when what
/// was published before has left, as far as the server takes it at once.
class queue_session {
public:
  virtual ~queue_session() = default;
  /// One receipt each. They are sent in order.
  virtual void publish(std::vector<queue_publication> what) = 0;
  virtual void note(std::vector<queue_note> what) = 0;
  /// So many messages at most are here unsettled from now on; 0: none are asked for.
  virtual void limit(std::uint32_t most) = 0;
  virtual void settle(std::vector<queue_settlement> what) = 0;
};

class queue_port {
public:
  virtual ~queue_port() = default;
  virtual std::shared_ptr<queue_session> open(queue_request what, std::shared_ptr<queue_listener> who) = 0;
};

} // namespace relay
