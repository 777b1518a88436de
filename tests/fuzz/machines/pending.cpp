// The small books of the connection and the chats, each beside the plainest thing that does the same.
#include "relay_gateway/actors/core/bounded_map.hpp"
#include "relay_gateway/actors/egress/core/routing/open_turns.hpp"
#include "relay_gateway/actors/link/core/pending_requests.hpp"
#include "relay_gateway/tests/fuzz/fuzz.hpp"

#include <algorithm>
#include <map>

namespace relay::fuzz {
namespace pending_target {

using namespace core;

/// Requests on one connection: each is settled once, by its result, its time-out or the connection's end.
class requests {
public:
  void step(bytes& in, instant now) {
    switch (in.below(6)) {
    case 0:
    case 1: {
      const auto id = next_++;
      history_.add(id, next_, next_, now + limit);
      open_[id] = {next_, now + limit};
      break;
    }
    case 2:
    case 3: {
      const std::uint64_t id = in.below(std::min<std::size_t>(next_ + 2, 256));
      pending_requests<std::uint64_t>::request x;
      const auto it = open_.find(id);
      const bool found = history_.take(id, x);
      require(found == (it != open_.end()), "a result settles exactly what is open");
      if (!found) break;
      require(x.owner == it->second.first && x.at == it->second.second, "a request comes out as it went in");
      open_.erase(it);
      break;
    }
    case 4: settle(history_.overdue(now), now); break;
    default:
      settle(history_.all(), now + limit);
      require(open_.empty(), "the connection's end settles everything (F1)");
      break;
    }
    require(history_.size() == open_.size(), "nothing is lost");
    deadline first;
    for (const auto& [id, x] : open_) first = earlier(first, x.second);
    require(history_.due() == first, "the deadline is the oldest one's");
  }

private:
  static constexpr milliseconds limit{500};

  void settle(const std::vector<pending_requests<std::uint64_t>::request>& out, instant now) {
    std::uint64_t last = 0;
    for (const auto& x : out) {
      require(x.owner > last, "the oldest comes first");
      last = x.owner;
      const auto erased = std::erase_if(open_, [&](const auto& y) { return y.second.first == x.owner; });
      require(erased == 1 && x.at <= now, "what is overdue was open, and is over");
    }
    require(std::none_of(open_.begin(), open_.end(), [&](const auto& y) { return y.second.second <= now; }),
            "everything that is overdue comes out");
  }

  pending_requests<std::uint64_t> history_;
  std::map<std::uint64_t, std::pair<std::uint64_t, instant>> open_; ///< by number
  std::uint64_t next_ = 0;
};

/// What was used last stays.
class memory {
public:
  void step(bytes& in) {
    const auto key = static_cast<int>(in.below(9));
    const auto at = std::find_if(model_.begin(), model_.end(), [&](const auto& x) { return x.first == key; });
    if (in.flag()) {
      const int value = in.byte();
      if (at != model_.end()) model_.erase(at);
      model_.emplace_back(key, value);
      if (model_.size() > most) model_.erase(model_.begin());
      map_.put(key, value);
    } else {
      const auto* found = map_.find(key);
      require((found != nullptr) == (at != model_.end()), "it remembers what it should");
      if (found == nullptr) return;
      require(*found == at->second, "it remembers the newest");
      std::rotate(at, at + 1, model_.end());
    }
    require(map_.size() == model_.size(), "it has a bound");
  }

private:
  static constexpr std::size_t most = 4;
  recent<int, int> map_{most};
  std::vector<std::pair<int, int>> model_; ///< least recently used first
};

/// A turn is open until it is answered, or for so long.
class turns {
public:
  void step(bytes& in, instant now) {
    const auto id = "d" + std::to_string(in.below(8));
    const auto what = in.below(3);
    forget(now);
    if (what == 0 && model_.count(id) == 0) {
      history_.opened(id, now);
      model_[id] = now;
    }
    if (what == 1) {
      history_.answered(id);
      model_.erase(id);
    }
    require(history_.count(now) == model_.size(), "a turn that is not answered is work (F69)");
  }

private:
  static constexpr milliseconds limit{700};
  void forget(instant now) {
    std::erase_if(model_, [&](const auto& x) { return now - x.second >= limit; });
  }
  open_turns history_{limit, 100};
  std::map<std::string, instant> model_;
};

void run(std::string_view input) {
  requests open;
  memory last;
  turns answered;
  instant now{std::chrono::hours{1}};
  for (bytes in{input.substr(0, 600)}; in.more();) {
    switch (in.below(4)) {
    case 0: now += milliseconds{in.byte()}; break;
    case 1: open.step(in, now); break;
    case 2: last.step(in); break;
    default: answered.step(in, now); break;
    }
  }
}

const registration self{"pending", run};

} // namespace pending_target
} // namespace relay::fuzz
