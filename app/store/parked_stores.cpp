#include "relay_gateway/app/store/parked_stores.hpp"

#include <condition_variable>
#include <map>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

namespace relay::store {

namespace {

using clock = std::chrono::steady_clock;

constexpr std::chrono::seconds between_looks{10};
/// Between attempts while no thread can be had.
constexpr std::chrono::milliseconds between_tries{500};

} // namespace

class parked_stores::keeper {
public:
  void add(const std::shared_ptr<parked_store>& x) {
    std::lock_guard guard{lock_};
    members_[x.get()] = {x, false};
  }

  void wake(const parked_store& x) {
    {
      std::lock_guard guard{lock_};
      const auto found = members_.find(&x);
      if (found == members_.end()) return;
      found->second.wanted = true;
      wanted_ = true;
    }
    changed_.notify_one();
  }

  void forget(const parked_store& x) {
    std::unique_lock held{lock_};
    if (std::this_thread::get_id() != thread_.get_id()) left_.wait(held, [&] { return current_ != &x; });
    members_.erase(&x);
  }

  static void start(const std::shared_ptr<keeper>& self) {
    std::lock_guard guard{self->lock_}; // thread_ is read by forget()
    self->thread_ = std::thread{[self] { self->run(); }};
  }

  void end() {
    {
      std::lock_guard guard{lock_};
      ending_ = true;
    }
    changed_.notify_one();
    // What it looks after may hold the last handle of all this, and a thread cannot join itself.
    if (thread_.get_id() == std::this_thread::get_id())
      thread_.detach();
    else
      thread_.join();
  }

private:
  struct member {
    std::weak_ptr<parked_store> what;
    bool wanted = false;
  };

  void run() {
    std::unique_lock held{lock_};
    auto next_look = clock::now() + between_looks;
    auto next_try = clock::time_point::min();
    while (!ending_) {
      const auto now = clock::now();
      if (wanted_ && now >= next_try) {
        if (!resume_the_wanted(held)) next_try = clock::now() + between_tries;
      } else if (now >= next_look) {
        for (const auto* x : all(false)) visit(held, x, [](parked_store& y) { y.look_after(); });
        next_look = clock::now() + between_looks;
      } else {
        changed_.wait_until(held, wanted_ ? std::min(next_look, next_try) : next_look);
      }
    }
  }

  /// False: no thread could be had.
  bool resume_the_wanted(std::unique_lock<std::mutex>& held) {
    wanted_ = false;
    for (const auto* x : all(true)) {
      // Not a member any more before it runs: it may be one again before resume() has returned.
      auto taken = members_.extract(x);
      if (taken.empty()) continue;
      bool fine = true;
      auto what = taken.mapped().what;
      visit(
          held, x, std::move(what), [&](parked_store& y) { fine = y.resume(); },
          [&] {
            if (!fine) members_.insert(std::move(taken));
          });
      if (fine) continue;
      wanted_ = true;
      return false;
    }
    return true;
  }

  std::vector<const parked_store*> all(bool only_wanted) const {
    std::vector<const parked_store*> out;
    for (const auto& [key, x] : members_)
      if (x.wanted || !only_wanted) out.push_back(key);
    return out;
  }

  template <class Call>
  void visit(std::unique_lock<std::mutex>& held, const parked_store* key, Call call) {
    if (const auto found = members_.find(key); found != members_.end())
      visit(held, key, found->second.what, std::move(call), [] {});
  }
  /// Without the lock: it may take its time, and call this object. `then` with the lock again.
  template <class Call, class Then>
  void visit(std::unique_lock<std::mutex>& held, const parked_store* key, std::weak_ptr<parked_store> what,
             Call call, Then then) {
    current_ = key;
    held.unlock();
    if (auto x = what.lock()) call(*x);
    held.lock();
    then();
    current_ = nullptr;
    left_.notify_all();
  }

  std::mutex lock_; ///< guards what follows
  std::condition_variable changed_, left_;
  std::map<const parked_store*, member> members_;
  const parked_store* current_ = nullptr; ///< what is called just now
  bool wanted_ = false, ending_ = false;
  std::thread thread_;
};

parked_stores::parked_stores(std::chrono::milliseconds after)
    : after_(after), keeper_(std::make_shared<keeper>()) {
  keeper::start(keeper_);
}

parked_stores::~parked_stores() { keeper_->end(); }

void parked_stores::add(const std::shared_ptr<parked_store>& x) { keeper_->add(x); }
void parked_stores::wake(const parked_store& x) { keeper_->wake(x); }
void parked_stores::forget(const parked_store& x) { keeper_->forget(x); }

} // namespace relay::store
