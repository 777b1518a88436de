// The stand-in's edge: the server, the sockets, the timers and the disk around one core.
// Everything here runs on the io_context's thread, except the journal's readers.
#pragma once

#include "actors/ports.hpp"
#include "app/connector/control_api.hpp"
#include "app/connector/core.hpp"
#include "app/connector/state_file.hpp"
#include "app/net/http_server.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <atomic>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <set>
#include <string>

namespace relay::connector {

class engine : public std::enable_shared_from_this<engine> {
public:
  engine(boost::asio::io_context& io, options what);

  /// Reads the memory, binds, serves. False and one line in `error` on failure.
  bool start(std::string& error);
  /// Binds the port of the last time again. False and one line in `error` on failure.
  bool listen(std::string& error);
  /// Ends every connection, each without a close handshake, and the listener.
  void go_down();
  /// go_down(), and no timer or answer is left.
  void stop();

  core& heart() { return core_; }
  const core& heart() const { return core_; }
  std::uint16_t port() const { return port_; }
  std::string base_url() const;
  /// Carries out what the core wants done; after every call to it.
  void settle();

private:
  class peer;
  friend class peer;

  // -- the seam: everything of the relay contract crosses the wire in one of these three places ------
  void frame_out(socket_id to, std::string text);
  void line_in(socket_id from, std::string_view text);
  void answer(const std::shared_ptr<net::responder>& to, http_answer x);

  void on_request(net::server_request x, const std::shared_ptr<net::responder>& to);
  void on_upgrade(net::server_request x, const std::shared_ptr<net::upgrade>& to);
  void decide(const upgrade_answer& verdict, const std::shared_ptr<net::upgrade>& to);
  void after(milliseconds delay, std::function<void()> then);
  void carry_out(effect x);
  void call_wake_url(const poke_gateway& x);
  void save_soon();
  void save();

  boost::asio::io_context& io_;
  options what_;
  core core_;
  control_api control_;
  state_file file_;
  std::shared_ptr<http_port> http_;
  std::unique_ptr<net::http_server> server_;
  std::atomic<std::uint16_t> port_{0};
  std::list<std::shared_ptr<peer>> opening_; ///< accepted, not open yet
  std::map<socket_id, std::shared_ptr<peer>> peers_;
  std::set<std::shared_ptr<boost::asio::steady_timer>> timers_;
  /// Answers that a script withholds: kept, or dropping them would answer.
  std::list<std::shared_ptr<void>> withheld_;
  std::uint64_t saved_ = 0;
  std::atomic<bool> wake_posted_{false};
  bool save_waits_ = false, stopped_ = false;
};

} // namespace relay::connector
