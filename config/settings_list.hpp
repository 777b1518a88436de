// Every setting for a person or a program, made from the catalogue: what `settings` and `--help-all` print.
// Pure.
#pragma once

#include "relay_gateway/config/catalogue.hpp"

#include <string>
#include <string_view>

namespace relay::config {

/// "relay", "identity", "service", "chats", "media" or "limits".
std::string_view name_of(section x) noexcept;
/// "at reload" or "at restart".
std::string_view name_of(applies x) noexcept;

/// The variable as it is given, with its file form: `GATEWAY_RELAY_SECRET or GATEWAY_RELAY_SECRET_FILE`;
/// empty when there is none.
std::string variables_of(const entry& x);
/// Where `x` may stand in the config file, the stronger path first; empty when it is no setting of that file.
std::string paths_of(const entry& x);

/// Two to four lines per setting, by section.
std::string settings_text();
/// `{"settings":[{"key","section","meaning","default","environment","flag","yaml","secret","applies"}]}` with
/// a line break at its end; what a setting does not have is null.
std::string settings_json();

} // namespace relay::config
