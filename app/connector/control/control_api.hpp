// The control API under /control/: what tests in other languages and the console page use. README.md has the
// table.
#pragma once

#include "relay_gateway/app/connector/control/fault_control.hpp"
#include "relay_gateway/app/connector/model/core.hpp"
#include "relay_gateway/app/net/http/http_server.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <list>
#include <memory>
#include <string>

namespace relay::connector {

/// On the io_context's thread. The core's effects are its owner's business: settle after each call.
class control_api {
public:
  control_api(boost::asio::io_context& io, core& connector_core, fault_control& faults, const options& what);
  /// Whether the peer may use the control API and the page. If not, `why` is one line.
  bool allowed(const net::server_request& x, std::string& why) const;
  void handle(const net::server_request& x, const std::shared_ptr<net::responder>& to);
  /// There is news: long polls that waited for it are answered.
  void wake();
  /// Answers every long poll with what there is.
  void stop();

private:
  struct poll;
  net::server_response change(const net::server_request& x); ///< POST, PUT, DELETE
  net::server_response change_sockets(const net::server_request& x, const json::value& body);
  /// Who may connect, and with what.
  net::server_response change_gateways(const std::string& path, const json::value& body);
  net::server_response inject(const json::value& body);
  net::server_response interact(const json::value& body);
  net::server_response script_rules(const net::server_request& x);
  net::server_response change_faults(const net::server_request& x);
  std::string status_text() const;
  void wait(const net::server_request& x, const std::shared_ptr<net::responder>& to);
  bool ready(poll& x);
  net::server_response text_of(const poll& x) const;

  boost::asio::io_context& io_;
  core& core_;
  fault_control& faults_;
  bool from_anywhere_;
  std::list<std::shared_ptr<poll>> polls_;
};

} // namespace relay::connector
