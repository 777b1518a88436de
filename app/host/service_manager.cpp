#include "relay_gateway/app/host/service_manager.hpp"

#include <cerrno>
#include <charconv>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace relay::host {

namespace {

/// The variable's value; it is gone from the environment afterwards.
std::string taken(const char* name) {
  const char* value = std::getenv(name); // NOLINT(concurrency-mt-unsafe): before there are threads
  std::string result = value == nullptr ? "" : value;
  ::unsetenv(name); // NOLINT(concurrency-mt-unsafe)
  return result;
}

std::optional<std::int64_t> number(const std::string& text) {
  std::int64_t result = 0;
  auto [end, bad] = std::from_chars(text.data(), text.data() + text.size(), result);
  if (bad != std::errc{} || end != text.data() + text.size() || result < 0) return std::nullopt;
  return result;
}

} // namespace

std::unique_ptr<service_manager> service_manager::take_from_environment() {
  auto address = taken("NOTIFY_SOCKET");
  auto limit = number(taken("WATCHDOG_USEC"));
  auto pid = taken("WATCHDOG_PID");
  bool ours = pid.empty() || number(pid) == ::getpid();
  return open(address, std::chrono::microseconds{ours && limit ? *limit : 0});
}

std::unique_ptr<service_manager> service_manager::open(std::string_view address,
                                                       std::chrono::microseconds watchdog) {
  sockaddr_un to{};
  if (address.size() < 2 || address.size() >= sizeof to.sun_path) return nullptr;
  if (address.front() != '/' && address.front() != '@') return nullptr;
  to.sun_family = AF_UNIX;
  std::memcpy(to.sun_path, address.data(), address.size());
  auto size = offsetof(sockaddr_un, sun_path) + address.size();
  if (address.front() == '@') to.sun_path[0] = '\0'; // an abstract name is as long as the address says
  int fd = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return nullptr;
  if (::connect(fd, reinterpret_cast<const sockaddr*>(&to), static_cast<socklen_t>(size)) != 0) {
    ::close(fd);
    return nullptr;
  }
  std::unique_ptr<service_manager> result{new service_manager};
  result->socket_ = fd;
  result->watchdog_ = watchdog;
  return result;
}

service_manager::~service_manager() {
  if (socket_ >= 0) ::close(socket_);
}

void service_manager::send(const std::string& lines) noexcept {
  constexpr std::size_t longest = 4096; // older news is worth less than what comes now
  if (unsent_.size() + lines.size() > longest) unsent_.clear();
  unsent_ += (unsent_.empty() ? "" : "\n") + lines;
  ssize_t n = 0;
  do n = ::send(socket_, unsent_.data(), unsent_.size(), MSG_NOSIGNAL);
  while (n < 0 && errno == EINTR);
  bool full = n < 0 && (errno == EAGAIN || errno == ENOBUFS);
  if (!full) unsent_.clear();
}

} // namespace relay::host
