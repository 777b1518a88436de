#include "relay_gateway/app/health/liveness_monitor.hpp"

#include <algorithm>
#include <atomic>
#include <mutex>

namespace relay {

namespace {

class beat_sender final : public liveness_monitor::beat_record {
public:
  beat_sender(std::string name, liveness_monitor::time now) : name_(std::move(name)) { beat(now); }
  void beat(liveness_monitor::time now) noexcept override {
    last_.store(now.time_since_epoch().count(), std::memory_order_relaxed);
  }
  liveness_monitor::time last() const noexcept {
    return liveness_monitor::time{liveness_monitor::time::duration{last_.load(std::memory_order_relaxed)}};
  }
  const std::string& name() const noexcept { return name_; }

private:
  std::string name_;
  std::atomic<liveness_monitor::time::duration::rep> last_ = 0;
};

} // namespace

struct liveness_monitor::impl {
  mutable std::mutex lock;
  std::vector<std::weak_ptr<beat_sender>> voices;
  time looked{};
};

liveness_monitor::liveness_monitor() : impl_(std::make_shared<impl>()) {}
liveness_monitor::~liveness_monitor() = default;

std::shared_ptr<liveness_monitor::beat_record> liveness_monitor::add(std::string name, time now) {
  auto result = std::make_shared<beat_sender>(std::move(name), now);
  std::lock_guard held{impl_->lock};
  std::erase_if(impl_->voices, [](const auto& x) { return x.expired(); });
  impl_->voices.push_back(result);
  return result;
}

void liveness_monitor::look(time now) {
  std::lock_guard held{impl_->lock};
  bool frozen = impl_->looked != time{} && now - impl_->looked > 2 * interval;
  impl_->looked = now;
  if (!frozen) return;
  for (const auto& x : impl_->voices)
    if (auto live = x.lock()) live->beat(now);
}

std::string liveness_monitor::late(time now) const {
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
