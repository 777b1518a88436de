// What a connection to a URL meets on its way, part by part: for a person who wants to know where it ends.
#pragma once

#include "relay_gateway/app/net/client.hpp"

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace relay::net {

struct dial_step_result {
  enum class kind : std::uint8_t { settings, name, address, proxy, tls };
  kind what = kind::settings;
  bool passed = false;
  std::string text; ///< what was found, or what is wrong; one line, never a credential
};

/// Dials `url` (http, https, ws, wss) as the other ports do, as far as TLS, and closes. `done` is called
/// once, on the io_context's thread: the parts in order; the last one is the failed one if there is one. A
/// part that is not on this way (no proxy, no TLS) is not among them.
void dial_probe(boost::asio::io_context& io, const client_options& how, const std::string& url,
                milliseconds limit, std::function<void(std::vector<dial_step_result>)> done);

} // namespace relay::net
