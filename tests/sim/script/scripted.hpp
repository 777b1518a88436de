// Fault scripts are the stand-in's own (app/connector/faults): the same reader, the same decisions.
#pragma once

#include "relay_gateway/app/connector/faults/language/script.hpp"
#include "relay_gateway/app/connector/faults/steps.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace relay::sim {

/// Short for them; `connector` alone is a class here.
namespace scripted = ::relay::connector::faults;

/// Reads a script from a file. Nothing when it is none: then `why` is one line.
std::optional<scripted::script> read_script(const std::string& path, std::string& why);
/// A rule as its reader knows it: its name, or where it stands.
std::string title_of(const scripted::script& from, std::size_t rule);

} // namespace relay::sim
