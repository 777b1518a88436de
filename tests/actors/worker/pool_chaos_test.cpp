// A gateway with a disk, a queue and workers in seeded trouble on virtual time: every event is answered once,
// and per chat in order.
#include "relay_gateway/actors/agents/nats.hpp"
#include "relay_gateway/actors/worker/worker.hpp"
#include "relay_gateway/tests/actors/durable_fixture.hpp"
#include "relay_gateway/tests/actors/worker/nats_gateway.hpp"
#include "relay_gateway/tests/actors/worker/queue_model.hpp"

#include <cstdlib>
#include <map>
#include <random>
#include <set>

namespace relay::testing {
namespace pool_chaos_test {

class pool_world : public durable_test {
public:
  explicit pool_world(std::uint64_t seed, port_mistake mistake = port_mistake::none) : rng_(seed) {
    queue_->mistake = mistake;
    settings.limits.agent_max_deliveries = 1'000;
  }
  pool_world(const pool_world&) = delete;
  pool_world& operator=(const pool_world&) = delete;
  ~pool_world() override {
    for (auto& [name, x] : workers_) caf::anon_send_exit(x, caf::exit_reason::kill);
    workers_.clear();
    sched.clock().cancel_all();
    settle();
  }
  void TestBody() override {}

  /// What went wrong; empty = nothing did.
  std::vector<std::string> run(int steps) {
    start_gateway();
    start_worker();
    start_worker();
    for (int i = 0; i < steps && wrong_.empty(); ++i) {
      step();
      collect();
    }
    come_to_an_end();
    return wrong_;
  }

private:
  std::uint64_t any(std::uint64_t below) { return rng_() % below; }
  ports with_queue() {
    auto out = env.all();
    out.queue = queue_;
    return out;
  }
  void start_gateway() {
    root = start_nats_gateway(sys, with_queue(), settings);
    settle();
    handshake();
  }
  void start_worker() {
    worker_setup what;
    what.name = "w" + std::to_string(++named_) + ".";
    what.room = 4;
    what.make_agent = [this, all = env.all()](caf::strong_actor_ptr parent) -> agent_actor {
      return sys.spawn(echo_agent, all, std::move(parent));
    };
    workers_[what.name] = sys.spawn(worker, with_queue(), what);
    settle();
  }
  void kill_worker() {
    const auto it = std::next(workers_.begin(), static_cast<std::ptrdiff_t>(any(workers_.size())));
    queue_->kill(it->first);
    caf::anon_send_exit(it->second, caf::exit_reason::kill);
    workers_.erase(it);
    settle();
    start_worker();
  }
  /// kill -9. Timers of workers go on, so nothing of the clock is cancelled.
  void kill_gateway() {
    disk->crash(any(disk->queued() + 1));
    for (const auto& [token, x] : disk->disk.actions) // whether it was sent is not known, and never repeated
      if (x.maybe_written) unknown_.insert(x.what.act.content);
    queue_->kill("relay-gateway");
    for (auto& x : env.link->dials) x->listener.reset();
    caf::anon_send_exit(root, caf::exit_reason::kill);
    root = nullptr;
    settle();
    collect();
    disk->reopen();
    answered = 0;
    start_gateway();
    for (const auto& [text, frame] : unacked_) env.link->last().say(frame);
    settle();
  }
  void people_write() {
    for (auto n = 1 + any(3); n > 0; --n) {
      const auto chat = "c" + std::to_string(any(3));
      const auto text = "t" + std::to_string(1'000 + ++written_); // they sort as they were written
      place_[text] = {chat, ++last_place_[chat]};
      unacked_[text] = event("discord", chat, text, "m" + text, text);
      env.link->last().say(unacked_[text]);
    }
    settle();
  }
  void step() {
    switch (any(25)) {
    case 24: return queue_->lose_stored(static_cast<int>(1 + any(2)));
    case 22: // it dies with something on its way to it
      people_write();
      queue_->lose_deliveries(static_cast<int>(1 + any(2)));
      people_write();
      return kill_gateway();
    case 23: // as it does with what it has read and not written
      disk->hold();
      people_write();
      return kill_gateway();
    case 20: return disk->hold();
    case 21: disk->release(); return settle();
    case 0: return queue_->lose_receipts(static_cast<int>(1 + any(3)));
    case 1: return queue_->lose_publications(static_cast<int>(1 + any(3)));
    case 2: return queue_->lose_deliveries(static_cast<int>(1 + any(3)));
    case 3: return queue_->hold_receipts(any(2) == 0);
    case 4: queue_->ack_wait_over(); return settle();
    case 5: queue_->forget_ids(); return;
    case 6: queue_->down(); return settle();
    case 7: queue_->up(); return settle();
    case 8: return kill_worker();
    case 9: return kill_gateway();
    case 10:
    case 11: return advance(milliseconds{1 + any(3'000)});
    case 12:
    case 13:
    case 14: return answer_all();
    default: return people_write();
    }
  }
  void collect() {
    for (auto& x : env.link->dials) {
      auto& seen = seen_[x.get()];
      for (; seen < x->written.size(); ++seen) {
        const auto& frame = x->written[seen];
        if (frame.find(R"("type":"outbound")") != std::string::npos) hear(field(frame, "content"), frame);
        if (frame.find(R"("type":"inbound_ack")") != std::string::npos)
          unacked_.erase(field(frame, "bufferId"));
      }
    }
  }
  void hear(const std::string& text, const std::string& frame) {
    const auto it = place_.find(text);
    if (it == place_.end() || field(frame, "chat_id") != it->second.first)
      return wrong_.push_back("nobody wrote what this answers: " + frame);
    if (++told_[text] > 1) wrong_.push_back(text + " was answered twice");
    auto& latest = latest_[it->second.first];
    if (it->second.second < latest) wrong_.push_back(text + " was answered behind a later one of its chat");
    latest = std::max(latest, it->second.second);
  }
  void come_to_an_end() {
    queue_->lose_receipts(0);
    queue_->lose_publications(0);
    queue_->lose_deliveries(0);
    queue_->lose_stored(0);
    queue_->hold_receipts(false);
    queue_->up();
    disk->release();
    settle();
    for (int i = 0; i < 30 && (!all_told() || !idle()) && wrong_.empty(); ++i) {
      for (int n = 0; n < 5; ++n) {
        answer_all();
        advance(2s, 500ms);
        collect();
      }
      queue_->ack_wait_over();
      settle();
    }
    for (const auto& [text, where] : place_)
      if (told_.count(text) == 0 && unknown_.count(text) == 0)
        wrong_.push_back(text + " of " + where.first + " was not answered");
    for (const auto& x : queue_->left()) wrong_.push_back("it is left in the queue: " + x);
    if (report().inbound.pending != 0) wrong_.push_back("events are left with the gateway");
    if (env.log->count("event.dead_letter") > 0) wrong_.push_back("an event was set aside");
  }
  bool all_told() const {
    return std::all_of(place_.begin(), place_.end(),
                       [&](const auto& x) { return told_.count(x.first) + unknown_.count(x.first) > 0; });
  }
  bool idle() const { return queue_->left().empty(); }

  std::mt19937_64 rng_;
  std::shared_ptr<queue_model> queue_ = std::make_shared<queue_model>();
  std::map<std::string, worker_actor> workers_;
  std::map<std::string, std::pair<std::string, std::uint64_t>> place_; ///< chat and place in it, by text
  std::map<std::string, std::uint64_t> last_place_, latest_;           ///< by chat
  std::map<std::string, int> told_;
  std::map<std::string, std::string> unacked_; ///< frames that the gateway has not acknowledged, by text
  std::set<std::string> unknown_;
  std::map<fake_socket*, std::size_t> seen_;
  std::vector<std::string> wrong_;
  std::uint64_t named_ = 0, written_ = 0;
};

constexpr int steps = 60;

void play(port_mistake mistake) {
  const auto* asked = std::getenv("RELAY_POOL_SEEDS"); // more than in each run
  const std::uint64_t seeds = asked == nullptr ? 60 : std::strtoull(asked, nullptr, 10);
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
    const auto wrong = pool_world{seed, mistake}.run(steps);
    ASSERT_TRUE(wrong.empty()) << "seed " << seed << ": " << wrong.front();
  }
}

TEST(pool_chaos, EveryEventIsAnsweredOnceAndInOrder) { play(port_mistake::none); }

/// An ack brings the actions that it follows, so that it does no harm when these come behind it.
TEST(pool_chaos, WhatAnEarlierSessionHadMayComeLate) { play(port_mistake::late_first); }

/// The world would notice a port that breaks its promises.
TEST(pool_chaos, MistakesOfAPortAreFound) {
  constexpr std::uint64_t seeds = 60;
  for (const auto mistake : {port_mistake::loses_stored, port_mistake::settles_itself}) {
    bool found = false;
    for (std::uint64_t seed = 1; seed <= seeds && !found; ++seed)
      found = !pool_world{seed, mistake}.run(steps).empty();
    EXPECT_TRUE(found) << "mistake " << static_cast<int>(mistake);
  }
}

} // namespace pool_chaos_test
} // namespace relay::testing
