// A small simulated world for one gateway's actor tree on CAF's test coordinator: virtual time, sockets and
// HTTP calls that the test answers by hand, recorded log lines. Nothing here is a thread.
#pragma once

#include "relay_gateway/actors/metrics.hpp"
#include "relay_gateway/actors/ports.hpp"
#include "relay_gateway/app/store/memory_store.hpp"

#include <algorithm>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

namespace relay::testing {

/// What the gateway did with one dial. The test plays the connector on it.
struct fake_socket {
  dial_request request;
  std::shared_ptr<socket_listener> listener;
  std::vector<std::string> written; ///< frames, in order, each with its `\n`
  bool open = false, over = false, reading = true;
  bool closing_takes_time = false;         ///< the test ends the close handshake
  std::uint16_t closed_with = 0;           ///< by the gateway; 0 = not
  std::string dropped;                     ///< why the gateway hung up
  std::uint64_t lose_writes_after = ~0ULL; ///< frames beyond this never reached the wire

  void accept() {
    open = true;
    listener->on_open();
  }
  void say(std::string_view bytes) {
    listener->on_bytes(bytes);
    listener->on_batch_end();
  }
  void end(std::uint16_t code = 0, std::string reason = {}, int http_status = 0,
           std::string retry_after = {}) {
    if (over) return;
    over = true;
    socket_end why;
    why.close_code = code;
    why.close_reason = std::move(reason);
    why.http_status = http_status;
    why.retry_after = std::move(retry_after);
    why.opened = open;
    why.error = code ? "closed by the peer with " + std::to_string(code) : "connection reset";
    why.frames_written = std::min<std::uint64_t>(written.size(), lose_writes_after);
    listener->on_end(why);
  }
};

class fake_link final : public link_port {
public:
  std::vector<std::shared_ptr<fake_socket>> dials;
  std::shared_ptr<line_socket> dial(dial_request what, std::shared_ptr<socket_listener> who) override {
    auto x = std::make_shared<fake_socket>();
    x->request = std::move(what);
    x->listener = std::move(who);
    dials.push_back(x);
    return std::make_shared<handle>(x);
  }
  fake_socket& last() { return *dials.back(); }
  std::size_t alive() const {
    return static_cast<std::size_t>(
        std::count_if(dials.begin(), dials.end(), [](auto& x) { return !x->over; }));
  }

private:
  class handle final : public line_socket {
  public:
    explicit handle(std::shared_ptr<fake_socket> x) : x_(std::move(x)) {}
    handle(const handle&) = delete;
    handle& operator=(const handle&) = delete;
    ~handle() override { x_->over = true; }
    void write(std::string frame) override {
      if (!x_->over) x_->written.push_back(std::move(frame));
    }
    std::size_t queued() const override { return 0; }
    void close(std::uint16_t code, std::string, milliseconds) override {
      if (x_->over) return;
      x_->closed_with = code;
      if (!x_->closing_takes_time) x_->end(code);
    }
    void drop(std::string why) override {
      if (x_->over) return;
      x_->dropped = why;
      x_->end();
    }
    void read(bool on) override { x_->reading = on; }

