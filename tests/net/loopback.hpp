// What the tests of app/net share: a listener that records, blocking peers made of plain POSIX sockets (so
// that nothing of app/net is tested against itself only), and a server fixture. Waits have deadlines, tests
// have no sleeps.
#pragma once

#include "relay_gateway/actors/ports.hpp"
#include "relay_gateway/app/net/client.hpp"
#include "relay_gateway/app/net/http/http_server.hpp"
#include "relay_gateway/app/net/io/io_thread.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <deque>
#include <future>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace relay::net_test {

using std::chrono::seconds;

/// Long enough for a loaded machine under a sanitizer; a passing test never waits for it.
inline constexpr seconds patience{20};

/// Records what a socket tells.
class recorder final : public socket_listener {
public:
  void on_open() override;
  void on_bytes(std::string_view piece) override;
  void on_batch_end() override;
  void on_end(const socket_end& why) override;
  bool behind() const override { return late; }

  bool wait_open();
  /// Until at least that many bytes came; what came so far.
  std::string wait_bytes(std::size_t n);
  /// Until the end of a batch was told.
  bool wait_batch();
  socket_end wait_end();
  bool ended();
  std::string bytes();
  std::size_t pieces(), batches(), largest_piece(), ends();
  bool called_after_end();

  /// Called from on_bytes(), for echoes; set before the dial.
  std::function<void(std::string_view)> reply;
  std::function<void()> opened;   ///< called from on_open()
  bool keep = true;               ///< false: count bytes only
  std::atomic<bool> late = false; ///< what it was given waits for somebody
  std::size_t total();

private:
  template <class Predicate>
  bool wait(Predicate p) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, patience, p);
  }
  std::mutex mutex_;
  std::condition_variable changed_;
  std::string bytes_;
  std::size_t total_ = 0, pieces_ = 0, batches_ = 0, largest_ = 0, ends_ = 0;
  bool open_ = false, after_end_ = false;
  std::optional<socket_end> end_;
};

/// A blocking TCP connection of the test's own. Every wait ends within `patience`.
class raw_socket {
public:
  explicit raw_socket(int fd) : fd_(fd) {}
  raw_socket(raw_socket&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  raw_socket& operator=(raw_socket&&) = delete;
  ~raw_socket();
  static raw_socket connect(std::uint16_t port);

  bool send(std::string_view text);
  /// Empty at the end of the stream (or when nothing comes).
  std::string receive(std::size_t most = 65536);
  std::string receive_until(std::string_view mark); ///< mark included; the rest stays for later
  std::string receive_exactly(std::size_t n);
  std::string receive_all(); ///< to the end of the stream
  /// Whether the peer has ended the stream (data before that is dropped).
  bool ends();
  /// Whether it ends with a TCP reset (data before that is dropped).
  bool is_reset();
  /// Whether nothing comes within that time, not even the end.
  bool quiet(std::chrono::milliseconds within);
  void shut(); ///< end of our stream

private:
  int fd_;
  std::string rest_;
};

class raw_server {
public:
  raw_server();
  raw_server(const raw_server&) = delete;
  raw_server& operator=(const raw_server&) = delete;
  ~raw_server();
  std::uint16_t port() const { return port_; }
  raw_socket accept();

private:
  int fd_;
  std::uint16_t port_ = 0;
};

// -- WebSocket by hand --------------------------------------------------------------------------------

struct raw_frame {
  int opcode = 0;
  bool fin = true;
  std::string payload;
  std::uint16_t close_code() const {
    return payload.size() < 2 ? 0
                              : static_cast<std::uint16_t>(static_cast<unsigned char>(payload[0]) << 8 |
                                                           static_cast<unsigned char>(payload[1]));
  }
};
/// A server's frame when `mask` is false.
std::string frame_text(int opcode, std::string_view payload, bool fin = true, bool mask = false);
std::string close_text(std::uint16_t code, std::string_view reason, bool mask = false);
/// Reads one frame of either side; opcode -1 at the end of the stream.
raw_frame read_frame(raw_socket& from);
/// Reads a client's upgrade request and accepts it; returns the request's head.
std::string accept_upgrade(raw_socket& with, std::string_view more_headers = {},
                           std::string_view frames_after = {});
/// Upgrades as a client; returns the answer's head.
std::string request_upgrade(raw_socket& with, std::string_view target = "/relay",
                            std::string_view headers = {});

// -- fixtures -----------------------------------------------------------------------------------------

/// An I/O thread and the ports on it.
class loopback : public ::testing::Test {
protected:
  std::shared_ptr<link_port> links(const net::client_options& what = {});
  std::shared_ptr<http_port> https(const net::client_options& what = {});
  /// Ends on the I/O thread, as it must.
  std::shared_ptr<net::http_server> serve(net::server_options what, net::server_handlers who);
  /// Runs the call to its end.
  http_response call(http_port& port, http_request what);
  static dial_request to(std::uint16_t port, std::string_view scheme = "ws",
                         std::string_view host = "127.0.0.1");
  static std::string url(std::uint16_t port, std::string_view path, std::string_view scheme = "http");

  net::io_thread io_;
};

/// A server's handlers that accept every upgrade and keep the sockets and their recorders.
class acceptor {
public:
  net::server_handlers handlers();
  struct accepted {
    std::shared_ptr<recorder> heard = std::make_shared<recorder>();
    std::shared_ptr<net::server_socket> socket;
    net::server_request request;
  };
  /// The next one that was accepted.
  accepted next();
  /// Set on each new recorder before it hears anything.
  std::function<void(recorder&, line_socket&)> prepare;

private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<accepted> waiting_;
};

/// Memory of this process that is resident, in bytes.
std::size_t resident_bytes();

} // namespace relay::net_test
