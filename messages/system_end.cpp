#include "relay_gateway/messages/system_end.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>

#include <utility>

namespace relay {

namespace {

/// What a place for modules leads to; whether it is ours shows in `mark`.
struct signed_end {
  static constexpr std::uint64_t ours = 0x72656c61792d656eULL;
  std::uint64_t mark = ours;
  std::shared_ptr<system_end> end;
};

/// CAF stops its modules when a system is destroyed, the scheduler last. It has a fixed number of places for
/// them; that of OpenCL is free, for no package of CAF 0.17.6 has that module.
class end_module final : public caf::actor_system::module {
public:
  explicit end_module(caf::actor_system& system) { what_.end = std::make_shared<system_end>(system); }
  static caf::actor_system::module* make(caf::actor_system& system, caf::detail::type_list<>) {
    return std::make_unique<end_module>(system).release(); // CAF owns it
  }
  void start() override {}
  void stop() override { what_.end->happened(); }
  void init(caf::actor_system_config&) override {}
  id_t id() const override { return opencl_manager; }
  void* subtype_ptr() override { return &what_; }

private:
  signed_end what_;
};

} // namespace

std::shared_ptr<system_end> system_end::of(caf::actor_system& system) {
  if (!system.has_opencl_manager()) return nullptr;
  const auto* what = reinterpret_cast<const signed_end*>(&system.opencl_manager());
  return what->mark == signed_end::ours ? what->end : nullptr;
}

system_end::entry::~entry() {
  if (at_) at_->forget(number_);
}

system_end::entry system_end::at_end(std::function<void()> call) {
  std::lock_guard guard{lock_};
  if (calls_.empty()) {
    awaits_ = system_.await_actors_before_shutdown();
    system_.await_actors_before_shutdown(false);
  }
  calls_.emplace(++last_, std::move(call));
  return {shared_from_this(), last_};
}

void system_end::forget(std::uint64_t number) {
  std::lock_guard guard{lock_};
  calls_.erase(number);
  if (calls_.empty() && !over_) system_.await_actors_before_shutdown(awaits_);
}

void system_end::happened() {
  decltype(calls_) calls;
  {
    std::lock_guard guard{lock_};
    over_ = true;
    calls.swap(calls_);
  }
  for (auto& [number, call] : calls) call();
  if (!calls.empty() && awaits_) system_.await_all_actors_done();
}

void load_system_end(caf::actor_system_config& config) { config.load<end_module>(); }

} // namespace relay
