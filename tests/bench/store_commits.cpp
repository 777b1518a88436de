// Echo turns as the store sees them: an event comes in, is settled, an action is taken, is settled; so many
// turns at a time, each step waiting for the disk as the gateway does. And the spill of a frozen agent.
//
//   build/release/bin/relay-store-bench [--turns N] [--window N] [--bytes N] [--dir DIR] [--rate N] [--spill
//   N]
//
// Reports turns/s, what the writer's thread costs a turn, and how long commits took. The directory decides:
// on /dev/shm there is no disk to wait for.
#include "relay_gateway/actors/metrics.hpp"
#include "relay_gateway/app/store/sqlite_store.hpp"
#include "relay_gateway/messages/wire/actions/actions.hpp"
#include "relay_gateway/messages/wire/frames/frames.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <mutex>
#include <string>
#include <unistd.h>
#include <vector>

namespace {

using clock_type = std::chrono::steady_clock;
using relay::store_record;

struct plan {
  std::size_t turns = 400'000, window = 256, bytes = 200, spill = 0, rate = 0;
  std::string dir;
};

class commit_times final : public relay::metrics_port {
public:
  void add(relay::counter what, std::uint64_t n) noexcept override {
    if (what == relay::counter::store_commits) commits += n;
  }
  void add(relay::counter, std::string_view, std::uint64_t) noexcept override {}
  void set(relay::gauge, std::int64_t) noexcept override {}
  void observe(relay::histogram what, std::chrono::nanoseconds took) noexcept override {
    if (what == relay::histogram::store_commit) // the writer's thread only
      times.push_back(std::chrono::duration_cast<std::chrono::microseconds>(took).count());
  }
  std::atomic<std::uint64_t> commits = 0;
  std::vector<std::int64_t> times;
};

double cpu_of(clockid_t which) {
  timespec t{};
  clock_gettime(which, &t);
  return static_cast<double>(t.tv_sec) * 1e6 + static_cast<double>(t.tv_nsec) / 1e3;
}
std::size_t resident_kib() {
  std::ifstream status{"/proc/self/status"};
  for (std::string line; std::getline(status, line);)
    if (line.rfind("VmRSS:", 0) == 0) return std::stoul(line.substr(6));
  return 0;
}

/// Steps that the store has done, for the one thread that produces.
class finished {
public:
  void add(std::vector<std::uint64_t> some, int stage) {
    std::lock_guard guard{lock_};
    for (auto x : some) ready_.emplace_back(x, stage);
    changed_.notify_one();
  }
  std::vector<std::pair<std::uint64_t, int>> take() {
    std::unique_lock held{lock_};
    changed_.wait(held, [this] { return !ready_.empty(); });
    return std::exchange(ready_, {});
  }

private:
  std::mutex lock_;
  std::condition_variable changed_;
  std::vector<std::pair<std::uint64_t, int>> ready_;
};

relay::event_ref event(std::uint64_t n, const std::string& text) {
  relay::inbound_event x;
  std::string why;
  relay::wire::decode_event(R"({"text":"hello )" + text + R"(","message_type":"text","message_id":"m)" +
                                std::to_string(n) + R"(","source":{"platform":"discord","chat_id":")" +
                                std::to_string(n % 100) +
                                R"(","chat_type":"dm","user_id":"u1","user_name":"ada"}})",
                            x, why);
  return relay::event_ref{std::move(x)};
}
std::vector<std::string> keys(std::uint64_t n) {
  return {"bbuffer-" + std::to_string(n), "m7:discord" + std::to_string(n % 100) + ":m" + std::to_string(n)};
}

