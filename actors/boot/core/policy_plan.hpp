// Which platform's relevance policy is declared when (protocol.md 2.2): one declaration at a time and
// platform, again after each failure, and of two the one that counts goes last.
#pragma once

#include "relay_gateway/actors/core/backoff.hpp"
#include "relay_gateway/actors/core/clock.hpp"
#include "relay_gateway/messages/contract/policy.hpp"
#include "relay_gateway/messages/control.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace relay::core {

/// What is to be declared, to whom, from now on.
struct policy_wish {
  std::string url; ///< of POST /relay/policy
  std::vector<relevance_policy> policies;
  /// Platforms with a declaration that is still to be withdrawn when nothing is set any more (F46).
  std::vector<std::string> declared_before;
  bool usable = false; ///< there are credentials to declare with
  std::string account; ///< their gateway id
};

/// The answer to one declaration.
struct policy_answer {
  bool accepted = false;
  std::string error;    ///< one line when it was not
  milliseconds wait{0}; ///< the connector asked for this long a pause
};

class policy_plan {
public:
  struct declaration {
    std::uint64_t call = 0;
    relevance_policy what;
  };
  struct timer {
    std::string platform;
    std::uint64_t call = 0;
    instant at;
  };
  struct step {
    std::vector<platform_progress> told; ///< for the supervisor
    std::vector<declaration> declare;    ///< send these; answered() follows for each
    std::vector<timer> later;            ///< call due() then
    std::string accepted, failed;        ///< the platform that the answer settled; empty = none
  };

  /// `quiet`: a predecessor may still be declaring something; speak() ends it.
  policy_plan(milliseconds backoff_min, milliseconds backoff_max, bool quiet)
      : backoff_min_(backoff_min), backoff_max_(backoff_max), quiet_(quiet) {}

  /// New orders. What is on its way is waited for.
  step obey(policy_wish wish, instant now);
  /// Nothing of a predecessor can arrive any more.
  step speak(instant now);
  /// A platform was provisioned just now: a declaration that had failed is tried again at once.
  step provisioned(const std::string& platform, instant now);
  step answered(std::uint64_t call, const policy_answer& x, instant now, std::uint64_t random);
  step due(const std::string& platform, std::uint64_t call, instant now);

private:
  struct entry {
    relevance_policy what;                    ///< to be declared; the quiet default when nothing is set
    std::optional<relevance_policy> sent;     ///< the newest declaration of this plan
    std::optional<relevance_policy> in_force; ///< the newest that the connector accepted, none sent since
    backoff pause{milliseconds{1}, milliseconds{1}};
    platform_step at = platform_step::pending;
    std::uint64_t call = 0; ///< the call, or the timer, that counts
    bool busy = false;      ///< a declaration is on its way
    bool again = false;     ///< and is not the newest
    deadline not_before;    ///< the connector asked for a pause until then
    bool dropped = false;   ///< not ordered any more; kept while it is busy
  };
  entry next_entry(const relevance_policy& what, std::map<std::string, entry>& old, bool same);
  void declare(entry& x, instant now, step& out);
  static void tell(const entry& x, std::string error, step& out) {
    out.told.push_back({x.what.platform, x.at, std::move(error)});
  }

  milliseconds backoff_min_, backoff_max_;
  policy_wish wish_;
  std::string account_; ///< the gateway id of the last usable orders
  std::map<std::string, entry> platforms_;
  std::uint64_t calls_ = 0;
  bool quiet_ = false;
};

} // namespace relay::core
