#include "relay_gateway/app/commands/say.hpp"

#include "relay_gateway/config/values/text.hpp"

#include <cstdio>
#include <string>

namespace relay::commands {

void complain(std::string_view line) {
  auto text = "relay-gateway: " + config::shown(line, 2000) + "\n";
  std::fwrite(text.data(), 1, text.size(), stderr);
}

int fail(int code, std::string_view line) {
  complain(line);
  return code;
}

void print(std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
  std::fflush(stdout);
}

} // namespace relay::commands
