#include "relay_gateway/app/commands/cli.hpp"
#include "relay_gateway/app/host/standard_streams.hpp"

#ifdef RELAY_GATEWAY_ALLOCATOR_jemalloc
// Read by jemalloc. What is free goes back at once: kept for later it is a peak beyond what is promised.
extern "C" const char* malloc_conf;
const char* malloc_conf = "narenas:1,dirty_decay_ms:0,muzzy_decay_ms:0";
#endif

int main(int argc, char** argv) {
  relay::host::open_standard_streams();
  return relay::commands::main(argc, argv);
}
