#include "relay_gateway/app/commands/running/probe.hpp"

#include "relay_gateway/app/commands/running/running_gateway.hpp"
#include "relay_gateway/app/commands/say.hpp"
#include "relay_gateway/app/process.hpp"

namespace relay::commands {

int probe(const setting_options& from, const std::string& what) {
  auto answer = ask_gateway(from, "GET", what == "ready" ? "/readyz" : "/livez", {}, milliseconds{5'000});
  if (answer.status == 0) return fail(exit_code::failure, answer.error);
  if (answer.status == 200) return exit_code::fine;
  return fail(exit_code::failure, "the gateway is not " + what + ": " + answer.body.reveal());
}

} // namespace relay::commands
