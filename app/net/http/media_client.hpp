// The media port: attachments between the connector's store and files.
#pragma once

#include "relay_gateway/actors/ports.hpp"
#include "relay_gateway/app/net/client_options.hpp"

#include <memory>
#include <string>

namespace boost::asio {
class io_context;
}

namespace relay::net {

/// Where attachments are kept: below the state directory, or below the system's one for temporary files.
std::string media_base(const std::string& state_dir);
/// Attachments: `base` is a directory that several gateways may share. Never
/// null: bad TLS files, or a directory that cannot be made, fail each transfer with their reason until they
/// are mended. What earlier processes left there is removed at once, what this one leaves at its end.
std::shared_ptr<media_port> make_media_port(boost::asio::io_context& io, client_options what,
                                            std::string base);

} // namespace relay::net
