#include "relay_gateway/app/health/heartbeat_timer.hpp"

#include "relay_gateway/actors/caf_compat.hpp"
#include "relay_gateway/messages/type_ids.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <caf/actor_system.hpp>
#include <caf/typed_actor.hpp>

namespace relay {

namespace {

using steady = std::chrono::steady_clock;
using beat_actor = caf::typed_actor<caf::reacts_to<atom::due>>;

beat_actor::behavior_type beat_sender(beat_actor::pointer,
                                      const std::shared_ptr<liveness_monitor::beat_record>& beat_record) {
  return {[beat_record](atom::due) { beat_record->beat(steady::now()); }};
}

} // namespace

struct heartbeat_timer::impl : std::enable_shared_from_this<heartbeat_timer::impl> {
  impl(boost::asio::io_context& io, caf::actor_system& system, liveness_monitor& all,
       std::function<void()> also)
      : beats(all), each(std::move(also)), timer(io), own(all.add("I/O", steady::now())),
        actor(system.spawn(beat_sender, all.add("actor", steady::now()))) {}

  void wait() {
    timer.expires_after(liveness_monitor::interval);
    timer.async_wait([self = shared_from_this()](const boost::system::error_code& ec) {
      if (ec || self->stopped) return;
      self->beat();
      self->wait();
    });
  }
  void beat() {
    auto now = steady::now();
    beats.look(now);
    own->beat(now);
    post(actor, atom::due_v);
    if (each) each();
  }

  liveness_monitor& beats;
  std::function<void()> each;
  boost::asio::steady_timer timer;
  std::shared_ptr<liveness_monitor::beat_record> own;
  beat_actor actor;
  bool stopped = false;
};

heartbeat_timer::heartbeat_timer(boost::asio::io_context& io, caf::actor_system& system,
                                 liveness_monitor& beats, std::function<void()> each)
    : impl_(std::make_shared<impl>(io, system, beats, std::move(each))) {
  impl_->wait();
}

heartbeat_timer::~heartbeat_timer() { stop(); }

void heartbeat_timer::stop() {
  if (std::exchange(impl_->stopped, true)) return;
  impl_->timer.cancel();
  caf::anon_send_exit(impl_->actor, caf::exit_reason::user_shutdown);
  impl_->actor = nullptr;
}

} // namespace relay
