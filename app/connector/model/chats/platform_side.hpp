// What a chat platform does with an action: checks it as the real ones do, shows it in the chat log, answers
// with a plausible result (protocol.md 6).
#pragma once

#include "relay_gateway/app/connector/json.hpp"
#include "relay_gateway/app/connector/model/chats/chat_log.hpp"

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>

namespace relay::connector {

/// What of a descriptor decides how an action is treated.
struct platform_limits {
  std::int64_t max_length = 4096;
  bool utf16 = false;
  bool drafts = false;
  std::set<std::string, std::less<>> ops;
};
platform_limits read_limits(std::string_view descriptor);
/// Length of UTF-8 text in code points or UTF-16 code units.
std::int64_t length_of(std::string_view text, bool utf16);

/// Which checks are on (options.hpp, behaviour).
struct platform_checks {
  bool discriminators = false, length = true;
};

/// Not thread-safe.
class platform_side {
public:
  explicit platform_side(chat_log& chats) : chats_(chats) {}
  /// Performs `action` (an object) on `platform` and returns the result object as JSON text.
  std::string perform(std::string_view platform, const platform_limits& limits, const json::value& action,
                      const platform_checks& checks, std::int64_t now_ms);

private:
  struct call;
  std::string say(call& x);
  std::string edit(call& x);
  std::string typing(call& x);
  std::string media(call& x);
  std::string prompt(call& x);
  std::string react(call& x);
  std::string remove(call& x);
  std::string draft(call& x);
  std::string card(call& x);
  std::string open_thread(call& x);
  std::string rename_thread(call& x);
  chat_entry& post(call& x, std::string form);

  chat_log& chats_;
};

} // namespace relay::connector
