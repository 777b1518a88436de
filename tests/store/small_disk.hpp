// A store on a file system of a size of its own, and what it says about its health.
#pragma once

#include "relay_gateway/tests/store/rig.hpp"

#include <condition_variable>
#include <sched.h>
#include <sys/mount.h>

namespace relay::testing {

/// Waits for what the store says about its health.
class health_log {
public:
  void operator()(const store_health& x) {
    std::lock_guard guard{lock_};
    if (!all_.empty()) {
      EXPECT_GT(x.number, all_.back().number) << "receipts say by it which one they are behind";
    }
    all_.push_back(x);
    changed_.notify_all();
  }
  store_health until(bool ok) {
    return until([ok](const store_health& x) { return x.ok == ok; });
  }
  store_health until_room(bool there) {
    return until([there](const store_health& x) { return x.room == there; });
  }
  store_health last() {
    std::lock_guard guard{lock_};
    return all_.empty() ? store_health{} : all_.back();
  }
  std::size_t size() {
    std::lock_guard guard{lock_};
    return all_.size();
  }
  /// How often it began to refuse.
  std::size_t refusals() {
    std::lock_guard guard{lock_};
    std::size_t out = 0;
    for (std::size_t i = 0; i < all_.size(); ++i) out += !all_[i].ok && (i == 0 || all_[i - 1].ok) ? 1 : 0;
    return out;
  }

private:
  template <class Which>
  store_health until(Which which) {
    std::unique_lock held{lock_};
    EXPECT_TRUE(changed_.wait_for(held, std::chrono::seconds{20},
                                  [&] { return !all_.empty() && which(all_.back()); }));
    return all_.back();
  }
  std::mutex lock_;
  std::condition_variable changed_;
  std::vector<store_health> all_;
};

/// A store on a file system of a size of its own.
class store_disk : public store_rig {
protected:
  bool small_disk(const char* size) {
    if (::unshare(CLONE_NEWNS) != 0 || ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0)
      return false;
    fs::create_directories(dir());
    mounted_ = ::mount("none", dir().c_str(), "tmpfs", 0, size) == 0;
    return mounted_;
  }
  std::shared_ptr<health_log> watch(store_port& store) {
    auto health = std::make_shared<health_log>();
    store.watch([health](auto x) { (*health)(x); });
    return health;
  }
  /// Twenty versions of a few pages: a journal that can be written over, of a file that does not grow.
  void some_journal(store_port& store) {
    for (int n = 0; n < 20; ++n) put(store, {fact{"a", std::to_string(n)}});
  }
  void fill_disk() {
    std::ofstream out{dir() + "/filler", std::ios::binary};
    std::string block(4'096, 'x');
    while (out << block << std::flush) {
    }
  }
  void make_room() { fs::remove(dir() + "/filler"); }
  ~store_disk() override {
    if (mounted_) ::umount2(dir().c_str(), MNT_DETACH);
  }

private:
  bool mounted_ = false;
};

} // namespace relay::testing
