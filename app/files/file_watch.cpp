#include "relay_gateway/app/files/file_watch.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <filesystem>
#include <map>
#include <set>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <utility>

namespace relay {

namespace {

using boost::system::error_code;

/// Who renews several files does not do it at one instant.
constexpr std::chrono::milliseconds settling{250};

struct file_stamp {
  bool there = false;
  ::ino_t inode = 0;
  ::off_t size = 0;
  std::int64_t seconds = 0, nanoseconds = 0;               ///< of its text
  std::int64_t status_seconds = 0, status_nanoseconds = 0; ///< of its owner and rights as well
  friend bool operator==(const file_stamp&, const file_stamp&) = default;
};

file_stamp stamp_of_file(const std::string& path) {
  struct ::stat x {};
  if (::stat(path.c_str(), &x) != 0) return {};
  return {
      true, x.st_ino, x.st_size, x.st_mtim.tv_sec, x.st_mtim.tv_nsec, x.st_ctim.tv_sec, x.st_ctim.tv_nsec};
}

} // namespace

struct file_watch::impl : std::enable_shared_from_this<file_watch::impl> {
  impl(boost::asio::io_context& io, std::function<void(const std::vector<std::string>&)> then)
      : events(io), timer(io), changed(std::move(then)) {}

  void open() {
    const int fd = ::inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    if (fd >= 0) events.assign(fd);
  }
  void watch(std::vector<std::string> files) {
    std::map<std::string, file_stamp> fresh;
    for (auto& path : files)
      if (!path.empty()) {
        auto known = stamps.find(path);
        fresh.emplace(path, known != stamps.end() ? known->second : stamp_of_file(path));
      }
    stamps = std::move(fresh);
    renew();
    if (!reading && events.is_open() && !stamps.empty()) read();
  }
  /// A directory that was removed and made again needs a new watch; one that is watched already keeps its
  /// own.
  void renew() {
    if (!events.is_open()) return;
    std::set<int> wanted;
    for (auto& [path, stamp] : stamps) {
      auto folder = std::filesystem::path{path}.parent_path().string();
      const int id = ::inotify_add_watch(events.native_handle(), folder.empty() ? "." : folder.c_str(),
                                         IN_CLOSE_WRITE | IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM |
                                             IN_DELETE | IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF);
      if (id >= 0) wanted.insert(id);
    }
    for (int id : watches)
      if (wanted.count(id) == 0) ::inotify_rm_watch(events.native_handle(), id);
    watches = std::move(wanted);
  }
  void read() {
    reading = true;
    events.async_read_some(boost::asio::buffer(buffer),
                           [self = shared_from_this()](error_code ec, std::size_t) {
                             self->reading = false;
                             if (ec) return;
                             self->settle();
                             self->read();
                           });
  }
  void settle() {
    if (std::exchange(settling_now, true)) return;
    timer.expires_after(settling);
    timer.async_wait([self = shared_from_this()](error_code ec) {
      self->settling_now = false;
      if (!ec) self->compare();
    });
  }
  void compare() {
    std::vector<std::string> differ;
    for (auto& [path, stamp] : stamps)
      if (auto now = stamp_of_file(path); now != std::exchange(stamp, now)) differ.push_back(path);
    renew();
    if (!differ.empty() && changed) changed(differ);
  }
  void stop() {
    changed = nullptr;
    error_code ignored;
    timer.cancel();
    events.close(ignored);
  }

  boost::asio::posix::stream_descriptor events;
  boost::asio::steady_timer timer;
  std::function<void(const std::vector<std::string>&)> changed;
  std::map<std::string, file_stamp> stamps;
  std::set<int> watches;
  alignas(::inotify_event) std::array<char, 4096> buffer{}; // what happened does not matter, that it did does
  bool reading = false, settling_now = false;
};

file_watch::file_watch(boost::asio::io_context& io,
                       std::function<void(const std::vector<std::string>&)> changed)
    : impl_(std::make_shared<impl>(io, std::move(changed))) {
  impl_->open();
}
file_watch::~file_watch() { impl_->stop(); }
void file_watch::watch(std::vector<std::string> files) { impl_->watch(std::move(files)); }

} // namespace relay
