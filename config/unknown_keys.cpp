#include "relay_gateway/config/unknown_keys.hpp"

#include "relay_gateway/config/values/nearest.hpp"
#include "relay_gateway/config/values/text.hpp"

#include <set>

namespace relay::config {

namespace {

void check_section(reading& in, const std::string& section) {
  auto node = in.at().root().at(section);
  if (!node.is(yaml_node::kind::map)) {
    bool empty = node.is(yaml_node::kind::absent) || node.is(yaml_node::kind::null);
    if (!empty) in.wrong(section, in.at().mark(node.line()), "is not a map", "treated as empty");
    return;
  }
  auto known = known_below(section);
  const std::set<std::string> exact{known.begin(), known.end()};
  std::set<std::string> seen;
  for (const auto& [key, value] : node.members()) {
    auto name = key.text();
    auto path = section + "." + shown(name, 60);
    auto where = in.at().mark(key.line());
    bool ours = exact.count(name) != 0;
    if (!seen.insert(name).second && ours) in.wrong(path, where, "is given twice", "the last one counts");
    if (ours) continue;
    if (in.full()) return;
    // The file may be shared with the agent: what does not look like one of ours is left alone.
    auto close = nearest(name, known);
    bool relay = section == "gateway" && lowered(name).compare(0, 6, "relay_") == 0;
    if (relay || close.distance <= 2)
      in.wrong(path, where, "is an unknown key; did you mean " + section + "." + close.key + "?", "ignored");
  }
}

} // namespace

void check_unknown_keys(reading& in) {
  check_section(in, "gateway");
  for (const char* part :
       {"idp", "log", "idle", "tls", "media", "limits", "slack", "prompts", "openai", "nats"})
    check_section(in, std::string{"gateway."} + part);
}

} // namespace relay::config
