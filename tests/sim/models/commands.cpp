#include "relay_gateway/tests/sim/models/commands.hpp"

#include <array>

namespace relay::sim {

namespace {

constexpr std::array<const char*, 6> fine{
    R"({"name":"ok-ask","description":"Ask something"})",
    R"({"name":"ok-draw","description":"Draws","options":[{"name":"what","description":"Of what","type":3,"required":true},
        {"name":"size","description":"How large","type":"integer","choices":[{"name":"small","value":1},{"name":"large","value":-2.5}]}]})",
    R"({"name":"ok-users","description":"About people","options":[{"name":"group","description":"All","type":"sub_command_group",
        "options":[{"name":"add","description":"One","type":1,"options":[{"name":"who","description":"Whom","type":"user"}]}]}]})",
    R"({"name":"ok-pick","description":"\u00e9\u2603","options":[{"name":"one","description":"Of these","type":"string",
        "choices":[{"name":"A","value":"a"}]},{"name":"two","description":"No type"}],"future":[1]})",
    R"({"name":"ok-plain","description":"Nothing else","options":null})",
    R"({"name":"ok-twice","description":"Here"},{"name":"ok-twice","description":"And here"})"};

constexpr std::array<const char*, 17> wrong{
    R"({"name":"Bad Name!","description":"d"})",
    R"({"name":"empty","description":""})",
    R"(7)",
    R"({"name":7,"description":"d"})",
    R"({"name":"a","description":5})",
    R"({"name":"a","description":"d","options":{}})",
    R"({"name":"a","description":"d","options":[4]})",
    R"({"name":"a","description":"d","options":[{"name":"UP","description":"d"}]})",
    R"({"name":"a","description":"d","options":[{"name":"o","description":""}]})",
    R"({"name":"a","description":"d","options":[{"name":"o","description":"d","type":99}]})",
    R"({"name":"a","description":"d","options":[{"name":"o","description":"d","type":[1]}]})",
    R"({"name":"a","description":"d","options":[{"name":"o","description":"d","required":"yes"}]})",
    R"({"name":"a","description":"d","options":[{"name":"o","description":"d","choices":[{"name":"c"}]}]})",
    R"({"name":"a","description":"d","options":[{"name":"o","description":"d","choices":[{"name":"","value":"v"}]}]})",
    R"({"name":"a","description":"d","options":[{"name":"o","description":"d","type":3,"options":[{"name":"p","description":"d"}]}]})",
    R"({"name":"a","description":"d","options":[{"name":"o","description":"d"},{"name":"o","description":"d"}]})",
    R"({"name":"a","description":"d","options":[{"name":"o","description":"d","choices":[{"name":"n","value":""}]}]})"};

} // namespace

std::string some_commands(seeded_rng& rng) {
  if (rng.chance(0.05)) return "\"none\"";
  std::string out = "[";
  auto add = [&](const char* x) { out += (out.size() > 1 ? "," : "") + std::string{x}; };
  for (auto* x : fine)
    if (rng.chance(0.4)) add(x);
  while (rng.chance(0.5)) add(rng.one_of(wrong));
  for (auto& c : out)
    if (c == '\n') c = ' '; // a frame is a line
  return out + "]";
}

} // namespace relay::sim
