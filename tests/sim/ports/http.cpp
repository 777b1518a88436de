#include "relay_gateway/tests/sim/ports/http.hpp"

#include <algorithm>
#include <utility>

namespace relay::sim {

http_response reply(int status, std::string body) {
  http_response x;
  x.status = status;
  x.body = secret{std::move(body)};
  return x;
}

namespace {

class sim_http final : public http_port, public std::enable_shared_from_this<sim_http> {
public:
  sim_http(std::shared_ptr<process> host, http_server& server, observer& who, std::uint64_t& calls,
           usec latency)
      : host_(std::move(host)), server_(server), who_(who), calls_(calls), latency_(latency) {}

  void call(http_request what, std::function<void(http_response)> done) override {
    if (!host_->alive()) return;
    auto number = ++calls_;
    seeded_rng rng{host_->on().seed, "http " + std::to_string(number)};
    auto& faults = host_->on().faults;
    who_.called(number, what);
    auto tell = [this, me = shared_from_this(), number, done = std::move(done)](http_response x) {
      who_.answered(number, x);
      done(std::move(x));
    };
    if (faults.hit(fault::http_refused)) {
      http_response x;
      x.error = "connection refused";
      if (faults.hit(fault::call_back_at_once)) {
        tell(std::move(x));
      } else {
        host_->inside(latency_, [tell, x = std::move(x)]() mutable { tell(std::move(x)); });
      }
      return;
    }
    usec limit = what.timeout;
    auto there = rng.with_tail(latency_), back = rng.with_tail(latency_);
    if (faults.hit(fault::http_slow)) back += rng.between(usec{0}, limit * 5 / 4);
    auto lost = faults.hit(fault::http_answer_lost);
    if (lost || there + back >= limit) {
      host_->inside(limit, [tell] {
        http_response x;
        x.error = "no answer in time";
        x.sent = true;
        tell(std::move(x));
      });
      if (there < limit)
        host_->on().time.after(there, [this, me = shared_from_this(), what = std::move(what), there] {
          if (arrives(there)) server_.serve(what);
        });
      return;
    }
    host_->on().time.after(
        there, [this, me = shared_from_this(), what = std::move(what), tell, there, back, limit] {
          if (!arrives(there)) return;
          auto [x, more, silent] = server_.serve(what);
          if (silent || there + back + more >= limit) {
            x = {};
            x.error = "no answer in time";
            x.sent = true;
            more = limit - there - back;
          }
          if (x.status == 0 && x.error.empty()) x.error = "connection refused";
          host_->inside(back + more, [tell, x = std::move(x)]() mutable { tell(std::move(x)); });
        });
  }

private:
  /// What a process that is dead by now had sent: its connection ended with it, so nothing is sent once more.
  bool arrives(usec there) const { return host_->alive() || there <= latency_ * 3 / 2; }

  std::shared_ptr<process> host_;
  http_server& server_;
  observer& who_;
  std::uint64_t& calls_;
  usec latency_;
};

class sim_media final : public media_port, public std::enable_shared_from_this<sim_media> {
public:
  sim_media(std::shared_ptr<process> host, http_server& server, observer& who, std::uint64_t& calls,
            sim_media_files& media_files, usec latency)
      : host_(std::move(host)), server_(server), who_(who), calls_(calls), media_files_(media_files),
        latency_(latency) {}

