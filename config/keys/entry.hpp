// One setting with its names, its meaning and its default: reading, suggestions, listings, help, completion
// and man pages go by it.
#pragma once

#include <cstdint>

namespace relay::config {

/// Where a setting stands in listings.
enum class section : std::uint8_t { relay, identity, service, openai, nats, chats, media, limits };

/// When a changed value takes effect.
enum class applies : std::uint8_t { at_reload, at_restart };

/// Names that a setting does not have are empty.
struct entry {
  const char* key;             ///< dotted path in the config file; a variable's name when it has no path
  const char* variable = "";   ///< environment and `.env`
  const char* flag = "";       ///< key in sources::flags; on the command line `--` and `-` for `_` and `.`
  bool secret = false;         ///< shown as ***, never a flag; may come as <variable>_FILE
  const char* other_case = ""; ///< a second spelling of the variable; `variable` wins over it
  bool in_file = true;         ///< whether `key` is read from the config file
  const char* first_key = "";  ///< a second path in the config file; a value there wins over the one at `key`
  config::section section = section::relay;
  const char* what = "";       ///< its meaning in one line, for a person
  const char* by_default = ""; ///< as it would be written; empty: none, or made from something else
  config::applies applies = applies::at_reload;
};

} // namespace relay::config