  private:
    std::shared_ptr<fake_socket> x_;
  };
};

class fake_http final : public http_port {
public:
  struct call_t {
    http_request what;
    std::function<void(http_response)> done;
    bool answered = false;
    void answer(int status, std::string body, std::string retry_after = {}) {
      answered = true;
      http_response x;
      x.status = status;
      x.body = secret{std::move(body)};
      x.retry_after = std::move(retry_after);
      if (status == 0) x.error = "connection refused";
      done(std::move(x));
    }
  };
  std::deque<call_t> calls;
  void call(http_request what, std::function<void(http_response)> done) override {
    calls.push_back({std::move(what), std::move(done)});
  }
  /// The calls that wait for an answer, by the end of their URL.
  std::vector<call_t*> open(const std::string& url_end) {
    std::vector<call_t*> out;
    for (auto& x : calls)
      if (!x.answered && x.what.url.ends_with(url_end)) out.push_back(&x);
    return out;
  }
};

/// Transfers that the test ends by hand; files exist by name only.
class fake_media final : public media_port {
public:
  struct fetch_t {
    media_fetch what;
    std::function<void(media_fetched)> done;
  };
  struct upload_t {
    media_upload what;
    std::function<void(media_uploaded)> done;
  };
  std::deque<fetch_t> fetches;
  std::deque<upload_t> uploads;
  std::vector<std::string> removed, unpinned;
  void fetch(media_fetch what, std::function<void(media_fetched)> done) override {
    fetches.push_back({std::move(what), std::move(done)});
  }
  void upload(media_upload what, std::function<void(media_uploaded)> done) override {
    uploads.push_back({std::move(what), std::move(done)});
  }
  void remove(std::vector<std::string> paths) override {
    removed.insert(removed.end(), paths.begin(), paths.end());
  }
  void unpin(std::string pin, std::vector<std::string> urls) override {
    for (auto& url : urls) unpinned.push_back(pin + " " + url);
  }
};

/// One shared file; the test says what is in it, and lets calls be answered.
class fake_files final : public file_port {
public:
  struct held final : locked_file {
    explicit held(fake_files& x) : all(x) { ++all.locked; }
    held(const held&) = delete;
    held& operator=(const held&) = delete;
    ~held() override { --all.locked; }
    void replace(secret fresh, std::function<void(std::string)> done) override {
      if (all.fail_writes.empty()) all.text = fresh.reveal();
      ++all.writes;
      done(all.fail_writes);
    }
    fake_files& all;
  };
  std::string text; ///< empty = there is no file
  std::string fail_writes, unwritable, error;
  int locked = 0, writes = 0, reads = 0;
  std::string path; ///< asked for last
  void lock(std::string which, milliseconds, std::function<void(file_locked)> done) override {
    ++reads;
    path = std::move(which);
    file_locked out;
    out.error = error;
    out.missing = error.empty() && text.empty();
    out.unwritable = unwritable;
    if (error.empty() && !text.empty()) {
      out.text = secret{text};
      out.file = std::make_shared<held>(*this);
    }
    done(std::move(out));
  }
};

class fake_machine final : public clock_port, public random_port, public secret_file_port {
public:
  std::int64_t wall = 1'790'000'000'000;
  std::mt19937_64 rng{7};
  std::map<std::string, std::string> files;
  std::int64_t wall_ms() const override { return wall; }
  std::uint64_t bits() override { return rng(); }
  bool read(const std::string& path, secret& out, std::string& why) const override {
    auto it = files.find(path);
    if (it == files.end()) {
      why = path + ": no such file";
      return false;
    }
    out = secret{it->second};
    return true;
  }
};

class fake_log final : public log_port {
public:
  struct line {
    severity level;
    std::string id, text;
  };
  std::vector<line> lines;
  bool wants(severity) const noexcept override { return true; }
  void write(severity level, std::string_view id, std::initializer_list<log_field> fields) noexcept override {
    std::string text;
    for (auto& x : fields) text += std::string{x.key} + "=" + x.value + " ";
    lines.push_back({level, std::string{id}, std::move(text)});
  }
  std::size_t count(std::string_view id) const {
    return static_cast<std::size_t>(
        std::count_if(lines.begin(), lines.end(), [&](auto& x) { return x.id == id; }));
  }
};

class fake_metrics final : public metrics_port {
public:
  std::map<std::string, std::uint64_t> counters;
  std::map<std::string, std::int64_t> gauges;
  void add(counter what, std::uint64_t n) noexcept override {
    counters[std::string{describe(what).name}] += n;
  }
  void add(counter what, std::string_view value, std::uint64_t n) noexcept override {
    counters[std::string{describe(what).name} + "{" + std::string{value} + "}"] += n;
  }
  void set(gauge what, std::int64_t value) noexcept override {
    gauges[std::string{describe(what).name}] = value;
  }
  std::map<std::string, std::vector<std::chrono::nanoseconds>> times;
  void observe(histogram what, std::chrono::nanoseconds took) noexcept override {
    times[std::string{describe(what).name}].push_back(took);
  }
  std::uint64_t get(const std::string& name) const {
    auto it = counters.find("relay_gateway_" + name);
    return it == counters.end() ? 0 : it->second;
  }
};

struct fake_ports {
  std::shared_ptr<fake_link> link = std::make_shared<fake_link>();
  std::shared_ptr<fake_http> http = std::make_shared<fake_http>();
  std::shared_ptr<fake_machine> machine = std::make_shared<fake_machine>();
  std::shared_ptr<fake_log> log = std::make_shared<fake_log>();
  std::shared_ptr<fake_metrics> metrics = std::make_shared<fake_metrics>();
  std::shared_ptr<fake_media> media = std::make_shared<fake_media>();
  std::shared_ptr<store_port> store = make_memory_store();
  std::shared_ptr<child_port> child; ///< for tests of the exec agent
  std::shared_ptr<fake_files> files = std::make_shared<fake_files>();
  std::shared_ptr<settings_port> settings; ///< for tests of a reload
  std::shared_ptr<burst_port> bursts;      ///< for tests of what travels together
  ports all() const {
    ports out{nullptr, link,  http,  machine, machine, machine, log,
              metrics, media, store, child,   files,   settings};
    out.bursts = bursts;
    return out;
  }
};

} // namespace relay::testing
