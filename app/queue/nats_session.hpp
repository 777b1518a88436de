// One connection to NATS with its streams and its consumer. Everything happens on the port's thread; what
// nats.c calls back on its own threads is handed over to it.
#pragma once

#include "relay_gateway/app/queue/held_messages.hpp"
#include "relay_gateway/app/queue/nats_objects.hpp"
#include "relay_gateway/app/queue/pull_requests.hpp"
#include "relay_gateway/app/queue/stall_watch.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace relay::queue {

class nats_session : public std::enable_shared_from_this<nats_session> {
public:
  nats_session(boost::asio::io_context& io, nats_options options, queue_request what,
               std::shared_ptr<queue_listener> who);
  nats_session(const nats_session&) = delete;
  nats_session& operator=(const nats_session&) = delete;
  ~nats_session();

  // On the port's thread.
  void connect();
  void publish(std::vector<queue_publication>& what);
  void note(const std::vector<queue_note>& what);
  void limit(std::uint32_t most);
  void settle(const std::vector<queue_settlement>& what);
  /// Nothing is told any more; what was published leaves.
  void end();
  boost::asio::io_context& io() { return io_; }

  // Handed over from threads of nats.c. `generation`: of the connection.
  void connected(std::uint64_t generation);
  void disconnected(std::uint64_t generation, std::string why);
  void closed(std::uint64_t generation, std::string why);
  void acknowledged(natsMsg* which, queue_receipt what);
  void arrived(std::uint64_t generation, message_handle what);
  void noted(std::uint64_t generation, const message_handle& what);

private:
  void prepare();
  bool make_streams(std::string& why);
  bool make_consumer(std::string& why);
  bool subscribe(std::string& why);
  void publish_one(const queue_publication& x, std::vector<queue_receipt>& failed);
  void request_messages();
  void request_ended(std::string_view subject);
  void lose(std::string why);
  void after(std::chrono::milliseconds delay, void (nats_session::*what)());
  void flush_messages();
  void catch_up();
  void watch();
  void look();
  void settle_gone(const consumer_look& x);
  std::optional<consumer_look> ask_consumer();

  boost::asio::io_context& io_;
  nats_options options_;
  queue_request what_;
  std::shared_ptr<queue_listener> who_; ///< null after end()
  std::uint64_t id_;                    ///< for callbacks of nats.c
  std::uint64_t generation_ = 0;
  connection_handle connection_;
  stream_handle streams_;
  std::vector<subscription_handle> subscriptions_;
  std::string inbox_; ///< subject below which requested messages are announced
  boost::asio::steady_timer timer_, pull_timer_, watch_timer_;
  bool usable_ = false;
  std::string why_; ///< as last told
  pull_requests pulls_;
  std::unordered_map<natsMsg*, std::uint64_t> flying_;
  held_messages held_;
  std::vector<queue_message> fresh_;
  bool flushing_ = false;
  stall_watch stalls_;
  std::uint64_t next_given_ = 0; ///< consumer sequence that comes next
  bool missed_ = false;          ///< the consumer gave something out that did not come
};

} // namespace relay::queue
