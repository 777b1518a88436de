// What somebody needs who is asked for help, in one file. No secret is in it: settings are masked, and the
// gateway tells none.
#pragma once

#include "relay_gateway/app/commands/setting_options.hpp"

#include <string>

namespace relay::commands {

/// Writes `{"version","doctor","settings","status","metrics","log"}` as one JSON object, readable by the
/// owner alone; parts that a gateway would have to answer are null without one. Returns one line when it
/// cannot.
std::string write_bundle(const std::string& path, const setting_options& from, const std::string& doctor);

} // namespace relay::commands
