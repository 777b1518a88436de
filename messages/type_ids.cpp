#include "relay_gateway/messages/type_ids.hpp"

#include "relay_gateway/messages/system_end.hpp"

#include <caf/actor_system_config.hpp>

namespace relay {

void register_messages(caf::actor_system_config& config) {
  config.add_message_types<caf::id_block::relay>();
  config.add_error_category(caf::atom("relay"), [](std::uint8_t code, caf::atom_value, const caf::message&) {
    return to_string(static_cast<ec>(code));
  });
  load_system_end(config);
}

} // namespace relay
