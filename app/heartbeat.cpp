#include "app/heartbeat.hpp"

#include <algorithm>
#include <atomic>
#include <mutex>

namespace relay {

namespace {

class voice final : public heartbeats::pulse {
public:
  voice(std::string name, heartbeats::time now) : name_(std::move(name)) { beat(now); }
  void beat(heartbeats::time now) noexcept override {
    last_.store(now.time_since_epoch().count(), std::memory_order_relaxed);
  }
  heartbeats::time last() const noexcept {
    return heartbeats::time{heartbeats::time::duration{last_.load(std::memory_order_relaxed)}};
  }
  const std::string& name() const noexcept { return name_; }

private:
  std::string name_;
  std::atomic<heartbeats::time::duration::rep> last_ = 0;
};

} // namespace

struct heartbeats::impl {
  mutable std::mutex lock;
  std::vector<std::weak_ptr<voice>> voices;
  time looked{};
};

heartbeats::heartbeats() : impl_(std::make_shared<impl>()) {}
heartbeats::~heartbeats() = default;

std::shared_ptr<heartbeats::pulse> heartbeats::add(std::string name, time now) {
  auto result = std::make_shared<voice>(std::move(name), now);
  std::lock_guard held{impl_->lock};
  std::erase_if(impl_->voices, [](const auto& x) { return x.expired(); });
  impl_->voices.push_back(result);
  return result;
}

void heartbeats::look(time now) {
  std::lock_guard held{impl_->lock};
  bool frozen = impl_->looked != time{} && now - impl_->looked > 2 * interval;
  impl_->looked = now;
  if (!frozen) return;
  for (const auto& x : impl_->voices)
    if (auto live = x.lock()) live->beat(now);
}

std::string heartbeats::late(time now) const {
  std::lock_guard held{impl_->lock};
  std::string result;
  for (const auto& x : impl_->voices) {
    auto live = x.lock();
    if (!live || now - live->last() <= limit) continue;
    auto seconds = std::chrono::duration_cast<std::chrono::seconds>(now - live->last()).count();
    result += result.empty() ? "" : "; ";
    result += "the " + live->name() + " thread was not heard of for " + std::to_string(seconds) + " s";
  }
  return result;
}

} // namespace relay
