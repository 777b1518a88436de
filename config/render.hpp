// A resolution for a person or a program: what `check` prints. No secret is in it. Thread-safe, never throws.
#pragma once

#include "relay_gateway/config/resolve.hpp"

#include <cstdint>
#include <string>

namespace relay::config {

/// One line per setting: `key = value  (source)`, aligned; an unset one shows as `(unset)`.
std::string listing_text(const resolution& x);
/// One line per problem, as to_string(problem); empty when there is none.
std::string problems_text(const resolution& x);
/// One JSON object, with a line break at its end:
/// `{"ok","config_file":{"path","found"},"settings":[{"key","value",
/// "source"}],"problems":[{"key","where","reason","applied","fatal_for_run","warning"}]}`; the value of an
/// unset setting is null.
std::string resolution_json(const resolution& x);
/// Only the problems, as the array above.
std::string problems_json(const resolution& x);

/// A number of 48 bits that tells whether two processes run with the same settings; secrets do not count.
std::int64_t digest(const resolution& x);

/// What `check` exits with: 0, or 78 when there is any problem that is no warning.
int check_exit_code(const resolution& x);
/// Whether `run` must stop with 78.
bool stops_run(const resolution& x);

} // namespace relay::config
