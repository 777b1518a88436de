// `relay-gateway demo`. Returns the exit code and says what went wrong in one line on standard error.
#pragma once

#include <string>

namespace relay::commands {

struct demo_options {
  bool once = false;
  std::string listen = "127.0.0.1:0"; ///< of the stand-in's console page
};
/// Connector stand-in, gateway and echo agent in one process.
int demo(const demo_options& what);

} // namespace relay::commands
