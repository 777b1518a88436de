// HTTP text that is written or taken apart by hand: heads, targets, header safety. Private to app/net. Pure.
#pragma once

#include "relay_gateway/app/net/http/http_server.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace relay::net {

/// Whether a value may stand in a header line: no control characters, so nothing can be smuggled behind it.
bool header_safe(std::string_view value) noexcept;
/// Whether a name is an HTTP token.
bool header_name_safe(std::string_view name) noexcept;
/// ASCII letters only, as HTTP compares header names.
bool equal_ignoring_case(std::string_view a, std::string_view b) noexcept;

/// `%41` -> `A`, and `+` -> space in queries. A broken escape stays as it is.
std::string percent_decode(std::string_view text, bool query);
/// A field of a body in application/x-www-form-urlencoded, decoded; empty when it is not there.
std::string form_value(std::string_view body, std::string_view name);
/// Fills path and query from target.
void take_target_apart(server_request& x);

/// The whole answer. Unsafe headers are left out. `head_only` keeps the length of a body that is not sent.
std::string answer_text(const server_response& x, bool keep_alive, bool head_only);
/// `{"error":"..."}` with that status; `why` needs no escaping.
server_response plain_error(int status, std::string_view why);
/// A time as the Date header writes it (RFC 9110, IMF-fixdate): `Sun, 06 Nov 1994 08:49:37 GMT`.
std::string http_date(std::int64_t unix_s);

} // namespace relay::net
