// Reads the directory of a fleet. Blocking: it waits for the disk.
#pragma once

#include "relay_gateway/app/fleet/gateway_files.hpp"

#include <cstdint>
#include <map>
#include <set>
#include <string>

namespace relay::fleet {

struct directory_reading {
  std::string error; ///< empty: the directory could be read
  gateway_files files{};
  std::map<std::string, std::uint64_t> digests{}; ///< by gateway; 0: its file cannot be read
  std::set<std::string> secret_variables{};       ///< that the secrets of any of them are made of
};

directory_reading read_directory(const std::string& path);

} // namespace relay::fleet
