#include "relay_gateway/tests/sim/script/player.hpp"

#include <utility>

namespace relay::sim {

namespace {

std::uint64_t mixed(std::uint64_t script, std::uint64_t run) {
  return seeded_rng{script, "script of run " + std::to_string(run)}.bits();
}

} // namespace

script_player::script_player(stage on, const scripted::script& what,
                             std::function<void(scripted::step)> perform)
    : on_(on), faults_(what, milliseconds{0}, mixed(what.seed, on.seed)), perform_(std::move(perform)) {
  watch();
}

milliseconds script_player::now() const { return std::chrono::duration_cast<milliseconds>(on_.time.now()); }

void script_player::opened(std::uint64_t socket, const std::string& gateway,
                           const std::vector<scripted::action>& when_open) {
  perform(faults_.on_open(socket, gateway, when_open, now()));
}

void script_player::ended(std::uint64_t socket) { faults_.on_end(socket); }

void script_player::frame(std::uint64_t socket, scripted::way direction, std::string_view line) {
  perform(faults_.on_frame(socket, direction, line, now()));
}

scripted::call_verdict script_player::call(const scripted::call_view& x) { return faults_.on_call(x, now()); }
scripted::upgrade_verdict script_player::upgrade(const scripted::call_view& x) {
  return faults_.on_upgrade(x, now());
}
scripted::poke_verdict script_player::poke(std::string_view gateway) {
  return faults_.on_poke(gateway, now());
}

void script_player::perform(scripted::steps wanted) {
  tell_notes();
  for (auto& x : wanted) perform_(std::move(x));
  watch();
}

void script_player::end() {
  if (final_uses_) return;
  final_uses_ = faults_.uses();
  faults_.clear();
}

std::vector<std::uint64_t> script_player::uses() const { return final_uses_.value_or(faults_.uses()); }

void script_player::tell_notes() {
  for (auto& x : faults_.take_notes()) {
    std::string did = std::string{to_string(x.on)} + (x.type.empty() ? x.path : " " + x.type);
    for (auto& y : x.did) did += "; " + y;
    on_.log.line(on_.time.now(), "script", x.rule, did);
  }
}

void script_player::watch() {
  auto next = faults_.next();
  if (!next || (planned_ && *planned_ <= *next)) return;
  planned_ = next;
  on_.time.at(*next, [this] {
    planned_.reset();
    perform(faults_.due(now()));
  });
}

} // namespace relay::sim
