// Plays a fault script in virtual time: asks the stand-in's injector about everything that crosses the
// connector's wire, and hands on what is to be done when its time has come.
#pragma once

#include "relay_gateway/app/connector/faults/injector.hpp"
#include "relay_gateway/tests/sim/ports/process.hpp"
#include "relay_gateway/tests/sim/script/scripted.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace relay::sim {

class script_player {
public:
  /// The clock of the script starts now. Its random generator are thrown by its own seed and the run's
  /// together. `perform` does one thing to the connector or its sockets.
  script_player(stage on, const scripted::script& what, std::function<void(scripted::step)> perform);
  script_player(const script_player&) = delete;
  script_player& operator=(const script_player&) = delete;

  // -- what happens at the connector
  void opened(std::uint64_t socket, const std::string& gateway,
              const std::vector<scripted::action>& when_open);
  void ended(std::uint64_t socket);
  /// A line on its way, without its line break; it arrives by a `deliver`, or never.
  void frame(std::uint64_t socket, scripted::way direction, std::string_view line);
  // The caller does as the verdict says and performs its `also` afterwards.
  scripted::call_verdict call(const scripted::call_view& x);
  scripted::upgrade_verdict upgrade(const scripted::call_view& x);
  scripted::poke_verdict poke(std::string_view gateway);
  void perform(scripted::steps wanted);

  /// No rule counts any more. What is held back still leaves at its time.
  void end();
  /// How often each rule was used, in their order.
  std::vector<std::uint64_t> uses() const;

private:
  milliseconds now() const;
  void tell_notes();
  void watch();

  stage on_;
  scripted::injector faults_;
  std::function<void(scripted::step)> perform_;
  std::optional<milliseconds> planned_; ///< the next look at what waits
  std::optional<std::vector<std::uint64_t>> final_uses_;
};

} // namespace relay::sim
