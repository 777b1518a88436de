// relay-sim-mutants: plays seeds on a gateway with one deliberate mistake after another, until the oracle
// sees it.
#include "relay_gateway/tests/sim/run/mutant.hpp"
#include "relay_gateway/tests/sim/run/run.hpp"
#include "relay_gateway/tests/sim/run/workers.hpp"

#include <CLI/CLI.hpp>

#include <cstring>
#include <iostream>
#include <optional>
#include <string>

namespace {

using namespace relay::sim;

struct verdict {
  std::uint64_t seeds = 0; ///< until it was seen; 0 = never
  std::string rule, what;
};

verdict hunt(const mutation& x, std::uint64_t first, std::uint64_t seeds, unsigned jobs,
             const run_options& options) {
  campaign how;
  how.first = first;
  how.seeds = seeds;
  how.jobs = jobs;
  how.patience_s = 30;
  how.stop_after = 1;
  how.play = [number = x.number, &options](std::uint64_t seed) {
    current_mutant = number;
    auto out = run{seed, options}.play();
    current_mutant = 0;
    // A seed that fails without the mistake, too, says nothing of it and ends no hunt.
    if (!out.violations.empty() && !run{seed, options}.play().violations.empty()) out.violations.clear();
    return out;
  };
  verdict out;
  run_all(how, [&](const run_result& r) {
    if (r.violations.empty() || out.seeds != 0) return;
    out = {r.seed - first + 1, r.violations.front().rule, r.violations.front().what};
  });
  return out;
}

} // namespace

int main(int argc, char** argv) {
  std::string only;
  std::uint64_t seeds = 2'000, first = 1;
  unsigned jobs = 2;
  bool list = false, calm = false;
  std::string script_file;
  CLI::App app{"Checks that the simulator sees deliberate mistakes."};
  app.add_option("--mutant", only, "this one only");
  app.add_option("--seeds", seeds, "how many seeds each may need");
  app.add_option("--first-seed", first, "the first of them");
  app.add_option("--jobs", jobs, "processes")->check(CLI::Range(1, 64));
  app.add_option("--script", script_file,
                 "play this fault script; of the seed's faults only those stay that stay "
                 "beside one");
  app.add_flag("--calm", calm, "the same without a script");
  app.add_flag("--list", list, "name them");
  CLI11_PARSE(app, argc, argv);
  run_options options;
  std::optional<scripted::script> script;
  if (!script_file.empty()) {
    std::string why;
    script = read_script(script_file, why);
    if (!script) {
      std::cerr << "relay-sim-mutants: " << why << '\n';
      return 2;
    }
    options.script = &*script;
  }
  if (calm || script) options.faults = beside_a_script();
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
    auto found = hunt(*x, first, seeds, jobs, options);
    if (found.seeds == 0) ++missed;
    std::cout << "| `" << x->name << "` | " << x->what << " | "
              << (found.seeds == 0 ? "NOT FOUND" : std::to_string(found.seeds)) << " | " << found.rule << " |"
              << std::endl;
  }
  if (!list) std::cout << "mutations: " << all << ", not found: " << missed << std::endl;
  return missed == 0 ? 0 : 1;
}
