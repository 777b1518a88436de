#include "relay_gateway/config/resolve.hpp"

#include <array>
#include <cerrno>
#include <fstream>
#include <string_view>
#include <sys/stat.h>
#include <unistd.h>

extern char** environ;

namespace relay::config {

namespace {

constexpr std::size_t most =
    (1U << 20) + 1; // one more than a config file may have, so that too large shows (F51)

std::optional<std::string> read_regular(const std::string& path) {
  struct stat info {};
  // A pipe or a device could block or never end.
  if (::stat(path.c_str(), &info) != 0 || !S_ISREG(info.st_mode)) return std::nullopt;
  std::ifstream in{path, std::ios::binary};
  if (!in) return std::nullopt;
  std::string text(most, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (in.bad()) return std::nullopt;
  text.resize(static_cast<std::size_t>(in.gcount()));
  return text;
}

bool is_there(const std::string& path) {
  struct stat info {};
  return ::stat(path.c_str(), &info) == 0 || errno == EACCES;
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
          read_regular,     is_there,      others_may_read};
}

} // namespace relay::config
