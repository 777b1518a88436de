#include "relay_gateway/app/commands/cli.hpp"

int main(int argc, char** argv) { return relay::commands::main(argc, argv); }
