#include "relay_gateway/app/system_ports.hpp"

#include "relay_gateway/app/net/io/regular_file.hpp"
#include "relay_gateway/config/values/text.hpp"

#include <chrono>
#include <mutex>
#include <random>
#include <set>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>

namespace relay {

namespace {

class system_clock_port final : public clock_port {
public:
  std::int64_t wall_ms() const override {
    return std::chrono::duration_cast<milliseconds>(std::chrono::system_clock::now().time_since_epoch())
        .count();
  }
};

class system_random final : public random_port {
public:
  std::uint64_t bits() override {
    std::lock_guard guard{lock_};
    return (static_cast<std::uint64_t>(device_()) << 32) | device_();
  }

private:
  std::mutex lock_;
  std::random_device device_;
};

class secret_files final : public secret_file_port {
public:
  bool read(const std::string& path, secret& out, std::string& why) const override {
    return take(net::read_regular_file(path, most + 1, patience), path, out, why);
  }

  void read_later(const std::string& path, std::function<void(secret_read)> done) const override {
    {
      std::lock_guard guard{pending_->lock};
      // One thread at most hangs for a file, however often it is asked for.
      if (!pending_->paths.insert(path).second)
        return done({{}, path + ": it is still being read; its file system may hang"});
    }
    auto ended = [pending = pending_, path] {
      std::lock_guard guard{pending->lock};
      pending->paths.erase(path);
    };
    try {
      std::thread([path, done, ended] {
        secret_read x;
        take(net::read_regular_file(path, most + 1, patience, ended), path, x.text, x.error);
        done(std::move(x));
      }).detach();
    } catch (const std::system_error&) {
      ended();
      done({{}, path + ": no thread can be made to read it"});
    }
  }

private:
  static constexpr std::size_t most = 64 << 10;
  static constexpr milliseconds patience{5'000};

  static bool take(net::file_text found, const std::string& path, secret& out, std::string& why) {
    if (!found.text) {
      why = path + ": " + found.why;
      return false;
    }
    secret whole{std::move(*found.text)}; // wiped at the end
    const std::string_view text = whole.reveal();
    if (text.size() > most) {
      why = path + ": larger than 64 KiB";
      return false;
    }
    out = secret{config::trimmed(text)};
    return true;
  }

  struct pending {
    std::mutex lock;
    std::set<std::string> paths;
  };
  std::shared_ptr<pending> pending_ = std::make_shared<pending>();
};

} // namespace

std::shared_ptr<clock_port> make_system_clock() { return std::make_shared<system_clock_port>(); }
/// One for the process: its device takes 5 KB, and asks the kernel all the same.
std::shared_ptr<random_port> make_system_random() {
  static const auto only = std::make_shared<system_random>();
  return only;
}
std::shared_ptr<secret_file_port> make_secret_files() { return std::make_shared<secret_files>(); }

} // namespace relay
