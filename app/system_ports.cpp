#include "relay_gateway/app/system_ports.hpp"

#include <cerrno>
#include <chrono>
#include <cstring>
#include <fstream>
#include <mutex>
#include <random>

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
    constexpr std::streamsize limit = 64 << 10;
    std::ifstream in{path, std::ios::binary};
    if (!in) {
      why = path + ": " + std::strerror(errno);
      return false;
    }
    std::string text(static_cast<std::size_t>(limit) + 1, '\0');
    in.read(text.data(), limit + 1);
    auto size = in.gcount();
    if (in.bad() || size > limit) {
      why = path + (in.bad() ? ": read error" : ": larger than 64 KiB");
      secret wiped{std::move(text)};
      return false;
    }
    text.resize(static_cast<std::size_t>(size));
    auto first = text.find_first_not_of(" \t\r\n");
    auto last = text.find_last_not_of(" \t\r\n");
    secret whole{text}; // wiped at the end, as is the copy below
    out = first == std::string::npos ? secret{} : secret{text.substr(first, last - first + 1)};
    secret wiped{std::move(text)};
    return true;
  }
};

} // namespace

std::shared_ptr<clock_port> make_system_clock() { return std::make_shared<system_clock_port>(); }
std::shared_ptr<random_port> make_system_random() { return std::make_shared<system_random>(); }
std::shared_ptr<secret_file_port> make_secret_files() { return std::make_shared<secret_files>(); }

} // namespace relay
