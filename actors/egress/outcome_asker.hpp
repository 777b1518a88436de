// Who waits for the outcome of an action: a request, which is answered, or the sender of a burst of actions,
// who gets outcomes in bursts.
#pragma once

#include "relay_gateway/actors/bursts.hpp"
#include "relay_gateway/actors/interfaces.hpp"

#include <caf/typed_response_promise.hpp>

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

namespace relay {

/// Outcomes for senders of bursts, from one end of a handler to the next.
class outcome_bursts {
public:
  void add(const outcome_sink_actor& to, action_outcome&& x) {
    auto it = std::find_if(all_.begin(), all_.end(), [&](auto& y) { return y.first == to; });
    if (it == all_.end()) {
      it = all_.insert(it, {to, {}});
      it->second.reserve(expected_);
    }
    it->second.push_back(std::move(x));
  }
  /// So many may come before the next tell().
  void expect(std::size_t count) { expected_ = count; }
  bool empty() const { return all_.empty(); }
  template <class Self>
  void tell(const Self& self, const ports& env) {
    for (auto& [to, outcomes] : all_) tell_all(self, env, to, outcomes);
    all_.clear();
  }

private:
  std::vector<std::pair<outcome_sink_actor, std::vector<action_outcome>>> all_; ///< hardly ever more than one
  std::size_t expected_ = 0;
};

class outcome_asker {
public:
  using promise = caf::typed_response_promise<action_outcome>;
  /// Nobody.
  outcome_asker() = default;
  explicit outcome_asker(promise one) : one_(std::move(one)) {}
  /// `in` outlives this object.
  outcome_asker(outcome_sink_actor to, outcome_bursts& in) : to_(std::move(to)), in_(&in) {}

  bool pending() const { return to_ || one_.pending(); }
  /// Once.
  void deliver(action_outcome&& x) {
    if (to_)
      in_->add(to_, std::move(x));
    else
      one_.deliver(std::move(x));
  }

private:
  promise one_;
  outcome_sink_actor to_;
  outcome_bursts* in_ = nullptr;
};

} // namespace relay
