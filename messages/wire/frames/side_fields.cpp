#include "relay_gateway/messages/wire/frames/side_fields.hpp"

#include "relay_gateway/messages/wire/json/json_document.hpp"
#include "relay_gateway/messages/wire/json/json_scan.hpp"

#include <algorithm>
#include <array>
#include <span>

namespace relay::wire {

namespace {

/// An object of a frame, and what it says nothing without: an unreadable one of `needed` spoils the frame.
struct part {
  std::string_view name;
  std::span<const std::string_view> needed;
  std::span<const part> inside;
  std::string_view filled{}; ///< a text that must be there for the rest to be worth anything
};

// Without these an event would be somebody else's, or be answered in a wrong place.
constexpr std::array<std::string_view, 13> of_source{"platform",
                                                     "chat_id",
                                                     "chat_type",
                                                     "thread_id",
                                                     "profile",
                                                     "scope_id",
                                                     "guild_id",
                                                     "user_id",
                                                     "user_id_alt",
                                                     "parent_chat_id",
                                                     "is_bot",
                                                     "message_is_edit",
                                                     "prospective_thread_id"};
constexpr std::array<std::string_view, 1> of_event{"text"};
constexpr std::array<std::string_view, 3> of_forward{"platform", "profile", "bodyB64"};
constexpr std::array<std::string_view, 3> of_result{"success", "ambiguous", "code"};
constexpr std::array<std::string_view, 4> of_descriptor{"platform", "max_message_length", "len_unit",
                                                        "supported_ops"};
constexpr std::array<std::string_view, 4> of_frame{"type", "action", "requestId", "session_key"};
constexpr std::array<part, 1> in_event{{{"source", of_source, {}, {}}}};
constexpr std::array<part, 4> in_frame{{{"event", of_event, in_event, "text"},
                                        {"forward", of_forward, {}, {}},
                                        {"result", of_result, {}, {}},
                                        {"descriptor", of_descriptor, {}, {}}}};
constexpr part whole_frame{"", of_frame, in_frame, {}};

/// Whether the member can be read at this depth; `room` is only memory.
bool readable(std::string_view member, int depth, std::string& room) {
  room.assign(static_cast<std::size_t>(depth), '[');
  room.append("{").append(member).append("}").append(static_cast<std::size_t>(depth), ']');
  json::document doc;
  return doc.parse(room);
}

/// What follows the last member: nothing but the end of the object.
bool closes(std::string_view rest) {
  constexpr std::string_view blanks = " \t\r\n";
  const auto at = rest.find_first_not_of(blanks);
  return at != std::string_view::npos && rest[at] == '}' &&
         rest.find_first_not_of(blanks, at + 1) == std::string_view::npos;
}

class filter {
public:
  bool dropped() const { return dropped_; }

  bool copy(const part& what, std::string_view object, int depth, std::string& out) {
    json::member_walk members{object};
    const char* end = object.data();
    bool filled = what.filled.empty();
    out += '{';
    for (bool first = true; members.next();) {
      const auto name = members.name();
      const auto text = members.text();
      end = text.data() + text.size();
      // With the quotes of its name.
      const std::string_view member{name.data() - 1, static_cast<std::size_t>(end - name.data() + 1)};
      const auto before = out.size();
      if (!first) out += ',';
      if (readable(member, depth, room_)) {
        filled = filled || (name == what.filled && text.size() > 2 && text.front() == '"');
        out.append(member);
      } else if (const auto* inner = find(what, name); inner != nullptr && text.starts_with('{')) {
        out.append(member.substr(0, member.size() - text.size()));
        if (!copy(*inner, text, depth + 1, out)) return false;
      } else if (inner != nullptr || needed(what, name)) {
        return false;
      } else {
        dropped_ = true;
        const std::string none{std::string{member.substr(0, member.size() - text.size())} + "null"};
        if (!readable(none, depth, room_)) { // its name, too
          out.resize(before);
          continue;
        }
        out.append(none);
      }
      first = false;
    }
    out += '}';
    // An empty object has no member to go by, and nothing to drop either.
    return filled && end != object.data() &&
           closes(object.substr(static_cast<std::size_t>(end - object.data())));
  }

private:
  static const part* find(const part& what, std::string_view name) {
    const auto it =
        std::find_if(what.inside.begin(), what.inside.end(), [&](auto& x) { return x.name == name; });
    return it == what.inside.end() ? nullptr : &*it;
  }
  /// A name with escapes may be any.
  static bool needed(const part& what, std::string_view name) {
    return name.find('\\') != std::string_view::npos ||
           std::find(what.needed.begin(), what.needed.end(), name) != what.needed.end();
  }

  std::string room_;
  bool dropped_ = false;
};

} // namespace

bool without_unreadable_fields(std::string_view line, std::string& out) {
  const auto from = line.find_first_not_of(" \t\r\n");
  if (from == std::string_view::npos || line[from] != '{') return false;
  out.clear();
  filter it;
  return it.copy(whole_frame, line.substr(from), 0, out) && it.dropped();
}

} // namespace relay::wire
