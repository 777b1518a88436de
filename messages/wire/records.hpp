// What the store keeps (messages/records.hpp) as text. Lossless: what is read back equals what was written,
// also where the contract's own objects could not say it. Thread-safe, never throws.
#pragma once

#include "relay_gateway/messages/records.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace relay::wire {

/// What the text of an event does not say: bits, never renumbered, for they are on disk.
namespace event_mark {
inline constexpr std::uint8_t interaction = 1, upstream_relay = 2, without_raw = 4, unreadable = 8;
} // namespace event_mark
std::uint8_t marks_of(const inbound_event& x);
/// The event's text: as it came, else written into `room` from its fields. Valid while both live.
const std::string& text_of(const inbound_event& x, std::string& room);
/// False and one line in `why` when it is no event; then `out` is as it was.
bool read_kept_event(std::string_view from, std::uint8_t marks, inbound_event& out, std::string& why);

// Each appends one JSON value to `out`; each reader returns false when the text is not such a value.
void append_kept(std::string& out, const std::vector<std::string>& x);
/// `until_ms`: of stored_action.
void append_kept(std::string& out, const action_request& what, const route& where, std::int64_t until_ms = 0);
void append_kept(std::string& out, const action_result& x);
void append_kept(std::string& out, const prompt_opened& x); ///< without its lifetime
bool read_kept(std::string_view from, std::vector<std::string>& out);
bool read_kept(std::string_view from, action_request& what, route& where, std::int64_t& until_ms);
inline bool read_kept(std::string_view from, action_request& what, route& where) {
  std::int64_t ignored = 0;
  return read_kept(from, what, where, ignored);
}
bool read_kept(std::string_view from, action_result& out);
bool read_kept(std::string_view from, prompt_opened& out);

} // namespace relay::wire
