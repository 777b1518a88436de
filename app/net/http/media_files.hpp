// The files of attachments, and the thread that waits for the disk. For app/net and app/files/shared_file.
#pragma once

#include <boost/asio/thread_pool.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>

namespace relay::net {

/// An open file; closes itself.
class file_handle {
public:
  file_handle() = default;
  explicit file_handle(int fd) : fd_(fd) {}
  file_handle(file_handle&& other) noexcept : fd_(other.fd_) { other.fd_ = -1; }
  file_handle& operator=(file_handle&& other) noexcept;
  file_handle(const file_handle&) = delete;
  file_handle& operator=(const file_handle&) = delete;
  ~file_handle() { close(); }
  void close() noexcept;
  explicit operator bool() const noexcept { return fd_ >= 0; }
  int get() const noexcept { return fd_; }
  /// False when another process, or another handle, has it locked.
  bool lock() const;
  /// All of it; one line when that fails.
  std::string write(const std::string& bytes) const;
  /// At most that many bytes; empty at the end of the file.
  std::string read(std::size_t most, std::string& error) const;

private:
  int fd_ = -1;
};

/// Opens a regular file for reading; a pipe or a device never holds anybody up. One line in `error` on
/// failure.
file_handle open_to_read(const std::string& path, std::uint64_t& size, std::string& error);

/// A directory of this process's own (0700) below `base`, made when the first file is, gone with this object.
/// What processes that died left below `base` is removed at construction: a lock file marks directories whose
/// process lives. Beside it, `base`/pinned holds what is to outlive the process; what nobody came for in a
/// week goes, too. The disk's thread only, but for construction and destruction.
class media_directory {
public:
  explicit media_directory(std::string base);
  media_directory(const media_directory&) = delete;
  media_directory& operator=(const media_directory&) = delete;
  ~media_directory() { clear(); }

  /// A new file (0600) with a random name; its path in `path`, or one line in `error`.
  file_handle create(std::string& path, std::string& error);
  /// Where the file of that name is kept, whether it is there or not; as hard to guess as the name.
  std::string pinned_path(const std::string& name) const;
  /// Whether it is there, whole; then `bytes` is its size, and its week begins anew.
  bool pinned(const std::string& path, std::uint64_t& bytes) const;
  /// Keeps a complete file that create() made: on disk before it has its new name, so that a crash leaves all
  /// of it or nothing. One line when that fails; the file is where it was then.
  std::string pin(const file_handle& file, const std::string& from, const std::string& to) const;
  /// Gives a file that is kept another name; false when there is none.
  bool rename_pinned(const std::string& from, const std::string& to) const;
  /// Files that create() made or pin() kept, no others.
  void remove(const std::string& path) const;
  /// Removes all that is left of this process's; once the disk's thread has ended.
  void clear();

private:
  bool prepare(std::string& error);
  std::string base_, kept_, own_;
  file_handle lock_;
};

/// One thread for all of a gateway's file work, started when the first piece of it comes.
class disk_thread {
public:
  disk_thread() = default;
  disk_thread(const disk_thread&) = delete;
  disk_thread& operator=(const disk_thread&) = delete;
  ~disk_thread() { stop(); }
  /// Jobs run one after the other; after stop() they are dropped.
  void run(std::function<void()> job);
  /// Waits for the job that runs, drops the others. Not from the thread itself.
  void stop();

private:
  std::mutex lock_;
  std::unique_ptr<boost::asio::thread_pool> pool_;
  bool stopped_ = false;
};

} // namespace relay::net
