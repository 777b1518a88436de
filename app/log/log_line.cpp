#include "relay_gateway/app/log/log_line.hpp"

#include "relay_gateway/messages/wire/json/utf8.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>

namespace relay {

namespace {

constexpr std::string_view cut_mark = "\xE2\x80\xA6";    // …
constexpr std::string_view replacement = "\xEF\xBF\xBD"; // U+FFFD
constexpr std::size_t reserve = 24; // for the end of a line: `,"truncated":true}` and a break

std::string_view name_of(severity level) {
  switch (level) {
  case severity::debug: return "debug";
  case severity::info: return "info";
  case severity::warn: return "warn";
  case severity::error: return "error";
  }
  return "error";
}

/// The code point of a valid sequence of two or three bytes, which is where everything to escape lies.
unsigned code_point(std::string_view sequence) {
  auto byte = [&](std::size_t i) { return static_cast<unsigned char>(sequence[i]); };
  if (sequence.size() == 2) return (byte(0) & 0x1FU) << 6U | (byte(1) & 0x3FU);
  if (sequence.size() == 3) return (byte(0) & 0x0FU) << 12U | (byte(1) & 0x3FU) << 6U | (byte(2) & 0x3FU);
  return 0;
}

/// C1 controls, line separators, and the marks that turn the direction of what follows.
bool misleads(unsigned c) {
  return (c >= 0x80 && c <= 0x9F) || c == 0x200E || c == 0x200F || (c >= 0x2028 && c <= 0x202E) ||
         (c >= 0x2066 && c <= 0x2069) || c == 0xFEFF;
}

/// One character at the start of `text` in its shown form; takes it off `text`.
std::string shown(std::string_view& text) {
  auto first = static_cast<unsigned char>(text.front());
  if (first < 0x80) {
    text.remove_prefix(1);
    switch (first) {
    case '"': return "\\\"";
    case '\\': return "\\\\";
    case '\n': return "\\n";
    case '\r': return "\\r";
    case '\t': return "\\t";
    default:
      return first < 0x20 || first == 0x7F ? fmt::format("\\u{:04x}", first)
                                           : std::string(1, static_cast<char>(first));
    }
  }
  auto size = wire::utf8_length(text.data(), text.data() + text.size());
  if (size == 0) {
    text.remove_prefix(1);
    return std::string{replacement};
  }
  std::string sequence{text.substr(0, size)};
  text.remove_prefix(size);
  auto c = code_point(sequence);
  return misleads(c) ? fmt::format("\\u{:04x}", c) : sequence;
}

/// Appends `text` in quotes, at most `room` bytes of it.
void append_quoted(std::string& out, std::string_view text, std::size_t room) {
  out += '"';
  auto end = out.size() + room - std::min(room, cut_mark.size());
  while (!text.empty()) {
    auto next = shown(text);
    if (out.size() + next.size() > end) {
      out += cut_mark;
      break;
    }
    out += next;
  }
  out += '"';
}

bool bare(std::string_view text) {
  constexpr std::string_view more = "_-./:@+,%#*[](){}<>!?&;|~^$";
  return !text.empty() && text.size() <= longest_field && std::all_of(text.begin(), text.end(), [&](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           more.find(c) != std::string_view::npos;
  });
}

/// What is left for a value in a line; 0 = leave it out.
std::size_t room_in(const std::string& line, std::string_view key) {
  auto used = line.size() + key.size() + 8 + reserve; // 8: separators and quotes
  if (used + 32 > longest_line) return 0;
  return std::min(longest_field, longest_line - used);
}

std::string_view key_of(const log_field& field) { return field.key.substr(0, 64); }

} // namespace

std::string rfc3339(std::chrono::system_clock::time_point when) {
  auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(when.time_since_epoch()).count();
  auto seconds = ms / 1000 - (ms % 1000 < 0 ? 1 : 0);
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z", fmt::gmtime(static_cast<std::time_t>(seconds)),
                     ms - seconds * 1000);
}

std::string text_line(std::chrono::system_clock::time_point when, severity level, std::string_view id,
                      std::span<const log_field> fields) {
  auto out = fmt::format("{} {:<5} {}", rfc3339(when), name_of(level), id.substr(0, 128));
  for (const auto& field : fields) {
    if (field.value.empty()) continue;
    auto key = key_of(field);
    auto room = room_in(out, key);
    if (room == 0) {
      out += " truncated=true";
      break;
    }
    out += ' ';
    out += key;
    out += '=';
    if (bare(field.value) && field.value.size() <= room)
      out += field.value;
    else
      append_quoted(out, field.value, room);
  }
  return out;
}

std::string json_line(std::chrono::system_clock::time_point when, severity level, std::string_view id,
                      std::span<const log_field> fields) {
  auto out = fmt::format(R"({{"ts":"{}","level":"{}","event":)", rfc3339(when), name_of(level));
  append_quoted(out, id, 128);
  for (const auto& field : fields) {
    if (field.value.empty()) continue;
    std::string key{key_of(field)};
    if (key == "ts" || key == "level" || key == "event") key += '_';
    auto room = room_in(out, key);
    if (room == 0) {
      out += R"(,"truncated":true)";
      break;
    }
    out += ',';
    append_quoted(out, key, 128);
    out += ':';
    if (field.literal)
      out += field.value;
    else
      append_quoted(out, field.value, room);
  }
  return out + '}';
}

} // namespace relay
