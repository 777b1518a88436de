// Which platform to provision when (protocol.md 2.1): attempts end well, badly or without a token, in any
// order. Nothing is tried twice at once, nothing is given up.
#include "relay_gateway/actors/boot/core/provision_plan.hpp"

#include "relay_gateway/tests/fuzz/fuzz.hpp"

#include <map>
#include <set>

namespace relay::fuzz {
namespace provision_plan_target {

using namespace core;

class env {
public:
  explicit env(bytes& in) : plan_(names(1 + in.below(3)), milliseconds_{1000}, milliseconds_{30'000}) {
    take(plan_.begin());
  }

  void step(bytes& in) {
    const auto what = in.byte();
    const auto random = in.wide();
    if ((what & 3) == 0 && !trying_.empty()) {
      // Without a token none of the attempts can be made.
      trying_.clear();
      take(plan_.no_token(random));
    } else if ((what & 3) != 3 && !trying_.empty()) {
      auto it = trying_.begin();
      std::advance(it, static_cast<std::ptrdiff_t>(what / 16U % trying_.size()));
      const auto name = *it;
      trying_.erase(it);
      const bool good = (what & 4) != 0;
      if (good) done_.insert(name);
      take(plan_.over(name, good, good && (what & 8) != 0, random));
    } else if (!timers_.empty()) {
      auto it = timers_.begin();
      std::advance(it, static_cast<std::ptrdiff_t>(what / 16U % timers_.size()));
      const auto name = *it;
      timers_.erase(it);
      take(plan_.due(name));
    }
  }

  /// Once nothing fails any more, every platform is provisioned.
  void finish() {
    for (int i = 0; i < 40 && (!trying_.empty() || !timers_.empty()); ++i) {
      if (!trying_.empty()) {
        const auto name = *trying_.begin();
        trying_.erase(trying_.begin());
        done_.insert(name);
        take(plan_.over(name, true, true, 5));
      } else {
        const auto name = *timers_.begin();
        timers_.erase(timers_.begin());
        take(plan_.due(name));
      }
    }
    require(done_.size() == all_.size(), "no platform is given up");
    require(decided_ > 0, "the credentials are decided");
  }

private:
  using milliseconds_ = provision_plan::ms;

  std::vector<std::string> names(std::size_t n) {
    std::vector<std::string> out;
    for (std::size_t i = 0; i < n; ++i) out.push_back("p" + std::to_string(i));
    all_.insert(out.begin(), out.end());
    return out;
  }

  void take(const provision_plan::step& x) {
    for (const auto& name : x.attempt) {
      require(all_.count(name) == 1 && done_.count(name) == 0, "what is done is not tried again");
      require(trying_.insert(name).second, "nothing is tried twice at once");
    }
    require(plan_.held() || trying_.size() <= 1, "one by one until there are credentials");
    for (const auto& [name, delay] : x.later) {
      require(delay.count() > 0 && delay <= milliseconds_{30'000}, "a delay is within the backoff");
      timers_.insert(name);
    }
    if (x.decided) ++decided_;
    require(!plan_.held() || decided_ > 0, "credentials that are held are told");
  }

  std::set<std::string> all_, trying_, done_;
  std::multiset<std::string> timers_;
  int decided_ = 0;
  provision_plan plan_;
};

void run(std::string_view input) {
  bytes in{input.substr(0, 500)};
  env here{in};
  while (in.more()) here.step(in);
  here.finish();
}

const registration self{"provision_plan", run};

} // namespace provision_plan_target
} // namespace relay::fuzz
