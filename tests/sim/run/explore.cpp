#include "relay_gateway/tests/sim/run/explore.hpp"

#include <algorithm>
#include <map>
#include <ostream>
#include <string>
#include <utility>

namespace relay::sim {

namespace {

struct trial {
  std::uint64_t seed = 0, variation = 0;
};

/// Which trials come next: fresh seeds, and variations of those that reached something new, newest first.
class planner {
public:
  explicit planner(std::uint64_t first) : next_(first) {}

  std::vector<trial> next(std::size_t most) {
    std::vector<trial> out;
    while (out.size() < most / 2 && !kept_.empty()) {
      auto& x = kept_.back();
      out.push_back({x.seed, ++variations_[x.seed]});
      if (--x.left == 0) kept_.pop_back();
    }
    while (out.size() < most) out.push_back({next_++, 0});
    return out;
  }
  /// A run of this seed reached something new: it is worth a few more.
  void keep(std::uint64_t seed) {
    constexpr unsigned few = 4;
    std::erase_if(kept_, [seed](auto& x) { return x.seed == seed; });
    kept_.push_back({seed, few});
  }

private:
  struct kept {
    std::uint64_t seed = 0;
    unsigned left = 0; ///< variations that are to be played
  };
  std::uint64_t next_;
  std::vector<kept> kept_;
  std::map<std::uint64_t, std::uint64_t> variations_; ///< how many were planned, by seed
};

void add(campaign_result& to, const campaign_result& x) {
  to.seeds += x.seeds;
  to.steps += x.steps;
  to.messages += x.messages;
  to.violations += x.violations;
  to.lasted += x.lasted;
  for (auto& [name, times] : x.fired) to.fired[name] += times;
}

} // namespace

exploration_result explore(const exploration& what, const std::function<void(const run_result&)>& told) {
  constexpr std::uint64_t round = 200;
  exploration_result out;
  planner plans{what.first};
  while (out.sum.seeds < what.runs) {
    auto trials = plans.next(static_cast<std::size_t>(std::min(round, what.runs - out.sum.seeds)));
    campaign how;
    how.first = 0;
    how.seeds = trials.size();
    how.jobs = what.jobs;
    how.patience_s = what.patience_s;
    how.play = [&](std::uint64_t at) {
      auto mine = what.options;
      mine.variation = trials[at].variation;
      auto x = run{trials[at].seed, mine}.play();
      x.seed = at;
      return x;
    };
    add(out.sum, run_all(how, [&](const run_result& x) {
          auto one = x;
          one.seed = trials[x.seed].seed;
          one.variation = trials[x.seed].variation;
          ++(one.variation == 0 ? out.fresh : out.varied);
          if ((x.reached & ~out.reached).any()) {
            out.reached |= x.reached;
            ++out.kept;
            plans.keep(one.seed);
          }
          told(one);
        }));
  }
  return out;
}

void tell_unreached(std::ostream& to, const fault_pairs& reached, const fault_mask& allowed) {
  fault_mask anywhere;
  std::string never;
  std::vector<fault_mask> in(situation::states);
  for (std::size_t state = 0; state < situation::states; ++state) {
    for (std::size_t i = 0; i < fault_count; ++i)
      in[state].set(i, reached.test(pair_of(state, static_cast<fault>(i))));
    anywhere |= in[state];
    if (in[state].none()) never += (never.empty() ? "" : "; ") + situation::name_of(state);
  }
  to << "reached: " << reached.count() << " of " << situation::states * allowed.count()
     << " pairs of state and fault\nfaults that never fired: " << names_of(allowed & ~anywhere)
     << "\nstates in which none fired: " << (never.empty() ? "none" : never) << '\n';
  for (std::size_t state = 0; state < situation::states; ++state)
    if (in[state].any())
      to << "not while " << situation::name_of(state) << ": " << names_of(allowed & anywhere & ~in[state])
         << '\n';
}

} // namespace relay::sim
