#include "relay_gateway/app/commands/doctor/bundle.hpp"

#include "relay_gateway/app/commands/running/running_gateway.hpp"
#include "relay_gateway/app/commands/version_command.hpp"
#include "relay_gateway/app/process_sources.hpp"
#include "relay_gateway/config/render.hpp"
#include "relay_gateway/config/resolve.hpp"
#include "relay_gateway/messages/wire/json/json_read.hpp"
#include "relay_gateway/messages/wire/json/json_write.hpp"

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>
#include <unistd.h>

namespace relay::commands {

namespace {

constexpr milliseconds answer_limit{3'000};

/// The body of an endpoint; empty when no gateway answers.
std::string asked(const setting_options& from, const std::string& path) {
  auto answer = look_at_gateway(from, path, answer_limit);
  return answer.status == 200 ? answer.body.reveal() : std::string{};
}

/// JSON of another program part as it is, or null when it is none.
std::string as_json(const std::string& text) {
  wire::json::document doc;
  return doc.parse(text) ? std::string{doc.text()} : "null";
}

/// The machine that asks, which is the gateway's as a rule.
std::string system_json() {
  std::string out;
  wire::json::object_writer to{out};
  utsname name{};
  if (::uname(&name) == 0)
    to.text("kernel", std::string{name.sysname} + " " + name.release + " " + name.machine);
  struct sysinfo about {};
  if (::sysinfo(&about) == 0)
    to.json("memory_bytes", std::to_string(std::uint64_t{about.totalram} * about.mem_unit))
        .json("memory_free_bytes", std::to_string(std::uint64_t{about.freeram} * about.mem_unit))
        .json("uptime_s", std::to_string(about.uptime));
  rlimit files{};
  if (::getrlimit(RLIMIT_NOFILE, &files) == 0) to.json("max_files", std::to_string(files.rlim_cur));
  to.json("processors", std::to_string(::sysconf(_SC_NPROCESSORS_ONLN))).end();
  return out;
}

std::string failure(const std::string& path) {
  return "cannot write " + path + ": " + std::strerror(errno) + "; choose another --bundle file";
}

} // namespace

std::string write_bundle(const std::string& path, const setting_options& from, const std::string& doctor) {
  const auto found = config::resolve(config::process_sources(from.flags, from.config_file));
  std::string out;
  wire::json::object_writer to{out};
  to.json("version", version_json())
      .json("system", system_json())
      .json("doctor", as_json(doctor))
      .json("settings", as_json(config::resolution_json(found)))
      .json("status", as_json(asked(from, "/v1/status")))
      .json("log", as_json(asked(from, "/v1/log")));
  const auto metrics = asked(from, "/metrics");
  if (metrics.empty())
    to.json("metrics", "null");
  else
    to.text("metrics", metrics);
  to.end();
  out += '\n';

  // Not secret, but names of chats and hosts are in it.
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (file < 0) return failure(path);
  std::string_view rest = out;
  std::string why;
  while (!rest.empty() && why.empty()) {
    const auto n = ::write(file, rest.data(), rest.size());
    if (n < 0 && errno != EINTR) why = failure(path);
    if (n > 0) rest.remove_prefix(static_cast<std::size_t>(n));
  }
  if (::close(file) != 0 && why.empty()) why = failure(path);
  return why;
}

} // namespace relay::commands
