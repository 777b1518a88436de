#include "relay_gateway/app/store/memory_store.hpp"

#include <chrono>
#include <map>
#include <mutex>
#include <utility>

namespace relay {

namespace {

class memory_store final : public store_port {
public:
  bool durable() const noexcept override { return false; }
  std::map<std::string, std::string> facts() const override { return {}; }
  void commit(std::vector<store_record> batch, std::function<void(store_receipt)> done) override {
    for (auto& x : batch) {
      if (auto* dead = std::get_if<event_dead>(&x)) put(std::move(*dead));
      if (auto* gone = std::get_if<dead_gone>(&x)) take(gone->seq);
    }
    if (done) done({});
  }
  void load_inbound(std::function<void(inbound_image)> done) override { done({}); }
  void load_outbound(std::function<void(outbound_image)> done) override { done({}); }
  void recall(std::string session, std::size_t, std::function<void(recalled_events)> done) override {
    done({std::move(session), {}, 0});
  }
  void scan(std::uint64_t, std::size_t, std::function<void(spill_page)> done) override { done({{}, true}); }
  void dead_letters(std::uint64_t after_seq, std::size_t limit,
                    std::function<void(std::vector<dead_letter>)> done) override {
    std::vector<dead_letter> out;
    {
      std::lock_guard guard{lock_};
      auto now = clock::now();
      for (auto it = dead_.upper_bound(after_seq); it != dead_.end() && out.size() < limit; ++it) {
        auto& [x, at] = it->second;
        auto age = std::chrono::duration_cast<milliseconds>(now - at).count();
        out.push_back({x.seq, {}, x.event, x.attempts, static_cast<std::uint64_t>(age)});
      }
    }
    done(std::move(out));
  }
  void watch(std::function<void(store_health)> told) override {
    if (told) told({});
  }

private:
  using clock = std::chrono::steady_clock;
  static constexpr std::size_t most_dead = 1'000, most_bytes = 32UL << 20;
  void put(event_dead x) {
    std::lock_guard guard{lock_};
    auto seq = x.seq;
    take_locked(seq);
    bytes_ += bytes_of(x);
    dead_.insert_or_assign(seq, std::make_pair(std::move(x), clock::now()));
    while (dead_.size() > most_dead || (bytes_ > most_bytes && dead_.size() > 1))
      take_locked(dead_.begin()->first);
  }
  void take(std::uint64_t seq) {
    std::lock_guard guard{lock_};
    take_locked(seq);
  }
  void take_locked(std::uint64_t seq) {
    auto it = dead_.find(seq);
    if (it == dead_.end()) return;
    bytes_ -= bytes_of(it->second.first);
    dead_.erase(it);
  }
  static std::size_t bytes_of(const event_dead& x) { return x.event->raw.size() + x.event->text.size(); }
  std::mutex lock_;
  std::map<std::uint64_t, std::pair<event_dead, clock::time_point>> dead_;
  std::size_t bytes_ = 0;
};

} // namespace

std::shared_ptr<store_port> make_memory_store() { return std::make_shared<memory_store>(); }

} // namespace relay
