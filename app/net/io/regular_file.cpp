#include "relay_gateway/app/net/io/regular_file.hpp"

#include <cerrno>
#include <condition_variable>
#include <cstring>
#include <fcntl.h>
#include <memory>
#include <mutex>
#include <sys/stat.h>
#include <system_error>
#include <thread>
#include <unistd.h>
#include <utility>

namespace relay::net {

namespace {

/// What the reading thread and its caller share; the last one of them frees it.
struct pending_read {
  std::mutex lock;
  std::condition_variable changed;
  bool done = false;
  file_text found;
};

file_text failed(const char* why) { return {std::nullopt, why}; }

file_text read_now(const std::string& path, std::size_t bytes) {
  // Opening a pipe would wait for its other end.
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (fd < 0) return failed(std::strerror(errno));
  const std::unique_ptr<const int, void (*)(const int*)> closing{&fd, [](const int* x) { ::close(*x); }};
  struct stat info {};
  if (::fstat(fd, &info) != 0) return failed(std::strerror(errno));
  if (!S_ISREG(info.st_mode)) return failed("not a regular file");
  std::string text(bytes, '\0');
  std::size_t size = 0;
  while (size < bytes) {
    const auto n = ::read(fd, text.data() + size, bytes - size);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return failed(std::strerror(errno));
    if (n == 0) break;
    size += static_cast<std::size_t>(n);
  }
  text.resize(size);
  return {std::move(text), {}};
}

} // namespace

file_text read_regular_file(const std::string& path, std::size_t bytes, std::chrono::milliseconds limit,
                            const std::function<void()>& ended) {
  auto shared = std::make_shared<pending_read>();
  try {
    std::thread([shared, path, bytes, ended] {
      auto found = read_now(path, bytes);
      {
        std::lock_guard held{shared->lock};
        shared->found = std::move(found);
        shared->done = true;
      }
      shared->changed.notify_all();
      if (ended) ended();
    }).detach();
  } catch (const std::system_error&) {
    if (ended) ended();
    return failed("no thread can be made to read it");
  }
  std::unique_lock held{shared->lock};
  if (!shared->changed.wait_for(held, limit, [&] { return shared->done; }))
    return failed("it could not be read in time; its file system may hang");
  return std::move(shared->found);
}

} // namespace relay::net
