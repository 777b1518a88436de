#include "relay_gateway/app/connector/model/record_file.hpp"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <unistd.h>
#include <utility>

namespace relay::connector {

record_file::~record_file() {
  if (fd_ >= 0) ::close(fd_);
}

bool record_file::open(const std::string& path, std::string& error) {
  path_ = path;
  fd_ = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (fd_ < 0) error = "cannot write the record file " + path + ": " + std::strerror(errno);
  return fd_ >= 0;
}

bool record_file::append(std::string_view lines, std::string& error) {
  while (!lines.empty() && fd_ >= 0) {
    auto n = ::write(fd_, lines.data(), lines.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) {
      error = "cannot write the record file " + path_ + ", it ends here: " + std::strerror(errno);
      ::close(std::exchange(fd_, -1));
      return false;
    }
    lines.remove_prefix(static_cast<std::size_t>(n));
  }
  return true;
}

} // namespace relay::connector