void turns(relay::store_port& store, const plan& x, commit_times& times) {
  std::vector<relay::event_ref> events; // what decoding costs is not the store's
  for (std::uint64_t n = 0; n < 1'000; ++n) events.push_back(event(n, std::string(x.bytes, 'x')));
  auto act = relay::wire::send("7", "hello " + std::string(x.bytes, 'x'));
  auto result = relay::wire::decode_result(R"({"success":true,"message_id":"1"})");
  finished done;
  std::uint64_t begun = 0, over = 0;
  auto commit = [&](std::vector<store_record> batch, std::vector<std::uint64_t> what, int stage) {
    if (batch.empty()) return;
    store.commit(std::move(batch), [&done, what = std::move(what), stage](auto) { done.add(what, stage); });
  };
  auto fresh = [&](std::vector<store_record>& batch, std::vector<std::uint64_t>& what) {
    auto n = ++begun;
    batch.emplace_back(relay::event_taken{{n, events[n % events.size()], keys(n), 0}, false});
    what.push_back(n);
  };
  times.times.clear();
  times.times.reserve(x.turns);
  auto from = clock_type::now();
  auto cpu = cpu_of(CLOCK_PROCESS_CPUTIME_ID), own = cpu_of(CLOCK_THREAD_CPUTIME_ID);
  auto commits = times.commits.load();
  std::vector<store_record> batch;
  std::vector<std::uint64_t> what;
  while (begun < std::min(x.window, x.turns)) fresh(batch, what);
  commit(std::move(batch), std::move(what), 1);
  while (over < x.turns) {
    std::vector<store_record> in, out;
    std::vector<std::uint64_t> taken, acting, settled;
    for (auto [n, stage] : done.take()) {
      auto request = "r" + std::to_string(n);
      if (stage == 1) { // delivered and acked; its answer is accepted
        in.emplace_back(relay::event_settled{n, {}});
        out.emplace_back(relay::action_taken{
            {n, {request, "discord", "d1-1", act, false}, {"discord", "bot", {"", "u1", ""}}, true}});
        acting.push_back(n);
      } else if (stage == 2) { // sent, and its result is here
        out.emplace_back(relay::action_settled{n, request, result});
        settled.push_back(n);
      }
      if (stage == 2) {
        ++over;
        if (begun < x.turns) fresh(in, taken);
      }
    }
    commit(std::move(in), std::move(taken), 1);
    commit(std::move(out), std::move(acting), 2);
  }
  auto took = std::chrono::duration<double>(clock_type::now() - from).count();
  auto cost = (cpu_of(CLOCK_PROCESS_CPUTIME_ID) - cpu) - (cpu_of(CLOCK_THREAD_CPUTIME_ID) - own);
  commits = times.commits - commits;
  auto all = times.times;
  std::sort(all.begin(), all.end());
  auto at = [&](double p) { return all[static_cast<std::size_t>(p * static_cast<double>(all.size() - 1))]; };
  std::printf(
      "window %zu: %.0f turns/s, writer %.2f us of CPU a turn, %.0f turns a commit; commits p50 %ld p90 "
      "%ld p99 %ld max %ld us; %zu MiB resident\n",
      x.window, static_cast<double>(x.turns) / took, cost / static_cast<double>(x.turns),
      static_cast<double>(x.turns) / static_cast<double>(commits), at(.5), at(.9), at(.99), at(1),
      resident_kib() / 1024);
}

/// So many turns a second, whatever the store does: how long an event waits until it is on disk.
void paced(relay::store_port& store, const plan& x) {
  std::vector<relay::event_ref> events;
  for (std::uint64_t n = 0; n < 1'000; ++n) events.push_back(event(n, std::string(x.bytes, 'x')));
  auto act = relay::wire::send("7", "hello " + std::string(x.bytes, 'x'));
  auto result = relay::wire::decode_result(R"({"success":true,"message_id":"1"})");
  std::mutex lock;
  std::condition_variable changed;
  std::vector<double> waited;
  std::uint64_t over = 0;
  auto start = clock_type::now();
  auto cpu = cpu_of(CLOCK_PROCESS_CPUTIME_ID);
  for (std::uint64_t n = 1; n <= x.turns; ++n) {
    auto at = start + std::chrono::nanoseconds{n * 1'000'000'000ULL / x.rate};
    {
      std::unique_lock held{lock};
      changed.wait_until(held, at, [&] { return clock_type::now() >= at; });
    }
    auto request = "r" + std::to_string(n);
    store.commit(
        {relay::event_taken{{n, events[n % events.size()], keys(n), 0}, false}}, [&, n, at, request](auto) {
          {
            std::lock_guard guard{lock};
            waited.push_back(std::chrono::duration<double, std::milli>(clock_type::now() - at).count());
          }
          store.commit(
              {relay::event_settled{n, {}},
               relay::action_taken{
                   {n, {request, "discord", "d1-1", act, false}, {"discord", "bot", {"", "u1", ""}}, true}}},
              [&, n, request](auto) {
                store.commit({relay::action_settled{n, request, result}}, [&](auto) {
                  std::lock_guard guard{lock};
                  ++over;
                  changed.notify_one();
                });
              });
        });
  }
  std::unique_lock held{lock};
  changed.wait(held, [&] { return over == x.turns; });
  std::sort(waited.begin(), waited.end());
  auto at = [&](double p) {
    return waited[static_cast<std::size_t>(p * static_cast<double>(waited.size() - 1))];
  };
  std::printf("%zu turns/s: an event is on disk after p50 %.2f p90 %.2f p99 %.2f p99.9 %.2f max %.1f ms; "
              "%.1f us of CPU a turn\n",
              x.rate, at(.5), at(.9), at(.99), at(.999), at(1),
              (cpu_of(CLOCK_PROCESS_CPUTIME_ID) - cpu) / static_cast<double>(x.turns));
}

/// The next 100 events that go to the disk only, from `n` on.
std::vector<store_record> spilled_batch(std::uint64_t& n, const plan& x, const std::string& text) {
  std::vector<store_record> batch;
  for (int i = 0; i < 100 && n <= x.spill; ++i, ++n)
    batch.emplace_back(
        relay::event_taken{{(1ULL << 40) + n, event(n, text), keys(n), 0, std::to_string(n % 100)}, true});
  return batch;
}

void spill(relay::store_port& store, const plan& x) {
  auto from = clock_type::now();
  std::mutex lock;
  std::condition_variable changed;
  std::size_t open = 0;
  auto wait = [&](std::size_t below) {
    std::unique_lock held{lock};
    changed.wait(held, [&] { return open < below; });
  };
  auto text = std::string(x.bytes, 'x');
  auto cpu = cpu_of(CLOCK_PROCESS_CPUTIME_ID), own = cpu_of(CLOCK_THREAD_CPUTIME_ID);
  auto writer_cost = [&](std::size_t n) {
    auto all = cpu_of(CLOCK_PROCESS_CPUTIME_ID) - cpu, mine = cpu_of(CLOCK_THREAD_CPUTIME_ID) - own;
    cpu += all;
    own += mine;
    return (all - mine) / static_cast<double>(n);
  };
  for (std::uint64_t n = 1; n <= x.spill;) {
    auto batch = spilled_batch(n, x, text);
    wait(20);
    {
      std::lock_guard guard{lock};
      ++open;
    }
    store.commit(std::move(batch), [&](auto) {
      std::lock_guard guard{lock};
      --open;
      changed.notify_one();
    });
    if (n % 100'000 == 1)
      std::printf("  %lu spilled, %zu MiB resident\n", static_cast<unsigned long>(n - 1),
                  resident_kib() / 1024);
  }
  wait(1);
  auto took = std::chrono::duration<double>(clock_type::now() - from).count();
  std::printf("spilled %zu events: %.0f/s, writer %.1f us of CPU each, %zu MiB resident\n", x.spill,
              static_cast<double>(x.spill) / took, writer_cost(x.spill), resident_kib() / 1024);
  from = clock_type::now();
  std::atomic<std::uint64_t> back = 0, left = 1;
  for (int chat = 0; chat < 100; ++chat)
    for (left = 1; left > 0;) {
      open = 1;
      store.recall(std::to_string(chat), 32, [&](relay::recalled_events got) {
        std::vector<store_record> batch;
        for (auto& e : got.events) batch.emplace_back(relay::event_settled{e.seq, e.keys});
        back += got.events.size();
        left = got.left;
        store.commit(std::move(batch), nullptr);
        std::lock_guard guard{lock};
        open = 0;
        changed.notify_one();
      });
      wait(1);
    }
  took = std::chrono::duration<double>(clock_type::now() - from).count();
  std::printf("taken back and settled one chat after the other: %.0f/s, writer %.1f us of CPU each, %zu MiB "
              "resident\n",
              static_cast<double>(back) / took, writer_cost(back), resident_kib() / 1024);
}

} // namespace

int main(int argc, char** argv) {
  plan x;
  CLI::App app{"Echo turns as the store sees them"};
  app.add_option("--turns", x.turns)->check(CLI::Range(1, 100'000'000));
  app.add_option("--window", x.window)->check(CLI::Range(1, 100'000));
  app.add_option("--bytes", x.bytes)->check(CLI::Range(0, 1'000'000));
  app.add_option("--spill", x.spill, "Spill this many events instead, and take them back");
  app.add_option("--rate", x.rate, "So many turns a second instead of a window")
      ->check(CLI::Range(1, 100'000));
  app.add_option("--dir", x.dir, "Where; removed afterwards");
  CLI11_PARSE(app, argc, argv);
  namespace fs = std::filesystem;
  x.dir = (x.dir.empty() ? fs::temp_directory_path().string() : x.dir) + "/relay-store-bench-" +
          std::to_string(::getpid());
  auto times = std::make_shared<commit_times>();
  relay::sqlite_store_options what;
  what.dir = x.dir;
  what.metrics = times;
  relay::store_fault why;
  auto store = relay::open_sqlite_store(what, why);
  if (!store) {
    std::cerr << why.text << "\n";
    return why.exit_code;
  }
  if (x.spill > 0)
    spill(*store, x);
  else if (x.rate > 0)
    paced(*store, x);
  else
    turns(*store, x, *times);
  auto begun = clock_type::now();
  store.reset();
  auto closed = clock_type::now();
  auto bytes = fs::file_size(x.dir + "/relay.db");
  auto again = relay::open_sqlite_store(what, why);
  std::printf("closed in %.0f ms, opened again in %.0f ms, %ju MiB on disk\n",
              std::chrono::duration<double, std::milli>(closed - begun).count(),
              std::chrono::duration<double, std::milli>(clock_type::now() - closed).count(), bytes >> 20);
  again.reset();
  fs::remove_all(x.dir);
  return 0;
}
