// The one CAF id block of this project. Include it wherever messages travel.
// The ids start high above caf::first_custom_type_id, so that an embedding program keeps the low ones.
#pragma once

#include "relay_gateway/messages/control.hpp"
#include "relay_gateway/messages/errors.hpp"
#include "relay_gateway/messages/flow.hpp"
#include "relay_gateway/version.hpp"

#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/atom.hpp>
#include <caf/error.hpp>
#include <caf/make_message.hpp>
#include <caf/message.hpp>
#include <caf/type_id.hpp>

// Credentials, process-local pointers and actions never leave the process, so they have no inspector.
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(relay::action_request)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(relay::best_effort_send)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(relay::transmit)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(relay::credentials)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(relay::identity_token)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(relay::provision_attempt)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(relay::credentials_decided)

CAF_BEGIN_TYPE_ID_BLOCK(relay, caf::first_custom_type_id + RELAY_GATEWAY_TYPE_ID_OFFSET)

CAF_ADD_ATOM(relay, relay::atom, due, "due")         // an own timer fired
CAF_ADD_ATOM(relay, relay::atom, start, "start")     // begin
CAF_ADD_ATOM(relay, relay::atom, finish, "finish")   // nothing more will come: end in order
CAF_ADD_ATOM(relay, relay::atom, drained, "drained") // no work is left
CAF_ADD_ATOM(relay, relay::atom, status, "status")   // describe yourself
CAF_ADD_ATOM(relay, relay::atom, token, "token")     // give an identity token
CAF_ADD_ATOM(relay, relay::atom, idle, "idle")       // go idle
CAF_ADD_ATOM(relay, relay::atom, look, "look")       // an own look around is due

CAF_ADD_TYPE_ID(relay, (relay::action_outcome))
CAF_ADD_TYPE_ID(relay, (relay::burst<relay::action_outcome>))
CAF_ADD_TYPE_ID(relay, (relay::action_result))
CAF_ADD_TYPE_ID(relay, (relay::agent_declaration))
CAF_ADD_TYPE_ID(relay, (relay::agent_presence))
CAF_ADD_TYPE_ID(relay, (relay::gateway_announcement))
CAF_ADD_TYPE_ID(relay, (relay::buffer_acks))
CAF_ADD_TYPE_ID(relay, (relay::chat_key))
CAF_ADD_TYPE_ID(relay, (relay::command))
CAF_ADD_TYPE_ID(relay, (relay::command_choice))
CAF_ADD_TYPE_ID(relay, (relay::command_manifest))
CAF_ADD_TYPE_ID(relay, (relay::command_option))
CAF_ADD_TYPE_ID(relay, (relay::command_spec))
CAF_ADD_TYPE_ID(relay, (relay::delivery))
CAF_ADD_TYPE_ID(relay, (relay::burst<relay::delivery>))
CAF_ADD_TYPE_ID(relay, (relay::delivery_ack))
CAF_ADD_TYPE_ID(relay, (relay::delivery_returned))
CAF_ADD_TYPE_ID(relay, (relay::delivery_withdrawn))
CAF_ADD_TYPE_ID(relay, (relay::descriptor))
CAF_ADD_TYPE_ID(relay, (relay::descriptor_set))
CAF_ADD_TYPE_ID(relay, (relay::discriminators))
CAF_ADD_TYPE_ID(relay, (relay::ec))
CAF_ADD_TYPE_ID(relay, (relay::egress_report))
CAF_ADD_TYPE_ID(relay, (relay::event_ref))
CAF_ADD_TYPE_ID(relay, (relay::event_source))
CAF_ADD_TYPE_ID(relay, (relay::gateway_report))
CAF_ADD_TYPE_ID(relay, (relay::identity))
CAF_ADD_TYPE_ID(relay, (relay::inbound_batch))
CAF_ADD_TYPE_ID(relay, (relay::inbound_event))
CAF_ADD_TYPE_ID(relay, (relay::inbound_item))
CAF_ADD_TYPE_ID(relay, (relay::inbound_report))
CAF_ADD_TYPE_ID(relay, (relay::backpressure))
CAF_ADD_TYPE_ID(relay, (relay::link_gone))
CAF_ADD_TYPE_ID(relay, (relay::link_status))
CAF_ADD_TYPE_ID(relay, (relay::local_file))
CAF_ADD_TYPE_ID(relay, (relay::media_file))
CAF_ADD_TYPE_ID(relay, (relay::media_forgotten))
CAF_ADD_TYPE_ID(relay, (relay::media_item))
CAF_ADD_TYPE_ID(relay, (relay::media_ready))
CAF_ADD_TYPE_ID(relay, (relay::media_reference))
CAF_ADD_TYPE_ID(relay, (relay::media_released))
CAF_ADD_TYPE_ID(relay, (relay::media_wanted))
CAF_ADD_TYPE_ID(relay, (relay::media_wish))
CAF_ADD_TYPE_ID(relay, (relay::platform_progress))
CAF_ADD_TYPE_ID(relay, (relay::platform_report))
CAF_ADD_TYPE_ID(relay, (relay::prompt_opened))
CAF_ADD_TYPE_ID(relay, (relay::prompt_choice))
CAF_ADD_TYPE_ID(relay, (relay::prompt_response))
CAF_ADD_TYPE_ID(relay, (relay::prompt_shown))
CAF_ADD_TYPE_ID(relay, (relay::relevance_policy))
CAF_ADD_TYPE_ID(relay, (relay::replied_message))
CAF_ADD_TYPE_ID(relay, (relay::route_seen))
CAF_ADD_TYPE_ID(relay, (relay::session_interrupt))
CAF_ADD_TYPE_ID(relay, (relay::dormancy_order))
CAF_ADD_TYPE_ID(relay, (relay::dormancy_outcome))
CAF_ADD_TYPE_ID(relay, (relay::store_health))
CAF_ADD_TYPE_ID(relay, (relay::transmitted))
CAF_ADD_TYPE_ID(relay, (relay::turn_interrupt))
CAF_ADD_TYPE_ID(relay, (relay::turn_mark))

CAF_END_TYPE_ID_BLOCK(relay)

CAF_ERROR_CODE_ENUM(relay::ec, "relay")

namespace caf {
class actor_system_config;
}

namespace relay {

/// Makes every message type of this project known to `config`. Call once per configuration, before its actor
/// system is made; an embedding program calls it beside its own registrations.
void register_messages(caf::actor_system_config& config);

} // namespace relay
