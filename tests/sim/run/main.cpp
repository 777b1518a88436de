// relay-sim: plays seeds and judges them.
#include "relay_gateway/tests/sim/run/explore.hpp"
#include "relay_gateway/tests/sim/run/run.hpp"
#include "relay_gateway/tests/sim/run/shrink.hpp"
#include "relay_gateway/tests/sim/run/workers.hpp"

#include <CLI/CLI.hpp>

#include <iostream>
#include <optional>
#include <sstream>

namespace {

using namespace relay::sim;

struct arguments {
  std::uint64_t seeds = 0, first = 1, seed = 0, explore = 0, variation = 0;
  unsigned jobs = 2, patience_s = 60;
  std::uint64_t stop_after = ~0ULL;
  bool trace = false, shrink = false, all_faults = false, list = false, hashes = false, twice = false;
  bool fault_schedule = false, unreached = false;
  std::string only, without, script;
};

bool read_faults(const std::string& names, fault_mask& out) {
  std::istringstream in{names};
  for (std::string name; std::getline(in, name, ',');) {
    fault x{};
    if (name == "none" || name.empty()) continue;
    if (!from_string(name, x)) {
      std::cerr << "relay-sim: no fault is called '" << name << "'; --list names them\n";
      return false;
    }
    out.set(static_cast<std::size_t>(x));
  }
  return true;
}

void list_faults() {
  for (std::size_t i = 0; i < fault_count; ++i) {
    auto x = describe(static_cast<fault>(i));
    std::cout << x.name << ": " << x.what << '\n';
  }
}

std::string replay_command(const arguments& how, const run_result& x) {
  auto out = "relay-sim --seed " + std::to_string(x.seed);
  if (x.variation != 0) out += " --variation " + std::to_string(x.variation);
  if (!how.only.empty()) out += " --faults " + how.only;
  if (!how.without.empty()) out += " --without " + how.without;
  if (how.all_faults) out += " --all-faults";
  if (!how.script.empty()) out += " --script " + how.script;
  if (how.fault_schedule) out += " --fault-schedule";
  return out;
}

void tell(const arguments& how, const run_result& x) {
  std::cout << "seed " << x.seed << ": " << x.violations.front().rule << ": " << x.violations.front().what;
  std::cout << " (at " << static_cast<double>(x.violations.front().at.count()) / 1e6 << " s)\n";
  std::cout << "  fired: " << names_of(x.fired) << "\n  replay: " << replay_command(how, x) << std::endl;
}

/// Whether a script has bitten. A rule that never fired is a test that tests nothing.
void tell_uses(const scripted::script& what, std::vector<std::uint64_t> uses) {
  uses.resize(what.rules.size()); // a run that crashed tells nothing
  std::cout << "script:";
  for (std::size_t i = 0; i < uses.size(); ++i)
    std::cout << (i > 0 ? ", " : " ") << title_of(what, i) << ' ' << uses[i];
  std::cout << '\n';
  for (std::size_t i = 0; i < uses.size(); ++i)
    if (uses[i] == 0) std::cout << "rule '" << title_of(what, i) << "' never fired\n";
}

/// What became of all runs; the exit code.
int print_summary(const campaign_result& sum) {
  std::cout << "seeds: " << sum.seeds << ", steps: " << sum.steps << ", messages: " << sum.messages
            << ", virtual hours: " << sum.lasted.count() / 3'600'000'000LL
            << ", violations: " << sum.violations << std::endl;
  return sum.violations == 0 ? 0 : 1;
}

int explore_seeds(const arguments& how, const run_options& options) {
  exploration what;
  what.first = how.first;
  what.runs = how.explore;
  what.jobs = how.jobs;
  what.patience_s = how.patience_s;
  what.options = options;
  auto out = explore(what, [&](const run_result& x) {
    if (!x.violations.empty()) tell(how, x);
  });
  tell_unreached(std::cout, out.reached, options.faults);
  std::cout << "explored: " << out.fresh << " seeds and " << out.varied << " variations, of which "
            << out.kept << " reached something new\n";
  return print_summary(out.sum);
}

void add_options(CLI::App& app, arguments& how) {
  app.add_option("--seeds", how.seeds, "how many seeds to play");
  app.add_option("--first-seed", how.first, "the first of them");
  app.add_option("--seed", how.seed, "play this one only");
  app.add_option(
      "--explore", how.explore,
      "play so many runs: fresh seeds, and variations of those that met a fault in a state in which "
      "none before had met it; then tell what was never reached");
  app.add_option("--variation", how.variation, "with --seed: its plan and faults with other choices");
  app.add_flag("--unreached", how.unreached, "tell which faults never fired in which states");
  app.add_option("--jobs", how.jobs, "processes")->check(CLI::Range(1, 64));
  app.add_option("--patience", how.patience_s, "seconds that one seed may take");
  app.add_option("--stop-after", how.stop_after, "end after so many violations");
  app.add_option("--faults", how.only, "arm none but these (names, separated by commas)");
  app.add_option("--without", how.without, "never arm these");
  app.add_flag("--all-faults", how.all_faults, "arm all that may be armed");
  app.add_option(
      "--script", how.script,
      "play this fault script (app/connector/README.md); of the seed's faults only those of agents and "
      "scheduling stay");
  app.add_flag("--fault-schedule", how.fault_schedule, "with --script: all of the seed's faults stay");
  app.add_flag("--trace", how.trace, "print everything that is seen (with --seed)");
  app.add_flag("--shrink", how.shrink,
               "look for the fewest faults of every failing seed, not only of the first three");
  app.add_flag("--hashes", how.hashes, "print the trace hash of each seed");
  app.add_flag("--twice", how.twice, "play each seed twice; it is a violation when the traces differ");
  app.add_flag("--list", how.list, "name all faults");
}

/// What the arguments say about each run; false after one line on standard error. `script` must outlive the
/// runs.
bool read_options(const arguments& how, std::optional<scripted::script>& script, run_options& options) {
  options.all_faults = how.all_faults;
  fault_mask only, without;
  if (!read_faults(how.only, only) || !read_faults(how.without, without)) return false;
  if (!how.only.empty()) options.faults = only;
  if (!how.script.empty()) {
    std::string why;
    script = read_script(how.script, why);
    if (!script) {
      std::cerr << "relay-sim: " << why << '\n';
      return false;
    }
    options.script = &*script;
    if (how.only.empty() && !how.fault_schedule && !how.all_faults) options.faults = beside_a_script();
  }
  options.faults &= ~without;
  if (!how.only.empty()) options.all_faults = true; // named ones are meant
  options.variation = how.variation;
  return true;
}

run_result play(std::uint64_t seed, const run_options& with) { return run{seed, with}.play(); }

void tell_fewest_faults(const arguments& how, const run_options& options, const run_result& x) {
  auto least = shrink(x, [&](const fault_mask& mask) {
    run_options fewer;
    fewer.faults = mask;
    fewer.all_faults = true;
    fewer.script = options.script;
    fewer.variation = options.variation;
    return play(x.seed, fewer);
  });
  std::cout << "  fewest faults: " << names_of(least) << "\n  replay: relay-sim --seed " << x.seed
            << " --faults " << names_of(least) << (how.script.empty() ? "" : " --script " + how.script)
            << std::endl;
}

int play_seeds(const arguments& how, const run_options& options) {
  campaign what;
  what.first = how.seed != 0 ? how.seed : how.first;
  what.seeds = how.seed != 0 ? 1 : how.seeds;
  what.jobs = how.jobs;
  what.patience_s = how.patience_s;
  what.stop_after = how.stop_after;
  what.play = [&](std::uint64_t seed) {
    auto mine = options;
    if (how.trace && how.seed != 0) mine.trace = &std::cout;
    auto x = play(seed, mine);
    if (how.twice && play(seed, options).hash != x.hash)
      x.violations.push_back({"same-trace", "the same seed gave another trace", x.lasted});
    return x;
  };
  std::uint64_t told = 0;
  auto report = [&](const run_result& x) {
    if (how.hashes) std::cout << "seed " << x.seed << " hash " << std::hex << x.hash << std::dec << '\n';
    if (x.violations.empty()) return;
    tell(how, x);
    // A crash or an endless run would take this process along.
    constexpr std::uint64_t plenty = 3;
    if (how.shrink || (++told <= plenty && x.violations.front().rule != "crash"))
      tell_fewest_faults(how, options, x);
  };
  campaign_result sum;
  if (how.seed != 0) { // in this process, for a debugger
    auto x = what.play(how.seed);
    std::cout << "seed " << x.seed << " hash " << std::hex << x.hash << std::dec << " armed "
              << names_of(x.armed) << '\n';
    report(x);
    sum = {1, x.steps, x.messages, x.violations.empty() ? 0U : 1U, x.lasted, {}, x.reached, x.script_uses};
  } else {
    sum = run_all(what, report);
  }
  if (options.script) tell_uses(*options.script, sum.script_uses);
  if (how.unreached) tell_unreached(std::cout, sum.reached, options.faults);
  return print_summary(sum);
}

} // namespace

int main(int argc, char** argv) {
  arguments how;
  CLI::App app{"Plays the gateway's actor tree in a simulated env, one seed after another."};
  add_options(app, how);
  CLI11_PARSE(app, argc, argv);
  if (how.list) {
    list_faults();
    return 0;
  }
  run_options options;
  std::optional<scripted::script> script;
  if (!read_options(how, script, options)) return 2;
  return how.explore != 0 ? explore_seeds(how, options) : play_seeds(how, options);
}
