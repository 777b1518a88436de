// Every limit with its kind, in the order of settings.md: reading and validating go by this one table.
#pragma once

#include "relay_gateway/config/catalogue.hpp"
#include "relay_gateway/config/settings.hpp"

#include <array>
#include <cstdint>

namespace relay::config {

/// Exactly one of the members is set: a duration, a size in bytes or a count.
struct limit_row {
  const entry* key;
  milliseconds limits::*duration = nullptr;
  std::uint64_t limits::*size = nullptr;
  std::uint64_t limits::*count = nullptr;
};

inline constexpr limit_row duration_row(const entry& key, milliseconds limits::*to) {
  return {&key, to, nullptr, nullptr};
}
inline constexpr limit_row size_row(const entry& key, std::uint64_t limits::*to) {
  return {&key, nullptr, to, nullptr};
}
inline constexpr limit_row count_row(const entry& key, std::uint64_t limits::*to) {
  return {&key, nullptr, nullptr, to};
}

inline constexpr std::array limit_table{duration_row(keys::handshake_timeout, &limits::handshake_timeout),
                                        duration_row(keys::outbound_timeout, &limits::outbound_timeout),
                                        duration_row(keys::http_timeout, &limits::http_timeout),
                                        duration_row(keys::ping_interval, &limits::ping_interval),
                                        duration_row(keys::ping_timeout, &limits::ping_timeout),
                                        duration_row(keys::stable_after, &limits::stable_after),
                                        duration_row(keys::backoff_min, &limits::backoff_min),
                                        duration_row(keys::backoff_max, &limits::backoff_max),
                                        duration_row(keys::idle_ack_timeout, &limits::idle_ack_timeout),
                                        size_row(keys::max_frame, &limits::max_frame),
                                        count_row(keys::max_pending, &limits::max_pending),
                                        count_row(keys::max_chats, &limits::max_chats),
                                        duration_row(keys::chat_idle, &limits::chat_idle),
                                        duration_row(keys::agent_ack_timeout, &limits::agent_ack_timeout),
                                        count_row(keys::agent_max_deliveries, &limits::agent_max_deliveries),
                                        duration_row(keys::dedupe_window, &limits::dedupe_window),
                                        count_row(keys::dedupe_entries, &limits::dedupe_entries),
                                        duration_row(keys::egress_hold, &limits::egress_hold),
                                        count_row(keys::max_in_memory, &limits::max_in_memory),
                                        count_row(keys::chat_in_memory, &limits::chat_in_memory),
                                        count_row(keys::max_prompts, &limits::max_prompts),
                                        duration_row(keys::prompt_lifetime, &limits::prompt_lifetime),
                                        duration_row(keys::route_age, &limits::route_age),
                                        duration_row(keys::turn_age, &limits::turn_age)};

} // namespace relay::config
