#include "relay_gateway/app/connector/model/state_file.hpp"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <sstream>
#include <sys/stat.h>
#include <unistd.h>

namespace relay::connector {

namespace {

/// A descriptor that is closed on every way out.
struct owned_fd {
  int fd;
  explicit owned_fd(int x) : fd(x) {}
  owned_fd(const owned_fd&) = delete;
  owned_fd& operator=(const owned_fd&) = delete;
  ~owned_fd() {
    if (fd >= 0) ::close(fd);
  }
};

bool write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    auto n = ::write(fd, text.data(), text.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    text.remove_prefix(static_cast<std::size_t>(n));
  }
  return true;
}

} // namespace

bool state_file::load(std::string& out, std::string& error) const {
  out.clear();
  if (!present()) return true;
  struct stat about {};
  if (::stat(path_.c_str(), &about) != 0 && errno == ENOENT) return true;
  std::ifstream in{path_, std::ios::binary};
  std::ostringstream text;
  text << in.rdbuf();
  if (!in) {
    error = "cannot read " + path_ + ": " + std::strerror(errno);
    return false;
  }
  out = text.str();
  return true;
}

bool state_file::save(std::string_view text, std::string& error) const {
  if (!present()) return true;
  auto fresh = path_ + ".new";
  auto failed = [&](const char* what) {
    error = std::string{"cannot "} + what + " " + fresh + ": " + std::strerror(errno);
    return false;
  };
  owned_fd file{::open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600)};
  if (file.fd < 0) return failed("write");
  if (!write_all(file.fd, text) || ::fsync(file.fd) != 0) return failed("write");
  if (::rename(fresh.c_str(), path_.c_str()) != 0) return failed("rename");
  return true;
}

} // namespace relay::connector
