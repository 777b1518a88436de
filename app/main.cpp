#include "relay_gateway/app/commands/cli.hpp"
#include "relay_gateway/app/host/standard_streams.hpp"

int main(int argc, char** argv) {
  relay::host::open_standard_streams();
  return relay::commands::main(argc, argv);
}
