#include "relay_gateway/app/commands/doctor/doctor_local.hpp"

#include "relay_gateway/app/commands/identity_of.hpp"
#include "relay_gateway/config/values/units.hpp"
#include "relay_gateway/messages/wire/http/iso8601.hpp"
#include "relay_gateway/messages/wire/http/login_store.hpp"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

namespace relay::commands {

namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t little_room = 100ULL << 20;

/// Read only: renewing is the gateway's, since a refresh token works once.
finding check_login(const ports& env, const config::identity_settings& from) {
  const std::string remedy = "log in, or set GATEWAY_RELAY_ACCESS_TOKEN or GATEWAY_RELAY_IDP_*";
  std::error_code ec;
  if (!fs::exists(from.login_store, ec))
    return {"tokens", verdict::warning,
            "nobody is logged in and no identity token is configured, so nothing is provisioned and the "
            "gateway dials without credentials",
            remedy};
  secret text;
  std::string why;
  if (!env.secrets->read(from.login_store, text, why))
    return {"tokens", verdict::failed, "the login store cannot be read: " + why, "check its owner and mode"};
  auto login = wire::read_login(text.reveal());
  if (!login.error.empty()) return {"tokens", verdict::failed, login.error, remedy};
  auto now = env.clock->wall_ms() / 1000;
  if (!wire::login_stale(login, now))
    return {"tokens",
            verdict::fine,
            "the login in " + from.login_store + " is good until " + wire::iso8601(login.expires_at),
            {}};
  if (login.refresh_token.empty())
    return {"tokens", verdict::failed, "the login has ended and has no refresh token", "log in again"};
  if (::access(fs::path{from.login_store}.parent_path().c_str(), W_OK) != 0)
    return {"tokens", verdict::failed,
            "the login must be renewed, and its successor cannot be kept: " + from.login_store + ": " +
                std::strerror(errno),
            "let the gateway write there, or log in anew for each start"};
  return {"tokens",
          verdict::fine,
          "the login in " + from.login_store + " will be renewed at " +
              wire::portal_of(from.portal_override, login.portal_base_url),
          {}};
}

/// The nearest directory above that is there.
fs::path nearest(fs::path x) {
  std::error_code ec;
  while (!x.empty() && x != x.parent_path() && !fs::exists(fs::symlink_status(x, ec))) x = x.parent_path();
  return x.empty() ? fs::path{"."} : x;
}

finding unwritable(const std::string& path, const std::string& why) {
  return {"state", verdict::failed, "the state directory " + path + " cannot be written: " + why,
          "set GATEWAY_STATE_DIR to a directory of this user's, or to none to keep state in memory only"};
}

} // namespace

finding check_tokens(const ports& env, const config::settings& from) {
  if (from.relay.pinned())
    return {"tokens", verdict::fine, "the credentials of " + from.relay.gateway_id + " are pinned", {}};
  if (from.idp.token_url.empty() && !from.idp.access_token.configured()) return check_login(env, from.idp);
  auto found = identity_of(env, from);
  if (!found.error.empty())
    return {"tokens", verdict::failed, found.error,
            from.idp.token_url.empty() ? "check the access token's file (GATEWAY_RELAY_ACCESS_TOKEN_FILE)"
                                       : "check GATEWAY_RELAY_IDP_* and the identity provider"};
  return {"tokens",
          verdict::fine,
          from.idp.token_url.empty() ? "an access token is given" : "the identity provider gives a token",
          {}};
}

std::uint64_t lock_holder(const std::string& table, std::uint64_t inode) {
  // 1: FLOCK  ADVISORY  WRITE 4711 08:01:123456 0 EOF
  std::istringstream lines{table};
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words{line};
    std::string number, kind, mode, access, file;
    std::uint64_t process = 0;
    if (!(words >> number >> kind >> mode >> access >> process >> file) || kind != "FLOCK") continue;
    auto last = file.rfind(':');
    if (last != std::string::npos && file.substr(last + 1) == std::to_string(inode)) return process;
  }
  return 0;
}

finding check_state_dir(const std::string& path, bool running) {
  if (path.empty()) return {"state", verdict::skipped, "state is kept in memory only", {}};
  auto there = nearest(path);
  std::error_code ec;
  if (!fs::is_directory(there, ec))
    return unwritable(path, there.string() + (ec ? ": " + ec.message() : " is not a directory"));
  // Made and removed: permissions alone do not tell of a read-only file system.
  auto name = (there / ".doctor-XXXXXX").string();
  auto descriptor = ::mkstemp(name.data());
  if (descriptor < 0) return unwritable(path, there.string() + ": " + std::strerror(errno));
  ::close(descriptor);
  ::unlink(name.c_str());
  struct stat lock {};
  if (!running && ::stat((path + "/relay.lock").c_str(), &lock) == 0) {
    std::ifstream file{"/proc/locks"};
    const std::string table{std::istreambuf_iterator<char>{file}, {}};
    if (auto process = lock_holder(table, lock.st_ino); process != 0)
      return {"state", verdict::failed,
              "the state directory " + path + " is held by process " + std::to_string(process),
              "stop that one first, or set GATEWAY_STATE_DIR to another directory"};
  }
  struct statvfs room {};
  auto free = ::statvfs(there.c_str(), &room) == 0 ? std::uint64_t{room.f_bavail} * room.f_frsize : 0;
  auto made = there == fs::path{path} ? "" : " (made at the first start)";
  auto text = "the state directory " + path + made + " can be written, " + std::to_string(free >> 20) +
              " MiB are free";
  if (free < little_room)
    return {"state", verdict::warning, text, "make room: without it events are refused instead of kept"};
  return {"state", verdict::fine, text, {}};
}

} // namespace relay::commands
