// What a mistyped command or option was meant to be. Pure.
#pragma once

#include <string>
#include <vector>

namespace relay::commands::help {

/// The known word that is nearest to `word`, at most two edits away; empty when none is.
std::string suggestion(const std::string& word, const std::vector<std::string>& known);

} // namespace relay::commands::help
