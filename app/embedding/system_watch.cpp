#include "relay_gateway/app/embedding/system_watch.hpp"

#include <caf/abstract_actor.hpp>
#include <caf/actor_cast.hpp>
#include <caf/actor_system.hpp>
#include <caf/attachable.hpp>

#include <mutex>
#include <utility>

namespace relay {

struct system_watch::shared {
  /// Selects our attachable when it is taken off; any value that CAF does not use itself.
  static constexpr std::size_t token_type = 0x52474C57;
  std::mutex lock;
  std::function<void()> gone;
};

namespace {

template <class Shared>
class on_exit final : public caf::attachable {
public:
  explicit on_exit(std::shared_ptr<Shared> x) : shared_(std::move(x)) {}
  void actor_exited(const caf::error&, caf::execution_unit*) override {
    std::lock_guard guard{shared_->lock};
    if (auto gone = std::exchange(shared_->gone, nullptr)) gone();
  }
  bool matches(const token& what) override {
    return what.subtype == Shared::token_type && what.ptr == shared_.get();
  }

private:
  std::shared_ptr<Shared> shared_;
};

} // namespace

system_watch::system_watch(caf::actor_system& system, std::function<void()> gone)
    : shared_(std::make_shared<shared>()), watched_(system.spawn_serv()) {
  shared_->gone = std::move(gone);
  caf::actor_cast<caf::abstract_actor*>(watched_)->attach(
      caf::attachable_ptr{new on_exit<shared>(shared_)}); // NOLINT(cppcoreguidelines-owning-memory)
}

system_watch::~system_watch() {
  {
    std::lock_guard guard{shared_->lock};
    shared_->gone = nullptr;
  }
  // A long-lived system must not collect one entry for each gateway that ever was.
  caf::actor_cast<caf::abstract_actor*>(watched_)->detach(caf::attachable::token{*shared_});
}

} // namespace relay
