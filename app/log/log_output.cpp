#include "relay_gateway/app/log/log_output.hpp"

#include <cerrno>
#include <fcntl.h>
#include <poll.h>
#include <string>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

namespace relay {

namespace {

class descriptor_output final : public line_output {
public:
  explicit descriptor_output(int descriptor) : descriptor_(descriptor), terminal_(::isatty(descriptor) == 1) {
    struct stat info {};
    if (::fstat(descriptor, &info) != 0) return;
    socket_ = S_ISSOCK(info.st_mode);
    // Opened a second time, so that O_NONBLOCK is ours alone. Where that is not allowed, poll() has to do.
    if (S_ISFIFO(info.st_mode) || S_ISCHR(info.st_mode)) {
      auto path = "/proc/self/fd/" + std::to_string(descriptor);
      own_ = ::open(path.c_str(), O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    }
    file_ = S_ISREG(info.st_mode);
  }
  descriptor_output(const descriptor_output&) = delete;
  descriptor_output& operator=(const descriptor_output&) = delete;
  ~descriptor_output() override {
    if (own_ >= 0) ::close(own_);
  }

  bool write(std::string_view line) noexcept override {
    // The rest of a line of which only a part was taken comes first; until it has left nothing else does.
    if (!rest_.empty()) {
      auto n = push(rest_);
      rest_.erase(0, n);
      if (!rest_.empty()) return false;
    }
    auto n = push(line);
    if (n == 0) return false;
    try {
      rest_.assign(line.substr(n));
    } catch (...) {
      rest_.clear(); // no memory for half a line: the line stays torn, the process goes on
    }
    return true;
  }

  bool terminal() const noexcept override { return terminal_; }

private:
  /// Bytes taken, as many as there is room for now.
  std::size_t push(std::string_view text) const noexcept {
    std::size_t done = 0;
    while (done < text.size()) {
      auto n = push_once(text.substr(done));
      if (n < 0 && errno == EINTR) continue;
      if (n <= 0) break;
      done += static_cast<std::size_t>(n);
    }
    return done;
  }
  ssize_t push_once(std::string_view text) const noexcept {
    if (socket_) return ::send(descriptor_, text.data(), text.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (own_ >= 0) return ::write(own_, text.data(), text.size());
    // A pipe that is ready takes as much as one line has without waiting.
    pollfd ready{descriptor_, POLLOUT, 0};
    if (!file_ && (::poll(&ready, 1, 0) != 1 || (ready.revents & POLLOUT) == 0)) return 0;
    return ::write(descriptor_, text.data(), text.size());
  }

  int descriptor_, own_ = -1;
  bool terminal_, socket_ = false, file_ = false;
  std::string rest_;
};

} // namespace

std::shared_ptr<line_output> make_descriptor_output(int descriptor) {
  return std::make_shared<descriptor_output>(descriptor);
}

} // namespace relay
