#include "relay_gateway/app/net/http/media_files.hpp"

#include "relay_gateway/messages/wire/http/hex.hpp"

#include <boost/asio/post.hpp>
#include <openssl/evp.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <random>
#include <sys/file.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace relay::net {

namespace fs = std::filesystem;

namespace {

constexpr const char* lock_name = "lock";
constexpr const char* kept_name = "pinned";
constexpr std::chrono::hours kept_for{7 * 24};

std::string because(const std::string& what) { return what + ": " + std::strerror(errno); }

std::string random_name() {
  std::random_device device;
  std::string out;
  for (int i = 0; i < 4; ++i) out += wire::hex(device(), 8);
  return out;
}

file_handle take_lock(const std::string& directory, bool make) {
  auto path = directory + "/" + lock_name;
  file_handle out{::open(path.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW | (make ? O_CREAT : 0), 0600)};
  if (!out || !out.lock()) return {};
  return out;
}

/// Whether the directory is there, ours and closed to others: in a shared place somebody else may have made
/// it.
bool is_ours(const std::string& directory) {
  struct stat info {};
  return ::lstat(directory.c_str(), &info) == 0 && S_ISDIR(info.st_mode) && info.st_uid == ::geteuid() &&
         (info.st_mode & 077) == 0;
}

void remove_leftovers(const std::string& base) {
  std::error_code ec;
  if (!is_ours(base)) return;
  for (fs::directory_iterator it{base, ec}, end; !ec && it != end; it.increment(ec)) {
    std::error_code ignored;
    if (!it->is_directory(ignored) || it->is_symlink(ignored)) continue;
    if (it->path().filename() == kept_name) continue;
    auto path = it->path().string();
    // Whoever lives holds the lock; one without a lock died before it could take it.
    auto has_lock = fs::exists(path + "/" + lock_name, ignored);
    auto lock = has_lock ? take_lock(path, false) : file_handle{};
    if (!has_lock || lock) fs::remove_all(path, ignored);
  }
}

/// Their deliveries are over: else somebody would have come for them.
void remove_forgotten(const std::string& kept) {
  std::error_code ec;
  if (!is_ours(kept)) return;
  const auto since = fs::file_time_type::clock::now() - kept_for;
  for (fs::directory_iterator it{kept, ec}, end; !ec && it != end; it.increment(ec)) {
    std::error_code unknown;
    const auto used = it->last_write_time(unknown);
    if (!unknown && used < since) fs::remove(it->path(), unknown);
  }
}

} // namespace

// -- file_handle ------------------------------------------------------------------------------------

file_handle& file_handle::operator=(file_handle&& other) noexcept {
  if (this != &other) {
    close();
    fd_ = std::exchange(other.fd_, -1);
  }
  return *this;
}

void file_handle::close() noexcept {
  if (fd_ >= 0) ::close(std::exchange(fd_, -1));
}

bool file_handle::lock() const { return ::flock(fd_, LOCK_EX | LOCK_NB) == 0; }

std::string file_handle::write(const std::string& bytes) const {
  for (std::size_t done = 0; done < bytes.size();) {
    auto n = ::write(fd_, bytes.data() + done, bytes.size() - done);
    if (n < 0 && errno != EINTR) return because("the file cannot be written");
    if (n > 0) done += static_cast<std::size_t>(n);
  }
  return {};
}

std::string file_handle::read(std::size_t most, std::string& error) const {
  std::string out(most, '\0');
  for (;;) {
    auto n = ::read(fd_, out.data(), out.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) error = because("the file cannot be read");
    out.resize(n < 0 ? 0 : static_cast<std::size_t>(n));
    return out;
  }
}

file_handle open_to_read(const std::string& path, std::uint64_t& size, std::string& error) {
  file_handle out{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)};
  struct stat info {};
  if (!out || ::fstat(out.get(), &info) != 0) {
    error = because("the file cannot be opened");
    return {};
  }
  if (!S_ISREG(info.st_mode)) {
    error = "it is not a regular file";
    return {};
  }
  size = static_cast<std::uint64_t>(info.st_size);
  return out;
}

