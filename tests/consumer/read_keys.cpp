// The smallest use of the library: the session key of an event.
#include "relay_gateway/messages/contract/event.hpp"
#include "relay_gateway/messages/wire/session_key.hpp"
#include "relay_gateway/version.hpp"

#include <iostream>

static_assert(RELAY_GATEWAY_TYPE_ID_OFFSET > 0, "the CAF type ids below the library's are this program's");

int main() {
  relay::event_source from;
  from.platform = "telegram";
  from.chat_id = "1";
  std::cout << "relay_gateway " << RELAY_GATEWAY_VERSION << ' ' << relay::wire::session_key(from, {}) << '\n';
}
