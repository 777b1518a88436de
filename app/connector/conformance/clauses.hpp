// The clauses of the contract that a gateway is tried against, and what was found out about each.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

namespace relay::connector::conformance {

/// One testable statement of the contract (protocol.md).
struct clause {
  std::string_view id;      ///< stable: `framing.split`
  std::string_view section; ///< of the contract
  std::string_view text;    ///< what holds, one sentence
};

/// All of them, in the order of the contract.
const std::vector<clause>& all_clauses();

enum class outcome : std::uint8_t { untried, pass, fail, not_offered };
std::string_view to_string(outcome x);

/// One verdict per clause. Thread-safe. A clause that failed once stays failed; `not offered` gives way to
/// both other verdicts.
class report {
public:
  /// `exempt`: clause id -> why the gateway does not offer it, whatever is seen.
  explicit report(const std::map<std::string, std::string>& exempt = {});
  void pass(std::string_view id, std::string why = {});
  void fail(std::string_view id, std::string why);
  void not_offered(std::string_view id, std::string why);
  /// Passes when `holds`, else fails with `why`.
  void check(std::string_view id, bool holds, const std::string& why);
  outcome of(std::string_view id) const;

  /// A line per clause and a summary; the reasons of failures below their clause.
  void print(std::ostream& to) const;
  /// `{"gateway", "passed", "failed", "not_offered", "clauses":[{id, section, text, outcome, why}]}`.
  std::string json(std::string_view gateway) const;
  /// How many clauses have that verdict.
  std::size_t count(outcome x) const;

private:
  struct verdict {
    outcome what = outcome::untried;
    std::string why;
    bool exempt = false;
  };
  void put(std::string_view id, outcome what, std::string why);
  std::size_t index_of(std::string_view id) const;

  mutable std::mutex lock_;
  std::vector<verdict> verdicts_ = std::vector<verdict>(all_clauses().size());
};

} // namespace relay::connector::conformance
