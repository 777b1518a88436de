#include "app/pacemaker.hpp"

#include "actors/caf_compat.hpp"
#include "messages/type_ids.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <caf/actor_system.hpp>
#include <caf/typed_actor.hpp>

namespace relay {

namespace {

using steady = std::chrono::steady_clock;
using voice_actor = caf::typed_actor<caf::reacts_to<atom::due>>;

voice_actor::behavior_type voice(voice_actor::pointer, const std::shared_ptr<heartbeats::pulse>& pulse) {
  return {[pulse](atom::due) { pulse->beat(steady::now()); }};
}

} // namespace

struct pacemaker::impl : std::enable_shared_from_this<pacemaker::impl> {
  impl(boost::asio::io_context& io, caf::actor_system& system, heartbeats& all)
      : beats(all), timer(io), own(all.add("I/O", steady::now())),
        actor(system.spawn(voice, all.add("actor", steady::now()))) {}

  void wait() {
    timer.expires_after(heartbeats::interval);
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
  }

  heartbeats& beats;
  boost::asio::steady_timer timer;
  std::shared_ptr<heartbeats::pulse> own;
  voice_actor actor;
  bool stopped = false;
};

pacemaker::pacemaker(boost::asio::io_context& io, caf::actor_system& system, heartbeats& beats)
    : impl_(std::make_shared<impl>(io, system, beats)) {
  impl_->wait();
}

pacemaker::~pacemaker() { stop(); }

void pacemaker::stop() {
  if (std::exchange(impl_->stopped, true)) return;
  impl_->timer.cancel();
  caf::anon_send_exit(impl_->actor, caf::exit_reason::user_shutdown);
  impl_->actor = nullptr;
}

} // namespace relay
