#include "relay_gateway/app/commands/version_command.hpp"

#include "relay_gateway/app/commands/say.hpp"
#include "relay_gateway/app/process.hpp"
#include "relay_gateway/app/queue/nats_port.hpp"
#include "relay_gateway/app/version.hpp"
#include "relay_gateway/messages/wire/json/json_write.hpp"

#include <CLI/Version.hpp>
#include <boost/version.hpp>
#include <caf/config.hpp>
#include <openssl/crypto.h>
#include <rapidjson/rapidjson.h>
#include <spdlog/version.h>

#include <sqlite3.h>
#include <string>

namespace relay::commands {

namespace {

std::string dotted(int major, int minor, int patch) {
  return std::to_string(major) + "." + std::to_string(minor) + "." + std::to_string(patch);
}

/// Shared libraries tell the version that runs, the others the one they were built from.
void append_libraries(std::string& out) {
  wire::json::object_writer{out}
      .text("caf", dotted(CAF_VERSION / 10000, CAF_VERSION / 100 % 100, CAF_VERSION % 100))
      .text("boost", dotted(BOOST_VERSION / 100000, BOOST_VERSION / 100 % 1000, BOOST_VERSION % 100))
      .text("openssl", OpenSSL_version(OPENSSL_VERSION_STRING))
      .text("sqlite", sqlite3_libversion())
      .text("nats", queue::nats_library_version())
      .text("rapidjson", RAPIDJSON_VERSION_STRING)
      .text("spdlog", dotted(SPDLOG_VER_MAJOR, SPDLOG_VER_MINOR, SPDLOG_VER_PATCH))
      .text("cli11", CLI11_VERSION)
      .end();
}

} // namespace

std::string version_json() {
  std::string out;
  wire::json::object_writer to{out};
  to.text("version", version())
      .text("revision", revision())
#if defined(__clang__)
      .text("compiler", "clang " __clang_version__)
#else
      .text("compiler", "gcc " __VERSION__)
#endif
      .key("libraries");
  append_libraries(out);
  to.end();
  return out;
}

int version_command(bool json) {
  print((json ? version_json() : "relay-gateway " + std::string{version()}) + "\n");
  return exit_code::fine;
}

} // namespace relay::commands
