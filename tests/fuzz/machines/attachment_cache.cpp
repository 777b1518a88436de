// Attachments (protocol.md 6, Media; F17, F31): events want files, fetches end or do not, in any order. Every
// event is answered once, and every file that was stored is removed once.
#include "relay_gateway/actors/inbound/core/attachment_cache.hpp"

#include "relay_gateway/tests/fuzz/fuzz.hpp"

#include <algorithm>
#include <map>
#include <set>

namespace relay::fuzz {
namespace attachment_cache_target {

using namespace core;

const std::string base = "https://connector/relay/media";

class env {
public:
  env() {
    rules_.max_bytes = 100;
    rules_.max_total = 450;
    rules_.max_at_once = 3;
    rules_.max_items = 4;
    rules_.patience = milliseconds{1000};
    cache_ = attachment_cache{rules_};
  }

  void step(bytes& in) {
    media_step out;
    switch (in.below(10)) {
    case 0:
    case 1: want(in, out); break;
    case 2:
    case 3: finish_a_fetch(in, out); break;
    case 4: release("d" + std::to_string(in.below(6)), out); break;
    case 5:
      cache_.all_released(now_, out);
      released_all();
      break;
    case 7: keep("d" + std::to_string(in.below(6)), out); break;
    case 8: cache_.forgotten("d" + std::to_string(in.below(6)), now_, out); break;
    case 6: now_ += milliseconds{std::int64_t{in.byte()} * 8}; break;
    default:
      cache_.timer(now_, out);
      require(!cache_.due() || *cache_.due() > now_, "nobody is kept waiting beyond the limit");
      break;
    }
    take(out);
  }

  void finish() {
    media_step out;
    now_ += rules_.patience;
    cache_.timer(now_, out);
    take(out);
    require(unanswered_.empty(), "every event is answered in time");
    media_step old;
    now_ += rules_.dead_letters_stay;
    cache_.timer(now_, old);
    take(old);
    require(!cache_.due(), "what was set aside does not stay for ever");
    while (!calls_.empty()) {
      media_step more;
      end(calls_.begin(), true, 10, more);
      take(more);
    }
    media_step last;
    cache_.all_released(now_, last);
    released_all();
    take(last);
    require(cache_.running() == 0 && cache_.bytes() == 0 && stored_.empty(), "nothing is left behind");
  }

private:
  using calls = std::map<std::uint64_t, std::string>;

  void want(bytes& in, media_step& out) {
    media_wanted x;
    x.delivery_id = "d" + std::to_string(in.below(6));
    const auto mask = in.byte();
    if ((mask & 64) != 0) x.before = "d" + std::to_string(mask >> 7);
    for (int i = 0; i < 6; ++i)
      if ((mask >> i & 1) != 0)
        x.urls.push_back(i == 5 ? "https://elsewhere/x" : base + "/" + std::to_string(i));
    const bool fresh = open_.insert(x.delivery_id).second;
    if (fresh) unanswered_.insert(x.delivery_id);
    const auto before = out.ready.size();
    cache_.wanted(x, base, now_, out);
    if (!fresh)
      require(std::count_if(out.ready.begin() + static_cast<std::ptrdiff_t>(before), out.ready.end(),
                            [&](auto& y) { return y.first == x.delivery_id; }) == 1,
              "a second wish is answered at once");
    if (!fresh) repeats_.insert(x.delivery_id);
  }

  void finish_a_fetch(bytes& in, media_step& out) {
    if (calls_.empty()) return;
    auto it = calls_.begin();
    std::advance(it, static_cast<std::ptrdiff_t>(in.below(calls_.size())));
    end(it, in.flag(), in.below(101), out);
  }

  void end(calls::iterator it, bool good, std::uint64_t bytes, media_step& out) {
    const auto call = it->first;
    calls_.erase(it);
    const auto path = good ? "/f" + std::to_string(call) : std::string{};
    if (good) stored_.insert(path);
    cache_.fetched(call, path, bytes, good ? "" : "404", now_, out);
    cache_.fetched(call, "", 0, "", now_, out); // a second word on it changes nothing
  }

  void release(const std::string& id, media_step& out) {
    cache_.released(id, now_, out);
    open_.erase(id);
    unanswered_.erase(id);
  }
  void keep(const std::string& id, media_step& out) {
    cache_.kept(id, now_, out);
    open_.erase(id);
    unanswered_.erase(id);
  }
  void released_all() {
    open_.clear();
    unanswered_.clear();
  }

  void take(const media_step& out) {
    for (const auto& x : out.start) {
      require(x.url.starts_with(base + "/"), "only the connector's store is asked (F49)");
      require(x.timeout.count() > 0 && x.timeout <= rules_.patience, "a fetch has a limit");
      require(calls_.emplace(x.call, x.url).second, "a call has its own number");
    }
    for (const auto& [id, files] : out.ready) {
      if (repeats_.erase(id) == 0) require(unanswered_.erase(id) == 1, "an event is answered once");
      for (const auto& file : files.files) {
        require(file.path.empty() != file.error.empty(), "a file or a reason");
        require(file.path.empty() || stored_.count(file.path) == 1, "a file that is told is there");
      }
      require(files.files.size() <= 5, "an event has the files that it asked for");
    }
    for (const auto& path : out.remove) require(stored_.erase(path) == 1, "a file is removed once");
    require(calls_.size() == cache_.running() && calls_.size() <= rules_.max_at_once, "a few at a time");
    require(cache_.bytes() + cache_.running() * rules_.max_bytes <= rules_.max_total, "the disk has a bound");
  }

  media_rules rules_;
  attachment_cache cache_;
  instant now_{std::chrono::hours{1}};
  calls calls_;
  std::set<std::string> open_, unanswered_, repeats_, stored_;
};

void run(std::string_view input) {
  env here;
  for (bytes in{input.substr(0, 400)}; in.more();) here.step(in);
  here.finish();
}

const registration self{"attachment_cache", run};

} // namespace attachment_cache_target
} // namespace relay::fuzz
