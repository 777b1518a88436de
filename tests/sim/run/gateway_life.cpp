#include "relay_gateway/tests/sim/run/gateway_life.hpp"

#include "relay_gateway/actors/agents/echo.hpp"
#include "relay_gateway/actors/agents/exec.hpp"
#include "relay_gateway/actors/agents/link_state.hpp"
#include "relay_gateway/actors/boot/provisioner.hpp"
#include "relay_gateway/actors/bursts.hpp"
#include "relay_gateway/actors/caf_compat.hpp"
#include "relay_gateway/actors/egress/egress_router.hpp"
#include "relay_gateway/actors/supervision/supervisor.hpp"
#include "relay_gateway/app/store/memory_store.hpp"

#include <caf/event_based_actor.hpp>

#include <array>
#include <iterator>
#include <set>
#include <stdexcept>
#include <string>
#include <utility>

namespace relay::sim {

namespace {

std::string result_json(const action_result& x) {
  json_object to;
  to.flag("success", x.how == outcome::done).flag("ambiguous", x.how == outcome::unknown);
  to.maybe("message_id", x.message_id).maybe("error", x.error).maybe("code", x.code);
  std::string ids = "[";
  for (auto& y : x.message_ids) ids += (ids.size() > 1 ? "," : "") + json_string(y);
  return to.raw("message_ids", ids + "]").done();
}

/// What may travel as one message travels in parts of any size; in some runs always one by one, or never.
class cut_bursts final : public burst_port {
public:
  explicit cut_bursts(seeded_rng rng) : rng_(rng) {
    constexpr std::array<std::size_t, 5> bounds{1, 2, 4, 16, longest_burst};
    most_ = rng_.one_of(bounds);
  }
  std::size_t next_size() override {
    return most_ == longest_burst ? most_ : 1 + static_cast<std::size_t>(rng_.below(most_));
  }

private:
  seeded_rng rng_;
  std::size_t most_ = 1;
};

} // namespace

gateway_life::gateway_life(surroundings& around, std::uint64_t number,
                           std::shared_ptr<const config::settings> settings)
    : around_(around), host_(std::make_shared<process>(around.on, number)), scheduler_(host_) {
  around.judge.life_begins(number);
  around.judge.settings_changed(*settings);
  auto token = std::make_shared<int>(0);
  lifetime_ = token;
  ports all;
  all.lifetime = std::move(token);
  all.link = around.net.port(host_, around.what.latency, around.what.settings.limits.max_frame);
  all.http = make_http_port(host_, around.server, around.judge, around.calls, around.what.latency);
  all.media = make_media_port(host_, around.server, around.judge, around.calls, around.media_files,
                              around.what.latency);
  const auto machine = std::make_shared<sim_machine>(host_, around.files);
  all.clock = machine;
  all.random = machine;
  all.secrets = machine;
  all.log = std::make_shared<sim_log>(host_, around.judge);
  all.metrics = metrics_;
  all.store = around.what.durable ? around.disk.open(host_) : make_memory_store();
  all.child = children();
  all.files = around.shared.port(host_);
  all.bursts = std::make_shared<cut_bursts>(seeded_rng{around.on.seed, "bursts " + std::to_string(number)});
  supervisor_setup setup;
  setup.settings = std::move(settings);
  auto kind = around.what.agent;
  setup.agent_name = kind == agent_choice::echo ? "echo" : kind == agent_choice::exec ? "exec" : "link";
  setup.agent_present = kind == agent_choice::echo;
  setup.make_agent = [this, all](caf::strong_actor_ptr parent) { return make_agent(all, std::move(parent)); };
  auto& system = scheduler_.system();
  root_ = system.spawn(supervisor, std::move(all), std::move(setup));
  caf::actor_cast<caf::abstract_actor*>(root_)->attach_functor(
      [gone = root_gone_](const caf::error&) { *gone = true; });
}

agent_actor gateway_life::make_agent(const ports& all, caf::strong_actor_ptr parent) {
  auto& system = scheduler_.system();
  auto& limits = around_.what.settings.limits;
  switch (around_.what.agent) {
  case agent_choice::echo: return system.spawn(echo_agent, all, std::move(parent));
  case agent_choice::exec: {
    exec_setup x;
    x.argv = {"agent"};
    x.max_chats = limits.max_chats;
    x.max_line = limits.max_frame;
    x.backoff_min = milliseconds{100};
    x.backoff_max = milliseconds{5'000};
    x.room = 4'096;
    return system.spawn(exec_agent, all, std::move(x), std::move(parent));
  }
  case agent_choice::link: break;
  }
  link_ = system.spawn(link_agent, all, limits.max_chats, std::move(parent));
  return link_;
}

/// A child that runs counts as attached from its first breath to its last.
std::shared_ptr<child_port> gateway_life::children() {
  return make_child_port(host_, [this](const socket_maker& make) -> std::shared_ptr<far_end> {
    auto peer = ++around_.peers;
    auto setup = hooks(peer);
    auto who = around_.child ? around_.child() : nullptr;
    auto wire = std::make_shared<std::weak_ptr<sim_socket>>();
    setup.opened = [this, peer, who, wire] {
      around_.judge.agent_attached(peer);
      if (auto x = wire->lock(); x && who) who->born(x);
    };
    auto x = make(std::move(setup));
    *wire = x;
    std::erase_if(agents_, [](auto& y) { return y.second->near_over(); });
    agents_.emplace(peer, std::move(x));
    return who;
  });
}

gateway_life::~gateway_life() {
  host_->die();
  if (root_) caf::anon_send_exit(root_, caf::exit_reason::kill);
  root_ = nullptr;
  link_ = nullptr;
}

void gateway_life::tell(command what) {
  around_.judge.commanded(what);
  post(root_, what);
}

void gateway_life::apply(std::shared_ptr<const config::settings> next) {
  around_.judge.settings_changed(*next);
  post(root_, settings_ptr{std::move(next)});
}

void gateway_life::ask_status() {
  scheduler_.system().spawn(
      [root = root_, host = host_, &judge = around_.judge](caf::event_based_actor* self) {
        constexpr auto patience = std::chrono::seconds{5};
        self->request(root, caf::duration{patience}, atom::status_v)
            .then(
                [host, &judge](const gateway_report& x) {
                  if (host->alive()) judge.reported(x);
                },
                [](const caf::error&) {});
      });
}

void gateway_life::one_shot(const std::string& mark, action_request what) {
  scheduler_.system().spawn(
      [root = root_, host = host_, &judge = around_.judge, mark, what](caf::event_based_actor* self) {
        self->request(root, caf::infinite, what)
            .then(
                [host, &judge, mark](const action_outcome& x) {
                  if (!host->alive()) return;
                  auto text = result_json(x.result);
                  json_text doc{text};
                  judge.one_shot_answered(mark, {text, doc.root()});
                },
                [](const caf::error&) {});
      });
}

void gateway_life::dead_letters(dead_letter_ask what, std::function<void(const dead_letter_answer&)> told) {
  scheduler_.system().spawn(
      [root = root_, host = host_, what, told = std::move(told)](caf::event_based_actor* self) {
        constexpr auto patience = std::chrono::seconds{20};
        self->request(root, caf::duration{patience}, what)
            .then(
                [host, told](const dead_letter_answer& x) {
                  if (host->alive()) told(x);
                },
                [](const caf::error&) {});
      });
}

/// The router is not running now: what it sends goes by the scheduler.
bool gateway_life::break_chat(seeded_rng& rng) {
  const auto who = scheduler_.last_of(egress_state::name);
  if (!who) return false;
  using router_type = caf::stateful_actor<egress_state, egress_router_actor::base>;
  auto& router = *static_cast<router_type*>(caf::actor_cast<caf::abstract_actor*>(who));
  auto& state = router.state;
  std::set<std::pair<std::string, std::string>> busy; // in an order of their own, so that a seed repeats
  state.open.for_each([&](const auto& x) {
    const auto& chat = x.value.chat;
    if (state.chats.contains(chat)) busy.emplace(chat.platform, chat.chat_id);
  });
  if (busy.empty()) return false;
  const auto& [platform, chat] =
      *std::next(busy.begin(), static_cast<std::ptrdiff_t>(rng.below(busy.size())));
  around_.judge.chat_failed(platform, chat);
  router.context(nullptr);
  core::chat_table_step step;
  state.chats.run(
      {platform, chat},
      [](core::chat_queue&, core::chat_queue_step&) {
        throw std::runtime_error("as the simulator wants it");
      },
      step);
  state.handle([&] { state.execute(step); });
  return true;
}

bool gateway_life::kill_actor(const std::string& name) {
  const auto who = scheduler_.last_of(name);
  if (who) caf::anon_send_exit(caf::actor_cast<caf::actor>(who), caf::exit_reason::kill);
  return who != nullptr;
}

void gateway_life::kill_provisioner(const std::string& platform) {
  const auto who = scheduler_.last_of(provisioner_state::name);
  if (!who) return;
  using provisioner_type = caf::stateful_actor<provisioner_state, provisioner_actor::base>;
  auto& all = static_cast<provisioner_type*>(caf::actor_cast<caf::abstract_actor*>(who))->state.platforms;
  const auto it = all.find(platform);
  if (it == all.end()) return;
  around_.judge.provisioner_killed(platform);
  caf::anon_send_exit(it->second, caf::exit_reason::kill);
}

socket_setup gateway_life::hooks(std::uint64_t peer) {
  socket_setup setup;
  auto& judge = around_.judge;
  setup.wrote = [&judge, peer](std::string_view frame) {
    json_text doc{frame};
    judge.agent_wrote(peer, {frame, doc.root()});
  };
  setup.read = [&judge, peer](std::string_view line) {
    json_text doc{line};
    judge.agent_read(peer, {line, doc.root()});
  };
  auto over = [&judge, peer, host = host_] {
    if (host->alive()) judge.agent_ended(peer);
  };
  setup.ended = [over](const socket_end&) { over(); };
  setup.given_up = over;
  return setup;
}

std::shared_ptr<sim_socket> gateway_life::attach(std::shared_ptr<far_end> who) {
  if (!link_ || !host_->alive()) return nullptr;
  auto peer = ++around_.peers;
  auto setup = hooks(peer);
  constexpr usec near_by{200};
  setup.latency = near_by;
  auto& judge = around_.judge;
  auto x = std::make_shared<sim_socket>(host_, std::move(setup),
                                        seeded_rng{around_.on.seed, "peer " + std::to_string(peer)});
  x->listen(make_agent_listener(link_, peer, around_.what.settings.limits.max_frame));
  x->accept(std::move(who), true);
  std::erase_if(agents_, [](auto& y) { return y.second->near_over(); });
  agents_.emplace(peer, x);
  judge.agent_attached(peer);
  post(link_, agent_attached{peer, x->make_handle()});
  return x;
}

void gateway_life::kill(seeded_rng& rng) {
  host_->die();
  around_.disk.crash();
  caf::anon_send_exit(root_, caf::exit_reason::kill);
  root_ = nullptr;
  link_ = nullptr;
  scheduler_.cancel_timers();
  scheduler_.settle(rng);
}

std::string gateway_life::left_over(seeded_rng& rng) {
  root_ = nullptr;
  link_ = nullptr;
  agents_.clear();
  if (!scheduler_.settle(rng)) return "actors that never come to rest";
  scheduler_.cancel_timers();
  if (!scheduler_.settle(rng)) return "actors that never come to rest";
  if (auto n = scheduler_.population(); n > 0) return std::to_string(n) + " actors";
  return lifetime_.expired() ? std::string{} : "a hold on the ports";
}

} // namespace relay::sim