// -- media_directory --------------------------------------------------------------------------------

media_directory::media_directory(std::string base) : base_(std::move(base)), kept_(base_ + "/" + kept_name) {
  remove_leftovers(base_);
  remove_forgotten(kept_);
}

void media_directory::clear() {
  std::error_code ignored;
  if (!own_.empty()) fs::remove_all(own_, ignored);
  own_.clear();
}

bool media_directory::prepare(std::string& error) {
  std::error_code ec;
  if (!own_.empty() && fs::exists(own_, ec)) return true;
  own_.clear();
  auto parent = fs::path{base_}.parent_path();
  fs::create_directories(parent, ec);
  if (::mkdir(base_.c_str(), 0700) != 0 && errno != EEXIST) {
    error = because("no directory for attachments");
    return false;
  }
  if (!is_ours(base_)) {
    error = "the directory for attachments is not this user's alone";
    return false;
  }
  auto mine = base_ + "/" + random_name();
  if (::mkdir(mine.c_str(), 0700) != 0 || !(lock_ = take_lock(mine, true))) {
    error = because("no directory for attachments");
    return false;
  }
  own_ = mine;
  return true;
}

file_handle media_directory::create(std::string& path, std::string& error) {
  if (!prepare(error)) return {};
  path = own_ + "/" + random_name();
  file_handle out{::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600)};
  if (!out) error = because("no file for the attachment");
  return out;
}

std::string media_directory::pinned_path(const std::string& name) const {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  if (EVP_Digest(name.data(), name.size(), digest.data(), &size, EVP_sha256(), nullptr) != 1) return {};
  return kept_ + "/" + wire::hex({reinterpret_cast<const char*>(digest.data()), size});
}

bool media_directory::pinned(const std::string& path, std::uint64_t& bytes) const {
  struct stat info {};
  if (path.empty() || !is_ours(base_) || !is_ours(kept_) || ::lstat(path.c_str(), &info) != 0 ||
      !S_ISREG(info.st_mode))
    return false;
  bytes = static_cast<std::uint64_t>(info.st_size);
  ::utimensat(AT_FDCWD, path.c_str(), nullptr, AT_SYMLINK_NOFOLLOW);
  return true;
}

std::string media_directory::pin(const file_handle& file, const std::string& from,
                                 const std::string& to) const {
  if (::mkdir(kept_.c_str(), 0700) != 0 && errno != EEXIST) return because("no directory to keep it in");
  if (!is_ours(kept_)) return "the directory to keep it in is not this user's alone";
  if (::fdatasync(file.get()) != 0 || ::rename(from.c_str(), to.c_str()) != 0)
    return because("it cannot be kept");
  return {};
}

bool media_directory::rename_pinned(const std::string& from, const std::string& to) const {
  return !from.empty() && !to.empty() && is_ours(kept_) && ::rename(from.c_str(), to.c_str()) == 0;
}

void media_directory::remove(const std::string& path) const {
  const auto in = fs::path{path}.parent_path();
  if (in == kept_ || (!own_.empty() && in == own_)) ::unlink(path.c_str());
}

// -- disk_thread ------------------------------------------------------------------------------------

void disk_thread::run(std::function<void()> job) {
  std::lock_guard guard{lock_};
  if (stopped_) return;
  if (!pool_) pool_ = std::make_unique<boost::asio::thread_pool>(1);
  boost::asio::post(*pool_, std::move(job));
}

void disk_thread::stop() {
  std::unique_ptr<boost::asio::thread_pool> pool; // goes with the jobs that wait, which may hold its owner
  {
    std::lock_guard guard{lock_};
    stopped_ = true;
    pool = std::move(pool_);
  }
  if (!pool) return;
  pool->stop();
  pool->join();
}

} // namespace relay::net
