#include "relay_gateway/app/fleet/directory.hpp"

#include "relay_gateway/app/net/io/regular_file.hpp"
#include "relay_gateway/config/secret_variables.hpp"

#include <chrono>
#include <filesystem>
#include <system_error>
#include <utility>

namespace relay::fleet {

namespace {

constexpr std::size_t most = (1U << 20) + 1; ///< one byte more than a config file may have
/// For one file: one that hangs holds up the reading of the others no longer.
constexpr std::chrono::milliseconds patience{2'000};

} // namespace

directory_reading read_directory(const std::string& path) {
  directory_reading out;
  std::error_code ec;
  std::vector<std::string> names;
  for (std::filesystem::directory_iterator at{path, ec}, end; !ec && at != end; at.increment(ec))
    names.push_back(at->path().filename().string());
  if (ec) {
    out.error = path + ": " + ec.message();
    return out;
  }
  out.files = sorted_files(std::move(names));
  for (const auto& [name, file] : out.files.names) {
    const auto found = net::read_regular_file(path + "/" + file, most, patience);
    out.digests[name] = found.text ? file_digest(file, *found.text) : 0;
    if (!found.text) continue;
    for (auto& variable : config::secret_variables_in(*found.text))
      out.secret_variables.insert(std::move(variable));
  }
  return out;
}

} // namespace relay::fleet
