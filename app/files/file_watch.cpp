#include "relay_gateway/app/files/file_watch.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <fcntl.h>
#include <filesystem>
#include <iterator>
#include <map>
#include <mutex>
#include <set>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <system_error>
#include <thread>
#include <unistd.h>
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

/// Each directory of these files once.
std::set<std::string> folders_of(const std::set<std::string>& files) {
  std::set<std::string> out;
  for (const auto& path : files) {
    auto folder = std::filesystem::path{path}.parent_path().string();
    out.insert(folder.empty() ? "." : std::move(folder));
  }
  return out;
}

using stamps = std::map<std::string, file_stamp>;

/// What the looking thread shares with the watch: a thread that hangs in a file system outlives it.
struct looking {
  looking(boost::asio::io_context& to, int descriptor) : io(&to), fd(descriptor) {}
  looking(const looking&) = delete;
  looking& operator=(const looking&) = delete;
  ~looking() {
    if (fd >= 0) ::close(fd);
  }

  /// Watches first, then looks: a change between the two is told, or in the stamp.
  stamps look(const std::set<std::string>& files) {
    std::set<int> wanted;
    // A directory that was removed and made again needs a new watch; one that is watched already keeps its
    // own.
    if (fd >= 0)
      for (const auto& folder : folders_of(files))
        if (const int id = ::inotify_add_watch(fd, folder.c_str(), events); id >= 0) wanted.insert(id);
    for (const int id : watches)
      if (wanted.count(id) == 0) ::inotify_rm_watch(fd, id);
    watches = std::move(wanted);
    stamps out;
    for (const auto& path : files) out.emplace(path, stamp_of_file(path));
    return out;
  }
  void post(std::function<void()> job) {
    const std::lock_guard held{lock};
    if (io != nullptr) boost::asio::post(*io, std::move(job));
  }
  void stop() {
    const std::lock_guard held{lock};
    io = nullptr;
  }

  static constexpr std::uint32_t events = IN_CLOSE_WRITE | IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM |
                                          IN_DELETE | IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF;
  std::mutex lock;
  boost::asio::io_context* io; ///< null: the watch is over
  const int fd;                ///< of the same inotify instance as the watch's; negative: there is none
  std::set<int> watches;       ///< of the one thread that looks
};

} // namespace

struct file_watch::impl : std::enable_shared_from_this<file_watch::impl> {
  impl(boost::asio::io_context& io, std::function<void(const std::vector<std::string>&)> then)
      : events(io), timer(io), changed(std::move(then)) {}

  void open(boost::asio::io_context& io) {
    const int fd = ::inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    if (fd >= 0) events.assign(fd);
    shared = std::make_shared<looking>(io, fd >= 0 ? ::fcntl(fd, F_DUPFD_CLOEXEC, 0) : -1);
  }
  void watch(std::vector<std::string> paths, std::function<void()> watched) {
    files = {std::make_move_iterator(paths.begin()), std::make_move_iterator(paths.end())};
    files.erase(std::string{});
    if (watched) waiting.push_back(std::move(watched));
    if (!reading && events.is_open() && !files.empty()) read();
    look();
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
      if (!ec) self->look();
    });
  }
  /// One look at a time; what is asked for meanwhile is the next one.
  void look() {
    if (std::exchange(looking_now, true)) {
      look_again = true;
      return;
    }
    const auto then = std::make_shared<std::vector<std::function<void()>>>(std::exchange(waiting, {}));
    try {
      std::thread{[self = weak_from_this(), with = shared, paths = files, then] {
        auto found = with->look(paths);
        with->post([self, found = std::move(found), then] {
          if (const auto here = self.lock(); here && !here->over) here->looked(found, *then);
        });
      }}.detach();
    } catch (const std::system_error&) { // no thread: the next change tries again
      looking_now = false;
      waiting = std::move(*then);
    }
  }
  void looked(const stamps& found, const std::vector<std::function<void()>>& then) {
    looking_now = false;
    std::vector<std::string> differ;
    for (const auto& [path, now] : found)
      if (const auto before = known.find(path); before != known.end() && before->second != now)
        differ.push_back(path);
    known = found;
    std::erase_if(differ, [&](const auto& path) { return files.count(path) == 0; });
    if (std::exchange(look_again, false)) look();
    for (const auto& watched : then) watched();
    if (!differ.empty() && changed) changed(differ);
  }
  void stop() {
    over = true;
    changed = nullptr;
    waiting.clear();
    shared->stop();
    error_code ignored;
    timer.cancel();
    events.close(ignored);
  }

  boost::asio::posix::stream_descriptor events;
  boost::asio::steady_timer timer;
  std::function<void(const std::vector<std::string>&)> changed;
  std::shared_ptr<looking> shared;
  std::set<std::string> files;                              ///< to be watched
  stamps known;                                             ///< as they were at the last look
  std::vector<std::function<void()>> waiting;               ///< for the next look
  alignas(::inotify_event) std::array<char, 4096> buffer{}; // what happened does not matter, that it did does
  bool reading = false, settling_now = false, looking_now = false, look_again = false, over = false;
};

file_watch::file_watch(boost::asio::io_context& io,
                       std::function<void(const std::vector<std::string>&)> changed)
    : impl_(std::make_shared<impl>(io, std::move(changed))) {
  impl_->open(io);
}
file_watch::~file_watch() { impl_->stop(); }
void file_watch::watch(std::vector<std::string> files, std::function<void()> watched) {
  impl_->watch(std::move(files), std::move(watched));
}

} // namespace relay
