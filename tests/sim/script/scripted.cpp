#include "relay_gateway/tests/sim/script/scripted.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>
#include <vector>

namespace relay::sim {

std::optional<scripted::script> read_script(const std::string& path, std::string& why) {
  std::ifstream in{path, std::ios::binary};
  std::ostringstream text;
  if (!in || !(text << in.rdbuf())) {
    why = path + ": cannot be read: " + std::strerror(errno);
    return std::nullopt;
  }
  std::vector<scripted::problem> told;
  auto out = scripted::parse(text.str(), told);
  if (out) {
    const auto on_answer = [](const auto& x) { return x.when.on == scripted::trigger::answer; };
    if (std::none_of(out->rules.begin(), out->rules.end(), on_answer)) return out;
    why = path + ": rules on answers are for relay-connector: the simulated connector asks none";
    return std::nullopt;
  }
  why = path + ": " + to_string(told.front());
  if (told.size() > 1)
    why += " (and " + std::to_string(told.size() - 1) + " more: relay-connector --check-faults lists them)";
  return std::nullopt;
}

std::string title_of(const scripted::script& from, std::size_t rule) {
  auto& name = from.rules[rule].name;
  return name.empty() ? "#" + std::to_string(rule + 1) : name;
}

} // namespace relay::sim
