// The two halves of a rule. Private to faults.
#pragma once

#include "relay_gateway/app/connector/faults/language/reading.hpp"

namespace relay::connector::faults {

/// The longest time that a script may name.
constexpr std::int64_t longest_ms = 86'400'000;

/// What `then` stands behind: decides which actions make sense.
enum class setting : std::uint8_t { frame_in_or_any, frame_out, call, upgrade, poke, time, by_hand, answer };

void read_condition(const json::value& from, const std::string& pointer, problems& told, condition& out);
void read_actions(const json::value& from, const std::string& pointer, problems& told, setting where,
                  std::vector<action>& out, const std::vector<std::string>& beside = {});
setting setting_of(const condition& x);

} // namespace relay::connector::faults
