// Events as the connector puts them on the wire (protocol.md 5, 5.2).
#pragma once

#include "relay_gateway/tests/sim/models/facts.hpp"
#include "relay_gateway/tests/sim/models/plan.hpp"

#include <string>

namespace relay::sim {

std::string base64(std::string_view bytes);

/// The event object. Fills in what a platform adds to what was said: names, context, attachments.
std::string event_json(const told_event& x, const place& where, seeded_rng& rng);
/// The members of the whole frame but for `bufferId`, without braces: `"type":...,...`.
std::string frame_members(const told_event& x, seeded_rng& rng);
/// The words of a text: `<mark>.0 <mark>.1 ...`, about so many characters.
std::string words(const std::string& mark, std::size_t about);

} // namespace relay::sim
