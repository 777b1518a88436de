// A store in a directory of its own, a wall clock that the test moves, and calls that wait for their answer.
#pragma once

#include "relay_gateway/app/store/sqlite_store.hpp"
#include "relay_gateway/messages/wire/actions/actions.hpp"
#include "relay_gateway/messages/wire/frames/frames.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <future>
#include <iterator>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace relay::testing {

namespace fs = std::filesystem;

/// A directory that goes with the test.
class temporary_directory {
public:
  temporary_directory() {
    std::string form = fs::temp_directory_path() / "relay-store-XXXXXX";
    path_ = ::mkdtemp(form.data());
  }
  temporary_directory(const temporary_directory&) = delete;
  temporary_directory& operator=(const temporary_directory&) = delete;
  ~temporary_directory() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  const std::string& path() const { return path_; }

private:
  std::string path_;
};

/// What the store tells people and machines.
class told final : public log_port, public metrics_port {
public:
  bool wants(severity) const noexcept override { return true; }
  void write(severity, std::string_view id, std::initializer_list<log_field> fields) noexcept override {
    std::lock_guard guard{lock_};
    std::string line{id};
    for (auto& x : fields) line.append(" ").append(x.key).append("=").append(x.value);
    lines_.push_back(std::move(line));
  }
  void add(counter what, std::uint64_t n) noexcept override { add(what, "", n); }
  void add(counter what, std::string_view value, std::uint64_t n) noexcept override {
    std::lock_guard guard{lock_};
    counts_[{what, std::string{value}}] += n;
  }
  void set(gauge what, std::int64_t value) noexcept override {
    std::lock_guard guard{lock_};
    gauges_[what] = value;
  }
  void observe(histogram what, std::chrono::nanoseconds took) noexcept override {
    std::lock_guard guard{lock_};
    times_[what].push_back(took);
  }
  /// Lines that begin with this.
  std::vector<std::string> lines(const std::string& start) const {
    std::lock_guard guard{lock_};
    std::vector<std::string> out;
    for (auto& x : lines_)
      if (x.rfind(start, 0) == 0) out.push_back(x);
    return out;
  }
  std::uint64_t count(counter what, const std::string& value = {}) const {
    std::lock_guard guard{lock_};
    auto it = counts_.find({what, value});
    return it == counts_.end() ? 0 : it->second;
  }
  std::int64_t value(gauge what) const {
    std::lock_guard guard{lock_};
    auto it = gauges_.find(what);
    return it == gauges_.end() ? -1 : it->second;
  }

private:
  mutable std::mutex lock_;
  std::vector<std::string> lines_;
  std::map<std::pair<counter, std::string>, std::uint64_t> counts_;
  std::map<gauge, std::int64_t> gauges_;
  std::map<histogram, std::vector<std::chrono::nanoseconds>> times_;
};

/// Waits for what a call-back brings.
template <class Answer>
Answer waited(const std::function<void(std::function<void(Answer)>)>& call) {
  auto found = std::make_shared<std::promise<Answer>>();
  auto future = found->get_future();
  call([found](Answer x) { found->set_value(std::move(x)); });
  if (future.wait_for(std::chrono::seconds{30}) != std::future_status::ready)
    throw std::runtime_error("the store did not answer");
  return future.get();
}

inline store_receipt put(store_port& to, std::vector<store_record> batch) {
  return waited<store_receipt>([&](auto done) { to.commit(std::move(batch), std::move(done)); });
}
inline inbound_image way_in(store_port& of) {
  return waited<inbound_image>([&](auto done) { of.load_inbound(std::move(done)); });
}
inline outbound_image way_out(store_port& of) {
  auto out = waited<outbound_image>([&](auto done) { of.load_outbound(std::move(done)); });
  constexpr std::size_t few = 2; // so that there are several pages
  for (std::uint64_t next = 0;;) {
    auto page = waited<chat_page>([&](auto done) { of.chats_after(next, few, std::move(done)); });
    std::move(page.chats.begin(), page.chats.end(), std::back_inserter(out.chats));
    next = page.next;
    if (next == 0) return out;
  }
}
inline recalled_events recall(store_port& of, const std::string& session, std::size_t limit) {
  return waited<recalled_events>([&](auto done) { of.recall(session, limit, std::move(done)); });
}
inline spill_page scan(store_port& of, std::uint64_t after, std::size_t limit) {
  return waited<spill_page>([&](auto done) { of.scan(after, limit, std::move(done)); });
}
inline std::vector<dead_letter> dead_letters(store_port& of, std::uint64_t after = 0,
                                             std::size_t limit = 100) {
  return waited<std::vector<dead_letter>>([&](auto done) { of.dead_letters(after, limit, std::move(done)); });
}

/// An event as it comes off the wire.
inline event_ref event(const std::string& text, const std::string& chat = "c1",
                       const std::string& platform = "discord") {
  inbound_event x;
  std::string why;
  auto ok = wire::decode_event(
      R"({"text":")" + text + R"(","source":{"platform":")" + platform + R"(","chat_id":")" + chat +
          R"(","user_id":"u1","scope_id":"g1","profile":"p1","parent_chat_id":"pc","thread_id":"th1"}})",
      x, why);
  EXPECT_TRUE(ok) << why;
  return event_ref{std::move(x)};
}
/// Its session is called like its chat.
inline stored_event taken(std::uint64_t seq, std::vector<std::string> keys = {},
                          const std::string& chat = "c1") {
  return {seq, event("text " + std::to_string(seq), chat), std::move(keys), 0, chat};
}
inline stored_action action_of(std::uint64_t token, const std::string& request_id,
                               bool maybe_written = false) {
  return {token,
          {request_id, "discord", "d0-1", wire::send("c1", "answer " + std::to_string(token)), false},
          {"discord", "bot", {"g1", "u1", "p1"}},
          maybe_written};
}

class store_rig : public ::testing::Test {
protected:
  temporary_directory place;
  std::shared_ptr<told> seen = std::make_shared<told>();
  std::atomic<std::int64_t> wall{1'700'000'000'000};
  store_fault fault;

  std::string dir() const { return place.path() + "/state"; }
  std::string database() const { return dir() + "/relay.db"; }
  sqlite_store_options options() {
    sqlite_store_options out;
    out.dir = dir();
    out.log = seen;
    out.metrics = seen;
    out.wall_ms = [this] { return wall.load(); };
    out.retry = std::chrono::milliseconds{20};
    out.last_attempt = std::chrono::milliseconds{300};
    return out;
  }
  std::shared_ptr<store_port> open(const sqlite_store_options& what) {
    auto out = open_sqlite_store(what, fault);
    EXPECT_EQ(out == nullptr, fault.exit_code != 0);
    EXPECT_EQ(fault.text.find('\n'), std::string::npos) << fault.text;
    return out;
  }
  std::shared_ptr<store_port> open() {
    auto out = open(options());
    EXPECT_TRUE(out) << fault.text;
    return out;
  }
  std::vector<std::string> files() const {
    std::vector<std::string> out;
    for (auto& x : fs::directory_iterator{dir()}) out.push_back(x.path().filename().string());
    std::sort(out.begin(), out.end());
    return out;
  }
};

} // namespace relay::testing