  void fetch(media_fetch what, std::function<void(media_fetched)> done) override {
    auto key = what.pin + "\n" + what.url;
    if (auto old = media_files_.pinned.extract(what.pin_before + "\n" + what.url);
        old && !what.pin_before.empty())
      media_files_.pinned.emplace(key, std::move(old.mapped()));
    if (auto it = media_files_.pinned.find(key); it != media_files_.pinned.end()) {
      appears(it->second);
      return host_->inside(usec{100}, [path = it->second, done = std::move(done)] { done({path, 100, {}}); });
    }
    http_request call;
    call.url = what.url;
    call.bearer = what.bearer;
    transfer(std::move(call), what.timeout,
             [this, me = shared_from_this(), pinned = !what.pin.empty(), key,
              done = std::move(done)](http_response x) {
               media_fetched out;
               if (x.status == 200) {
                 out.path = "/sim/media/" + std::to_string(++media_files_.fetched);
                 out.bytes = 100;
                 // Two that are kept under one name are one file.
                 if (pinned) out.path = media_files_.pinned.emplace(key, out.path).first->second;
                 appears(out.path);
               } else {
                 out.error = x.status == 0 ? x.error : "status " + std::to_string(x.status);
               }
               done(std::move(out));
             });
  }
  void upload(media_upload what, std::function<void(media_uploaded)> done) override {
    media_uploaded unreadable;
    if (what.path.find("missing") != std::string::npos) {
      unreadable.how = media_uploaded::step::file_unreadable;
      unreadable.error = "no such file";
    } else if (what.path.find("huge") != std::string::npos) {
      unreadable.how = media_uploaded::step::file_too_large;
      unreadable.error = "the file is too large";
    }
    if (!unreadable.error.empty()) {
      host_->inside(usec{100}, [done = std::move(done), unreadable] { done(unreadable); });
      return;
    }
    http_request call;
    call.method = "POST";
    call.url = what.url;
    call.bearer = what.bearer;
    call.headers = {{"Content-Type", what.content_type}};
    if (!what.filename.empty()) call.headers.emplace_back("X-Media-Filename", what.filename);
    transfer(std::move(call), what.timeout,
             [this, me = shared_from_this(), done = std::move(done)](http_response x) {
               media_uploaded out;
               if (x.status == 0) {
                 out.error = x.error;
               } else {
                 out.how = media_uploaded::step::answered;
                 out.status = x.status;
                 out.body = x.body.reveal();
                 ++media_files_.uploaded;
               }
               done(std::move(out));
             });
  }
  void remove(std::vector<std::string> paths) override {
    for (auto& x : paths) {
      goes(x);
      std::erase_if(media_files_.pinned, [&](auto& y) { return y.second == x; });
    }
  }
  void unpin(std::string pin, std::vector<std::string> urls) override {
    for (auto& url : urls)
      if (auto gone = media_files_.pinned.extract(pin + "\n" + url)) goes(gone.mapped());
  }

private:
  void appears(const std::string& path) {
    if (media_files_.files.insert(path).second) who_.attachment(path, true);
  }
  void goes(const std::string& path) {
    if (media_files_.files.erase(path) > 0) who_.attachment(path, false);
  }
  void transfer(http_request what, milliseconds limit, std::function<void(http_response)> done) {
    if (!host_->alive()) return;
    auto number = ++calls_;
    who_.called(number, what);
    seeded_rng rng{host_->on().seed, "media " + std::to_string(number)};
    auto& faults = host_->on().faults;
    auto takes = rng.with_tail(latency_ * 4);
    if (faults.hit(fault::media_slow)) takes += rng.between(usec{1'000'000}, usec{limit} * 5 / 4);
    auto fails = faults.hit(fault::media_fails);
    auto late = takes >= usec{limit};
    host_->on().time.after(late ? usec{limit} : takes, [this, me = shared_from_this(), number, fails, late,
                                                        takes, limit, rng, what = std::move(what),
                                                        done = std::move(done)]() mutable {
      http_response x;
      usec more{0};
      if (fails && rng.chance(0.5)) {
        x.status = rng.chance(0.5) ? 413 : 500;
      } else if (fails || late) {
        x.error = "no answer in time";
      } else {
        auto how = server_.serve(what);
        x = std::move(how.what);
        more = std::min(how.delay, usec{limit} - takes);
        if (how.silent || more < how.delay) {
          more = usec{limit} - takes;
          x = {};
          x.error = "no answer in time";
        }
      }
      if (x.status == 0 && x.error.empty()) x.error = "connection refused";
      host_->inside(more, [this, me, number, x = std::move(x), done = std::move(done)] {
        who_.answered(number, x);
        done(x);
      });
    });
  }
  std::shared_ptr<process> host_;
  http_server& server_;
  observer& who_;
  std::uint64_t& calls_;
  sim_media_files& media_files_;
  usec latency_;
};

} // namespace

std::shared_ptr<http_port> make_http_port(std::shared_ptr<process> host, http_server& server, observer& who,
                                          std::uint64_t& calls, usec latency) {
  return std::make_shared<sim_http>(std::move(host), server, who, calls, latency);
}

std::shared_ptr<media_port> make_media_port(std::shared_ptr<process> host, http_server& server, observer& who,
                                            std::uint64_t& calls, sim_media_files& media_files,
                                            usec latency) {
  return std::make_shared<sim_media>(std::move(host), server, who, calls, media_files, latency);
}

} // namespace relay::sim
