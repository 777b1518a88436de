#include "relay_gateway/config/sources/read_file.hpp"

#include <exception>

namespace relay::config {

file_content read_file(const sources& from, const std::string& path) {
  if (path.empty() || !from.reader) return std::nullopt;
  try {
    return from.reader(path);
  } catch (const std::exception& ex) {
    return {std::nullopt, ex.what()};
  }
}

std::string with_reason(std::string what, const file_content& found) {
  return found.why.empty() ? what : what + ": " + found.why;
}

std::string unreadable_file(const file_content& found) {
  return with_reason("names a file that cannot be read", found);
}

} // namespace relay::config
