// Which files of a directory are gateways, and what they are called. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace relay::fleet {

/// Characters of a gateway's name: it is part of URLs, of log lines, of a metric's label and of the path of
/// its state.
inline constexpr std::size_t longest_name = 63;

/// Letters, digits, `-`, `_` and `.`, the first one a letter or a digit.
bool is_gateway_name(std::string_view x) noexcept;

/// A file that makes no gateway.
struct refused_file {
  std::string file, reason;
  friend bool operator==(const refused_file&, const refused_file&) = default;
};

struct gateway_files {
  std::map<std::string, std::string> names; ///< name of the gateway -> name of its file
  std::vector<refused_file> refused;        ///< in the order of their names
};

/// Of the names in a directory. Files that begin with a dot, or end neither in `.yaml` nor in `.yml`, are not
/// meant; of two files for one name, `.yaml` counts.
gateway_files sorted_files(std::vector<std::string> names);

/// Tells whether a gateway's file, or its text, is another one.
std::uint64_t file_digest(std::string_view file, std::string_view text) noexcept;

} // namespace relay::fleet
