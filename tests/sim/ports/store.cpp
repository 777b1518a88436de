#include "relay_gateway/tests/sim/ports/store.hpp"

#include <algorithm>
#include <utility>

namespace relay::sim {

class sim_store final : public store_port {
public:
  sim_store(sim_disk& disk, std::shared_ptr<process> host) : disk_(disk), host_(std::move(host)) {}
  bool durable() const noexcept override { return true; }
  std::map<std::string, std::string> facts() const override { return disk_.store_.facts(); }
  void commit(std::vector<store_record> batch, std::function<void(store_receipt)> done) override {
    if (!asks()) return;
    for (auto& x : batch) disk_.who_.store_given(x);
    disk_.store_.commit(std::move(batch), std::move(done));
    disk_.submitted();
  }
  void load_inbound(std::function<void(inbound_image)> done) override {
    if (!asks()) return;
    disk_.store_.load_inbound(std::move(done));
    disk_.submitted();
  }
  void load_outbound(std::function<void(outbound_image)> done) override {
    if (!asks()) return;
    disk_.store_.load_outbound(std::move(done));
    disk_.submitted();
  }
  void recall(std::string session, std::size_t limit, std::function<void(recalled_events)> done) override {
    if (!asks()) return;
    disk_.store_.recall(std::move(session), limit, std::move(done));
    disk_.submitted();
  }
  void scan(std::uint64_t after_seq, std::size_t limit, std::function<void(spill_page)> done) override {
    if (!asks()) return;
    disk_.store_.scan(after_seq, limit, std::move(done));
    disk_.submitted();
  }
  void dead_letters(std::uint64_t after_seq, std::size_t limit,
                    std::function<void(std::vector<dead_letter>)> done) override {
    if (!asks()) return;
    disk_.store_.dead_letters(after_seq, limit, std::move(done));
    disk_.submitted();
  }
  void watch(std::function<void(store_health)> told) override {
    if (asks()) disk_.store_.watch(std::move(told));
  }

private:
  bool asks() const { return host_->alive() && disk_.host_ == host_; }
  sim_disk& disk_;
  std::shared_ptr<process> host_;
};

sim_disk::sim_disk(stage on, usec latency, observer& who, std::function<void(const store_record&)> sees)
    : on_(on), latency_(latency), who_(who), rng_(on.seed, "disk"),
      store_([this] { return host_ ? host_->wall_ms() : wall_start_ms; }) {
  store_.sees = std::move(sees);
  store_.hold();
}

std::shared_ptr<store_port> sim_disk::open(std::shared_ptr<process> host) {
  host_ = std::move(host);
  store_.crash(); // what an earlier life left undone is forgotten, what it wrote is there
  store_.reopen();
  store_.hold();
  store_.scarce(scarce());
  waiting_ = refused_ = false;
  clear_at_ = on_.time.now();
  return std::make_shared<sim_store>(*this, host_);
}

void sim_disk::crash() {
  auto& faults = on_.faults;
  auto torn = faults.armed(fault::store_torn) && on_.time.now() >= full_until_;
  auto reached = static_cast<std::size_t>(faults.of(fault::store_torn).below(store_.queued() + 1));
  if (!torn) reached = 0;
  if (reached > 0) faults.mark(fault::store_torn);
  store_.crash(reached);
}

void sim_disk::close() { store_.crash(on_.time.now() < full_until_ ? 0 : store_.queued()); }

void sim_disk::refuse_until(usec when) { full_until_ = std::max(full_until_, when); }

void sim_disk::scarce_until(usec when) {
  scarce_until_ = std::max(scarce_until_, when);
  auto look = [this] {
    store_.scarce(scarce());
    who_.store_scarce(scarce());
  };
  look();
  on_.time.at(when, look);
}

void sim_disk::submitted() {
  auto takes = rng_.with_tail(latency_);
  if (on_.faults.hit(fault::store_slow)) {
    constexpr usec longest{4'000'000};
    takes += on_.faults.of(fault::store_slow).between(usec{0}, longest);
  }
  // One write at a time; what comes meanwhile shares the next one.
  clear_at_ = std::max(clear_at_, on_.time.now() + takes);
  if (std::exchange(waiting_, true)) return;
  host_->inside(clear_at_ - on_.time.now(), [this] { work(); });
}

void sim_disk::work() {
  waiting_ = false;
  if (on_.time.now() < full_until_) {
    if (!std::exchange(refused_, true)) {
      store_.refuse("no space left on device");
      store_.hold();
    }
    waiting_ = true;
    host_->inside(full_until_ - on_.time.now(), [this] { work(); });
    return;
  }
  if (std::exchange(refused_, false)) {
    store_.heal(); // does all that waits
    store_.hold();
    return;
  }
  auto shared = 1 + rng_.below(8);
  for (; shared > 0 && store_.step(); --shared) {
  }
  if (store_.queued() == 0) return;
  waiting_ = true;
  host_->inside(rng_.with_tail(latency_), [this] { work(); });
}

} // namespace relay::sim
