// `relay-connector conformance`: a gateway against every clause of the contract.
#pragma once

#include <string>

namespace relay::connector::conformance {

struct run_options {
  std::string command;    ///< of --gateway; empty = the description's
  std::string describe;   ///< a description file; empty = none
  std::string only{};     ///< scenarios whose name or one of whose clauses begins with it; empty = all
  std::string work_dir{}; ///< new or empty; kept with its logs and records; no name = a temporary one
  bool json = false;
  bool actions = false; ///< with `command`: as `actions` of a description
  bool strict = false;  ///< what is not offered counts as a failure, too
  int jobs = 4;         ///< gateways at once
};

/// Prints the verdicts on standard output. 0: no clause failed; 1: one did; 2: it could not be tried; 78: the
/// description is bad.
int run(const run_options& what);
/// Prints the clauses and the scenarios that try them.
int list_clauses();

} // namespace relay::connector::conformance
