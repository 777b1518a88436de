#include "relay_gateway/actors/supervision/core/command_manifest.hpp"

#include <algorithm>

namespace relay::core {

std::vector<command_spec> merged_commands(const std::vector<command_spec>& configured,
                                          const std::vector<command_spec>& declared) {
  auto named = [](const std::vector<command_spec>& in, const command_spec& like) {
    return std::find_if(in.begin(), in.end(), [&](auto& x) { return x.name == like.name; });
  };
  std::vector<command_spec> added;
  for (auto& x : declared)
    if (named(configured, x) == configured.end() && named(added, x) == added.end() &&
        added.size() < most_commands)
      added.push_back(x);
  std::vector<command_spec> out;
  for (auto& x : configured) {
    if (out.size() + added.size() == most_commands) break;
    auto mine = named(declared, x);
    out.push_back(mine == declared.end() ? x : *mine);
  }
  out.insert(out.end(), added.begin(), added.end());
  return out;
}

} // namespace relay::core
