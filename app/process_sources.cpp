#include "relay_gateway/app/process_sources.hpp"

#include "relay_gateway/app/net/io/regular_file.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <string_view>
#include <sys/stat.h>
#include <unistd.h>

extern char** environ;

namespace relay::config {

namespace {

constexpr std::size_t most =
    (1U << 20) + 1; // one more than a config file may have, so that too large shows (F51)

/// One file, and all files of one resolution together: a reload must not hold up what it is asked by.
constexpr std::chrono::seconds patience_with_one{2}, patience_with_all{4};

auto regular_files() {
  return [until =
              std::chrono::steady_clock::now() + patience_with_all](const std::string& path) -> file_content {
    const auto left = until - std::chrono::steady_clock::now();
    auto found = net::read_regular_file(
        path, most,
        std::chrono::duration_cast<std::chrono::milliseconds>(
            std::clamp<std::chrono::nanoseconds>(left, std::chrono::nanoseconds{0}, patience_with_one)));
    return {std::move(found.text), std::move(found.why)};
  };
}

/// Also where nobody can say, as with a link to itself: then it cannot be read, which is told.
bool is_there(const std::string& path) {
  struct stat info {};
  return ::stat(path.c_str(), &info) == 0 || (errno != ENOENT && errno != ENOTDIR);
}

bool others_may_read(const std::string& path) {
  struct stat info {};
  return ::stat(path.c_str(), &info) == 0 && (info.st_mode & S_IROTH) != 0;
}

std::map<std::string, std::string> environment() {
  std::map<std::string, std::string> result;
  for (char** at = environ; at != nullptr && *at != nullptr; ++at) {
    std::string_view pair{*at};
    if (auto equals = pair.find('='); equals != std::string_view::npos)
      result.emplace(pair.substr(0, equals), pair.substr(equals + 1));
  }
  return result;
}

std::string host_name() {
  std::array<char, 256> name{};
  return ::gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "";
}

} // namespace

sources process_sources(std::map<std::string, std::string> flags, std::optional<std::string> config_file) {
  return {std::move(flags), environment(), std::move(config_file), host_name(),
          regular_files(),  is_there,      others_may_read};
}

} // namespace relay::config
