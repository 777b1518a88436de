// relay-sim-mutants: plays seeds on a gateway with one deliberate mistake after another, until the oracle
// sees it.
#include "mutant.hpp"
#include "run.hpp"
#include "workers.hpp"

#include <CLI/CLI.hpp>

#include <cstring>
#include <iostream>
#include <string>

namespace {

using namespace relay::sim;

struct verdict {
  std::uint64_t seeds = 0; ///< until it was seen; 0 = never
  std::string rule, what;
};

verdict hunt(const mutation& x, std::uint64_t first, std::uint64_t seeds, unsigned jobs) {
  campaign how;
  how.first = first;
  how.seeds = seeds;
  how.jobs = jobs;
  how.patience_s = 30;
  how.stop_after = 1;
  how.play = [number = x.number](std::uint64_t seed) {
    current_mutant = number;
    return run{seed, {}}.play();
  };
  verdict out;
  run_all(how, [&](const run_result& r) {
    if (r.violations.empty() || out.seeds != 0) return;
    if (!run{r.seed, {}}.play().violations.empty()) return; // it fails without the mistake, too
    out = {r.seed - first + 1, r.violations.front().rule, r.violations.front().what};
  });
  return out;
}

} // namespace

int main(int argc, char** argv) {
  std::string only;
  std::uint64_t seeds = 2'000, first = 1;
  unsigned jobs = 2;
  bool list = false;
  CLI::App app{"Checks that the simulator sees deliberate mistakes."};
  app.add_option("--mutant", only, "this one only");
  app.add_option("--seeds", seeds, "how many seeds each may need");
  app.add_option("--first-seed", first, "the first of them");
  app.add_option("--jobs", jobs, "processes")->check(CLI::Range(1, 64));
  app.add_flag("--list", list, "name them");
  CLI11_PARSE(app, argc, argv);
  int missed = 0, all = 0;
  for (auto* x = mutations; x->name != nullptr; ++x) {
    if (list) {
      std::cout << x->name << ": " << x->what << (x->applied ? "" : " (NOT APPLIED)") << '\n';
      continue;
    }
    if (!only.empty() && only != x->name) continue;
    ++all;
    if (!x->applied) {
      ++missed;
      std::cout << "| `" << x->name << "` | " << x->what << " | NOT APPLIED: its code has changed | |"
                << std::endl;
      continue;
    }
    auto found = hunt(*x, first, seeds, jobs);
    if (found.seeds == 0) ++missed;
    std::cout << "| `" << x->name << "` | " << x->what << " | "
              << (found.seeds == 0 ? "NOT FOUND" : std::to_string(found.seeds)) << " | " << found.rule << " |"
              << std::endl;
  }
  if (!list) std::cout << "mutations: " << all << ", not found: " << missed << std::endl;
  return missed == 0 ? 0 : 1;
}
