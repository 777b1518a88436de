// What each setting asks of its URL.
#pragma once

#include "relay_gateway/config/values/addresses/urls.hpp"

namespace relay::config {

inline const url_rule connector_rule{{"http", "https", "ws", "wss"}};
/// Wake, sleep and endpoint URLs are the operator's, with any query.
inline const url_rule callback_rule{{"http", "https"}, false, true};
inline const url_rule token_rule{{"http", "https"}, false, true};
inline const url_rule portal_rule{{"http", "https"}};
inline const url_rule proxy_rule{{"http", "https"}, true};

} // namespace relay::config
