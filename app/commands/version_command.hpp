// `relay-gateway version`. Returns the exit code and says what went wrong in one line on standard error.
#pragma once

#include <string>

namespace relay::commands {

/// Version, revision, compiler and libraries as one JSON object.
std::string version_json();
/// The version; as JSON also revision, compiler and the libraries that this process uses.
int version_command(bool json);

} // namespace relay::commands
