#include "relay_gateway/messages/wire/frames/ordinary_frames.hpp"

#include "relay_gateway/messages/lengths.hpp"
#include "relay_gateway/messages/wire/frames/event_fields.hpp"
#include "relay_gateway/messages/wire/json/json_scan.hpp"
#include "relay_gateway/messages/wire/json/name_table.hpp"
#include "relay_gateway/messages/wire/json/ordinary_reader.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

namespace relay::wire {

namespace ordinary {
namespace {

using json::ordinary_reader;

/// Calls `read(number)` for each member whose name is in the table, when its value is what comes next. False
/// when one of them, or any member, is unusual.
template <class Names, class Read>
bool read_members(ordinary_reader& from, const Names& names, Read read) {
  if (!from.begin_object()) return false;
  json::foreign_names others;
  std::uint64_t known = 0;
  std::string_view name;
  for (bool first = true; from.member(name, first); first = false) {
    const auto number = names.find(name);
    if (number == Names::none) {
      if (others.again(name) || !from.skip()) return false;
      continue;
    }
    const auto bit = std::uint64_t{1} << number;
    if ((known & bit) != 0 || !read(number)) return false;
    known |= bit;
  }
  return !from.gave_up();
}

/// Null is as good as absent.
bool read_text(ordinary_reader& from, std::string& out, std::size_t most = longest_id) {
  return from.word("null") || from.text(out, most);
}
/// An empty one leaves the default.
bool read_named(ordinary_reader& from, std::string& out) {
  std::string x;
  if (!read_text(from, x)) return false;
  if (!x.empty()) out = std::move(x);
  return true;
}
bool read_flag(ordinary_reader& from, bool& out) {
  out = from.word("true");
  return out || from.word("false") || from.word("null");
}

bool read_source(ordinary_reader& from, event_source& out) {
  std::string guild;
  const auto read = [&](std::size_t field) {
    switch (field) {
    case chat_id_field: return read_text(from, out.chat_id);
    case platform_field: return read_named(from, out.platform);
    case chat_type_field: return read_named(from, out.chat_type);
    case guild_id_field: return read_text(from, guild);
    default: break;
    }
    const auto& x = source_fields[field];
    return x.id != nullptr ? read_text(from, out.*x.id) : read_flag(from, out.*x.flag);
  };
  if (!read_members(from, source_names, read)) return false;
  if (out.scope_id.empty()) out.scope_id = std::move(guild);
  return true;
}

bool read_event(ordinary_reader& from, inbound_event& out) {
  const char* begin = from.next();
  const auto read = [&](std::size_t number) {
    switch (number) {
    case event_names::text: return read_text(from, out.text, std::string::npos);
    case event_names::source: return from.word("null") || read_source(from, out.source);
    case event_names::message_id: return read_text(from, out.message_id);
    case event_names::reply_to_message_id: return read_text(from, out.reply_to_message_id);
    case event_names::type: {
      std::string_view name;
      if (!from.text(name)) return false;
      out.type = type_of(name);
      return true;
    }
    default: return number < event_names::first_gateway_only && from.word("null");
    }
  };
  if (!read_members(from, event_names::names, read)) return false;
  out.raw.assign(begin, from.position());
  return true;
}

constexpr json::name_table result_names{
    std::array<std::string_view, 6>{"success", "message_id", "message_ids", "error", "code", "ambiguous"}};
enum result_name : std::uint8_t { success, message_id };

/// Of an action that was done, and of which nothing else is said.
bool read_success(ordinary_reader& from, action_result& out) {
  constexpr std::size_t longest_raw = 64UL << 10;
  const char* begin = from.next();
  bool done = false;
  const auto read = [&](std::size_t number) {
    if (number == success) return done = from.word("true");
    return number == message_id && read_text(from, out.message_id);
  };
  if (!read_members(from, result_names, read) || !done) return false;
  out.how = outcome::done;
  out.raw.assign(begin, from.position());
  return out.raw.size() <= longest_raw;
}

constexpr json::name_table frame_names{
    std::array<std::string_view, 5>{"type", "event", "bufferId", "requestId", "result"}};
enum frame_name : std::uint8_t { type, event, buffer_id, request_id, result };

} // namespace
} // namespace ordinary

bool read_ordinary_frame(std::string_view line, bool authenticated, frame& out) {
  using namespace ordinary;
  if (json::check_text(line, max_depth) != json::text_fault::none) return false;
  ordinary_reader from{line};
  std::string_view of_type;
  std::shared_ptr<inbound_event> its_event;
  std::string its_buffer_id;
  outbound_result answer;
  bool answered = false;
  const auto read = [&](std::size_t number) {
    switch (number) {
    case type: return from.text(of_type) && (of_type == "inbound" || of_type == "outbound_result");
    case event: its_event = std::make_shared<inbound_event>(); return read_event(from, *its_event);
    case buffer_id: return read_text(from, its_buffer_id);
    case request_id: return read_text(from, answer.request_id, longest_request_id);
    default: answered = true; return read_success(from, answer.result);
    }
  };
  if (!read_members(from, frame_names, read) || !from.finished()) return false;
  const bool answers = of_type == "outbound_result";
  if (of_type.empty() || answers != answered || answers == (its_event != nullptr)) return false;
  if (answers) {
    if (answer.request_id.empty()) return false;
    out = std::move(answer);
  } else {
    its_event->delivered_via_upstream_relay = authenticated;
    out = inbound{event_ref{std::move(its_event)}, std::move(its_buffer_id)};
  }
  return true;
}

} // namespace relay::wire
