#include "relay_gateway/app/connector/conformance/run.hpp"

#include "relay_gateway/app/connector/conformance/scenarios.hpp"

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <memory>
#include <thread>

namespace relay::connector::conformance {

namespace {

constexpr int bad_description = 78; // EX_CONFIG

bool begins_with(std::string_view text, std::string_view with) { return text.substr(0, with.size()) == with; }

bool wanted(const scenario& x, const std::string& only) {
  return begins_with(x.name, only) ||
         std::any_of(x.clauses.begin(), x.clauses.end(), [&](auto id) { return begins_with(id, only); });
}

void play(const scenario& x, const stage& on) {
  std::string why = "the scenario did not come to it";
  try {
    x.play(on);
  } catch (const cut_short& e) {
    why = e.what();
  } catch (const std::exception& e) {
    why = std::string{"the scenario broke off: "} + e.what();
  }
  for (auto id : x.clauses)
    if (on.told.of(id) == outcome::untried) on.told.fail(id, why);
}

void play_all(const std::vector<const scenario*>& which, const stage& on, int jobs) {
  std::atomic<std::size_t> next{0};
  std::vector<std::thread> workers;
  workers.reserve(static_cast<std::size_t>(jobs));
  for (int i = 0; i < jobs; ++i)
    workers.emplace_back([&] {
      for (auto at = next++; at < which.size(); at = next++) play(*which[at], on);
    });
  for (auto& one : workers) one.join();
}

/// A directory that goes with it, unless it is kept.
class workplace {
public:
  explicit workplace(const std::string& given) : path_(given), keep_(!given.empty()) {
    std::error_code ec;
    if (keep_) {
      std::filesystem::create_directories(path_, ec);
      // What gateways of an earlier run kept there would let them take our events for repeats.
      auto fit = !ec && std::filesystem::is_empty(path_, ec) && !ec;
      path_ = fit ? std::filesystem::absolute(path_, ec).string() : std::string{};
      return;
    }
    auto text = (std::filesystem::temp_directory_path(ec) / "relay-conformance-XXXXXX").string();
    path_ = ::mkdtemp(text.data()) ? text : std::string{};
  }
  workplace(const workplace&) = delete;
  workplace& operator=(const workplace&) = delete;
  ~workplace() {
    std::error_code ignored;
    if (!keep_ && !path_.empty()) std::filesystem::remove_all(path_, ignored);
  }
  const std::string& path() const { return path_; }
  void keep() { keep_ = true; }

private:
  std::string path_;
  bool keep_;
};

} // namespace

int run(const run_options& what) {
  description gateway;
  std::string error;
  if (!what.describe.empty() && !read_description(what.describe, what.command.empty(), gateway, error)) {
    std::cerr << "relay-connector: " << error << '\n';
    return bad_description;
  }
  if (!what.command.empty()) gateway.command = gateway.name = what.command;
  if (what.actions) gateway.actions = true;
  std::vector<const scenario*> which;
  for (const auto& x : all_scenarios())
    if (wanted(x, what.only)) which.push_back(&x);
  workplace place{what.work_dir};
  if (which.empty() || place.path().empty()) {
    std::cerr << "relay-connector: "
              << (which.empty() ? "no scenario or clause begins with '" + what.only + "'; --list names them"
                                : "the directory to work in must be new or empty: " + what.work_dir)
              << '\n';
    return 2;
  }
  report told{gateway.not_offered};
  play_all(which, {gateway, told, place.path()}, std::max(1, what.jobs));
  if (what.json)
    std::cout << told.json(gateway.name) << '\n';
  else
    told.print(std::cout);
  if (told.count(outcome::fail) == 0 && (!what.strict || told.count(outcome::not_offered) == 0)) return 0;
  place.keep();
  std::cerr << "relay-connector: logs and records of the run are in " << place.path() << '\n';
  return 1;
}

int list_clauses() {
  for (const auto& x : all_clauses()) {
    std::string_view by;
    for (const auto& one : all_scenarios())
      if (std::find(one.clauses.begin(), one.clauses.end(), x.id) != one.clauses.end()) by = one.name;
    std::cout << x.id << " (section " << x.section << ", scenario " << by << "): " << x.text << '\n';
  }
  return 0;
}

} // namespace relay::connector::conformance
