#include "relay_gateway/app/store/state_directory.hpp"

#include "relay_gateway/app/process.hpp"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace relay::store {

namespace fs = std::filesystem;

namespace {

constexpr const char* advice = "; give another one with --state-dir or GATEWAY_STATE_DIR, or `none`";
constexpr const char* parts[] = {"", "-wal", "-shm", "-journal"};

store_fault not_writable(const std::string& path, int error) {
  return {exit_code::state_not_writable,
          "state directory " + path + " is not writable: " + std::strerror(error) + advice};
}

/// Who wrote its number into the lock file.
std::string holder(int fd) {
  char text[32] = {};
  auto n = ::pread(fd, text, sizeof text - 1, 0);
  std::string digits{text, n > 0 ? static_cast<std::size_t>(n) : 0};
  digits.resize(std::min(digits.find_first_not_of("0123456789"), digits.size()));
  return digits.empty() ? "another process" : "process " + digits;
}

/// Of one file; 0 when it is not there.
std::uint64_t file_bytes(const std::string& path) {
  struct stat info {};
  return ::stat(path.c_str(), &info) == 0 ? static_cast<std::uint64_t>(info.st_size) : 0;
}

/// Whether that path leads to the open file.
bool leads_to(const std::string& path, int fd) {
  struct stat there {
  }, open{};
  return fd >= 0 && ::stat(path.c_str(), &there) == 0 && ::fstat(fd, &open) == 0 &&
         there.st_dev == open.st_dev && there.st_ino == open.st_ino;
}

bool make_directory(const std::string& path, int& error) {
  std::error_code ec;
  if (auto parent = fs::path{path}.parent_path(); !parent.empty()) fs::create_directories(parent, ec);
  error = ::mkdir(path.c_str(), 0700) == 0 || errno == EEXIST ? 0 : ec ? ec.value() : errno;
  return error == 0;
}

} // namespace

state_directory::state_directory(state_directory&& other) noexcept
    : path_(std::move(other.path_)), lock_(std::exchange(other.lock_, -1)),
      directory_(std::exchange(other.directory_, -1)), device_(other.device_), file_(other.file_),
      journal_(other.journal_) {}

state_directory& state_directory::operator=(state_directory&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(lock_, other.lock_);
  std::swap(directory_, other.directory_);
  std::swap(device_, other.device_);
  std::swap(file_, other.file_);
  std::swap(journal_, other.journal_);
  return *this;
}

state_directory::~state_directory() {
  if (lock_ >= 0) ::close(lock_);
  if (directory_ >= 0) ::close(directory_);
}

bool state_directory::take(const std::string& path, store_fault& why) {
  path_ = path;
  while (path_.size() > 1 && path_.back() == '/') path_.pop_back();
  int error = 0;
  if (!make_directory(path_, error)) {
    why = not_writable(path_, error);
    return false;
  }
  directory_ = ::open(path_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (directory_ >= 0)
    lock_ = ::openat(directory_, "relay.lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (lock_ < 0) {
    why = not_writable(path_, errno);
    return false;
  }
  if (::flock(lock_, LOCK_EX | LOCK_NB) != 0) {
    why = errno == EWOULDBLOCK
              ? store_fault{exit_code::state_held,
                            "state directory " + path_ + " is held by " + holder(lock_) +
                                "; stop that one first, or give this one another with --state-dir"}
              : not_writable(path_, errno);
    return false;
  }
  // Only for people: what counts is the lock.
  auto number = std::to_string(::getpid()) + "\n";
  if (::ftruncate(lock_, 0) == 0) (void)!::pwrite(lock_, number.data(), number.size(), 0);
  return true;
}

std::string state_directory::set_aside(const std::string& kind, std::int64_t unix_seconds,
                                       store_fault& why) const {
  auto from = database();
  auto base = from + "." + kind + "-" + std::to_string(unix_seconds), to = base;
  std::error_code ec;
  for (int n = 2; fs::exists(to, ec); ++n) to = base + "-" + std::to_string(n);
  bool moved = false;
  for (const auto* part : parts) {
    auto old = from + part;
    if (!fs::exists(fs::symlink_status(old, ec))) continue;
    if (::rename(old.c_str(), (to + part).c_str()) != 0) {
      why = not_writable(path_, errno);
      return {};
    }
    moved = true;
  }
  sync();
  return moved ? to : std::string{};
}

bool state_directory::is_own() const {
  return leads_to(path_, directory_) && leads_to(path_ + "/relay.lock", lock_);
}

void state_directory::journal_begun() {
  struct stat info {};
  if (journal_ == 0 && ::stat((database() + "-wal").c_str(), &info) == 0) journal_ = info.st_ino;
}

bool state_directory::journal_lost() const {
  struct stat info {};
  return journal_ != 0 && (::stat((database() + "-wal").c_str(), &info) != 0 || info.st_ino != journal_);
}

void state_directory::opened() {
  journal_ended();
  struct stat info {};
  if (::stat(database().c_str(), &info) != 0) return;
  device_ = info.st_dev;
  file_ = info.st_ino;
}

state_directory::place state_directory::look() const {
  struct stat info {};
  if (::stat(database().c_str(), &info) == 0)
    return info.st_dev == device_ && info.st_ino == file_ ? place::here : place::other;
  return ::stat(path_.c_str(), &info) == 0 && S_ISDIR(info.st_mode) ? place::empty : place::gone;
}

void state_directory::sync() const {
  if (directory_ >= 0) ::fsync(directory_);
}

disk_space state_directory::space() const {
  struct statvfs info {};
  if (directory_ < 0 || ::fstatvfs(directory_, &info) != 0) return {};
  return {static_cast<std::uint64_t>(info.f_blocks) * info.f_frsize,
          static_cast<std::uint64_t>(info.f_bavail) * info.f_frsize};
}

std::uint64_t state_directory::journal_file_bytes() const { return file_bytes(database() + "-wal"); }

std::uint64_t state_directory::used_bytes() const {
  std::uint64_t out = 0;
  for (const auto* part : parts) out += file_bytes(database() + part);
  return out;
}

} // namespace relay::store
