// The stand-in's edge: the server, the sockets, the timers and the disk around one core.
// Everything here runs on the io_context's thread, except the journal's readers.
#pragma once

#include "relay_gateway/actors/ports.hpp"
#include "relay_gateway/app/connector/control/control_api.hpp"
#include "relay_gateway/app/connector/control/fault_control.hpp"
#include "relay_gateway/app/connector/faults/injector.hpp"
#include "relay_gateway/app/connector/model/core.hpp"
#include "relay_gateway/app/connector/model/record_file.hpp"
#include "relay_gateway/app/connector/model/state_file.hpp"
#include "relay_gateway/app/net/http/http_server.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <atomic>
#include <chrono>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <set>
#include <string>

namespace relay::connector {

class engine : public std::enable_shared_from_this<engine>, private fault_control {
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

  core& connector_core() { return core_; }
  const core& connector_core() const { return core_; }
  std::uint16_t port() const { return port_; }
  std::string base_url() const;
  /// Carries out what the core wants done; after every call to it.
  void settle();
  fault_control& fault_control() { return *this; }

private:
  static constexpr milliseconds close_limit{2'000}; ///< for the close handshake
  class peer;                                       ///< engine_peer.hpp
  friend class peer;

  // -- the seam: everything of the relay contract crosses the wire in one of these places, and each asks the
  // fault
  //    script first (engine_faults.cpp, engine_calls.cpp)
  void frame_out(send_frame x);
  void line_in(socket_id from, std::string_view text);
  void on_call(net::server_request x, const std::shared_ptr<net::responder>& to);
  void on_upgrade(net::server_request x, const std::shared_ptr<net::upgrade>& to);
  void on_poke(const poke_gateway& x);

  void on_request(net::server_request x, const std::shared_ptr<net::responder>& to);
  // engine_calls.cpp
  void answer(const std::shared_ptr<net::responder>& to, http_answer x, const faults::call_verdict& how);
  void drip(const std::weak_ptr<net::raw_answer>& to, const std::shared_ptr<const std::string>& body,
            std::size_t from, const faults::drip& pace);
  void decide(const upgrade_answer& verdict, const std::vector<faults::action>& when_open,
              const std::shared_ptr<net::upgrade>& to);
  /// Keeps a connection that nobody answers, the newest thousand.
  void keep_silent(std::shared_ptr<net::raw_answer> x);

  // engine_faults.cpp
  milliseconds now() const;
  void perform(faults::steps wanted);
  void perform_one(faults::step x);
  void abandon(socket_id which);
  void outage(bool on);
  void tell_faults();  ///< into the records
  void watch_faults(); ///< schedules the next step that the faults wait for
  std::string faults_status() const override;
  std::vector<std::uint64_t> add_faults(faults::script x) override;
  bool remove_fault(std::uint64_t number) override;
  void clear_faults() override;
  std::vector<std::string> fire_fault(const faults::one_off& x) override;

  net::server_socket* socket_of(socket_id which);
  void write_records();
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
  std::list<std::shared_ptr<net::raw_answer>> silent_calls_,
      raw_answers_;            ///< unanswered; being answered by hand
  faults::injector& faults_;   ///< the core's
  faults::seeded_rng pace_{1}; ///< of slow answers
  std::set<socket_id> half_open_;
  std::chrono::steady_clock::time_point born_ = std::chrono::steady_clock::now();
  std::shared_ptr<boost::asio::steady_timer> fault_timer_;
  record_file record_file_;
  std::uint64_t written_ = 0; ///< records that are in the file
  std::uint64_t saved_ = 0;
  std::atomic<bool> wake_posted_{false};
  bool save_waits_ = false, stopped_ = false;
};

} // namespace relay::connector
