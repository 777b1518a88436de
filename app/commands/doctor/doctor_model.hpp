// The part of `relay-gateway doctor` that asks the server of a model (`--agent openai:URL`). It lists models
// and asks none.
#pragma once

#include "relay_gateway/actors/ports.hpp"
#include "relay_gateway/app/commands/doctor/findings.hpp"
#include "relay_gateway/app/net/client_options.hpp"
#include "relay_gateway/config/settings.hpp"

#include <string>
#include <string_view>

namespace boost::asio {
class io_context;
}

namespace relay::commands {

/// Whether the server is reached, takes the key, and lists the model.
finding check_model(boost::asio::io_context& io, const net::client_options& how, const ports& env,
                    const config::settings& from);

/// Judges an answer to `GET <url>/models` (status 0: none was given). An empty `model`: the server's only
/// one.
finding judge_models(const http_response& answer, const std::string& url, const std::string& model);

} // namespace relay::commands
