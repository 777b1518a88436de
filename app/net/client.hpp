// The outgoing side: the ports of links, HTTP calls and attachments.
#pragma once

#include "relay_gateway/app/net/client_options.hpp"
#include "relay_gateway/app/net/http/http_client.hpp"
#include "relay_gateway/app/net/http/http_exchange.hpp"
#include "relay_gateway/app/net/http/media_client.hpp"
#include "relay_gateway/app/net/websocket/link_client.hpp"
