#include "relay_gateway/app/files/shared_file.hpp"

#include "relay_gateway/app/files/env_file.hpp"
#include "relay_gateway/app/net/http/media_files.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <utility>

namespace relay {

namespace {

namespace asio = boost::asio;
namespace fs = std::filesystem;
using std::chrono::steady_clock;

constexpr std::uint64_t largest = 1ULL << 20;
constexpr milliseconds pause{100}; // between two tries for a lock

std::string because(const std::string& what) { return what + ": " + std::strerror(errno); }

/// One thread for all; whoever works on it keeps it.
struct room {
  explicit room(asio::io_context& x) : io(x) {}
  asio::io_context& io;
  net::disk_thread disk;
};

/// What is held while a file is locked. It goes on the disk's thread.
struct holding {
  net::file_handle lock;
  std::unique_ptr<next_version> next;
};

class held_file final : public locked_file {
public:
  held_file(std::shared_ptr<room> where, std::shared_ptr<holding> what)
      : room_(std::move(where)), what_(std::move(what)) {}
  held_file(const held_file&) = delete;
  held_file& operator=(const held_file&) = delete;
  ~held_file() override {
    room_->disk.run([what = std::move(what_)]() mutable { what.reset(); });
  }
  void replace(secret text, std::function<void(std::string)> done) override {
    room_->disk.run([what = what_, text = std::move(text), done = std::move(done)] {
      std::string why;
      if (!what->next) {
        why = "it cannot be written";
      } else if (what->next->commit(text, why)) {
        what->next.reset();
      }
      done(why);
    });
  }

private:
  std::shared_ptr<room> room_;
  std::shared_ptr<holding> what_;
};

/// One call of lock(): tries until it has the lock, or the patience is over.
class locking : public std::enable_shared_from_this<locking> {
public:
  locking(std::shared_ptr<room> where, std::string path, milliseconds patience,
          std::function<void(file_locked)> done)
      : room_(std::move(where)), path_(std::move(path)), until_(steady_clock::now() + patience),
        timer_(room_->io), done_(std::move(done)) {}

  void try_once() {
    room_->disk.run([self = shared_from_this()] { self->on_disk(); });
  }

private:
  void on_disk() {
    file_locked out;
    std::error_code ec;
    auto real = fs::canonical(path_, ec); // a link keeps leading to the file
    if (ec) {
      out.missing = ec == std::errc::no_such_file_or_directory;
      if (!out.missing) out.error = path_ + ": " + ec.message();
      return done_(std::move(out));
    }
    auto held = std::make_shared<holding>();
    auto lock_path = fs::path{path_}.replace_extension(".lock").string();
    net::file_handle lock{::open(lock_path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)};
    if (!lock) {
      // Where nobody may write, nobody writes: it can be read all the same.
      out.unwritable = because(lock_path);
    } else if (!lock.lock()) {
      if (steady_clock::now() < until_) return again();
      out.error = lock_path + ": another program holds the lock";
      return done_(std::move(out));
    } else {
      held->lock = std::move(lock);
      held->next = next_version::of(real.string(), out.unwritable);
    }
    if (!read(real.string(), out)) return done_(std::move(out));
    out.file = std::make_shared<held_file>(room_, std::move(held));
    done_(std::move(out));
  }

  static bool read(const std::string& path, file_locked& out) {
    std::uint64_t size = 0;
    auto file = net::open_to_read(path, size, out.error);
    if (!file) {
      out.error = path + ": " + out.error;
      return false;
    }
    std::string text;
    for (;;) {
      auto piece = file.read(64 << 10, out.error);
      if (!out.error.empty() || piece.empty()) break;
      text += piece;
      secret wiped{std::move(piece)};
      if (text.size() <= largest) continue;
      out.error = path + ": larger than 1 MiB";
      break;
    }
    secret whole{std::move(text)};
    if (!out.error.empty()) return false;
    out.text = std::move(whole);
    return true;
  }

  void again() {
    asio::post(room_->io, [self = shared_from_this()] {
      self->timer_.expires_after(pause);
      self->timer_.async_wait([self](const boost::system::error_code& ec) {
        if (!ec) self->try_once();
      });
    });
  }

  std::shared_ptr<room> room_;
  std::string path_;
  steady_clock::time_point until_;
  asio::steady_timer timer_;
  std::function<void(file_locked)> done_;
};

class disk_file_port final : public file_port {
public:
  explicit disk_file_port(asio::io_context& io) : room_(std::make_shared<room>(io)) {}
  disk_file_port(const disk_file_port&) = delete;
  disk_file_port& operator=(const disk_file_port&) = delete;
  ~disk_file_port() override { room_->disk.stop(); }
  void lock(std::string path, milliseconds patience, std::function<void(file_locked)> done) override {
    std::make_shared<locking>(room_, std::move(path), patience, std::move(done))->try_once();
  }

private:
  std::shared_ptr<room> room_;
};

} // namespace

std::shared_ptr<file_port> make_file_port(asio::io_context& io) {
  return std::make_shared<disk_file_port>(io);
}

} // namespace relay
