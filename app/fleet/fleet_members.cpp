#include "relay_gateway/app/fleet/fleet_members.hpp"

#include "relay_gateway/actors/caf_compat.hpp"
#include "relay_gateway/app/fleet/gateway_source.hpp"
#include "relay_gateway/app/queue/nats_port.hpp"
#include "relay_gateway/app/service_parts.hpp"
#include "relay_gateway/config/fleet.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <caf/actor_system.hpp>

#include <algorithm>
#include <iterator>
#include <utility>

namespace relay::fleet {

namespace {

/// Threads that read files and open stores: enough for their waits to overlap.
constexpr std::size_t disk_threads = 8;

/// Most gateways of a fleet are idle at any moment, and an open database takes a quarter of a megabyte.
constexpr milliseconds park_after{500};

using clock = fleet_plan::clock;

/// Resolves on the fleet's threads: a reload of a thousand gateways must not make a thousand threads.
class pool_source final : public settings_port {
public:
  pool_source(boost::asio::thread_pool& pool, std::function<config::resolution()> resolve)
      : pool_(pool), resolve_(std::make_shared<std::function<config::resolution()>>(std::move(resolve))) {}
  void resolve(std::function<void(config::resolution)> done) override {
    boost::asio::post(pool_, [resolve = resolve_, done = std::move(done)] {
      config::resolution found;
      try {
        found = (*resolve)();
      } catch (const std::exception& x) {
        found = {};
        found.problems.push_back({"the settings", "the settings", "cannot be read: ", {}, true});
        found.problems.back().reason += x.what();
      }
      done(std::move(found));
    });
  }

private:
  boost::asio::thread_pool& pool_;
  std::shared_ptr<std::function<config::resolution()>> resolve_;
};

} // namespace

members::members(boost::asio::io_context& io, caf::actor_system& system, fleet_options what)
    : io_(io), what_(std::move(what)), parked_(std::make_shared<store::parked_stores>(park_after)),
      pool_(disk_threads), system_(system), common_(std::make_shared<const config::settings>(what_.common)) {}

members::slot* members::find(const std::string& name, std::uint64_t life) {
  const auto it = slots_.find(name);
  return it == slots_.end() || it->second.life != life ? nullptr : &it->second;
}

/// A callback for any thread that does `job` here, unless that start of the gateway is over by then.
template <class Job>
auto members::later(const std::string& name, std::uint64_t life, Job job) {
  return [weak = weak_from_this(), &io = io_, name, life, job = std::move(job)](auto... x) {
    boost::asio::post(io, [weak, name, life, job, ... x = std::move(x)]() mutable {
      const auto self = weak.lock();
      auto* found = self ? self->find(name, life) : nullptr;
      if (found != nullptr) job(*self, *found, std::move(x)...);
    });
  };
}

// -- start ---------------------------------------------------------------------------------------------

void members::start(const std::string& name, const std::string& path) {
  auto& x = slots_[name];
  x = {};
  x.life = ++lives_;
  x.path = std::make_shared<std::string>(path);
  x.resolver = std::make_shared<watching_resolver>(
      [process = what_.process, common = common_, name, path = x.path, mutex = paths_] {
        const auto where = [&] {
          const std::lock_guard held{*mutex};
          return *path;
        }();
        return sources_of(process(), *common, name, where);
      },
      config::resolve_file_first);
  auto done = later(name, x.life, [name](members& self, slot& y, prepared_gateway got) {
    self.prepared(name, y, std::move(got));
  });
  boost::asio::post(pool_,
                    [resolver = x.resolver, common = common_, log = log_of(name),
                     counts = what_.counts->of(name), parked = parked_, done = std::move(done)]() mutable {
                      done(prepare_gateway(*resolver, *common, log, counts, parked));
                    });
}

/// Neither its file was removed nor the end of all began while it was prepared.
bool members::is_wanted(const std::string& name) const {
  const auto it = plan_.members().find(name);
  return it != plan_.members().end() && !it->second.gone && !plan_.draining();
}

void members::prepared(const std::string& name, slot& x, prepared_gateway got) {
  auto outcome = got.outcome;
  auto why = std::move(got.why);
  const auto* cause = outcome == start_outcome::bad_file ? "file" : "start";
  const bool wanted = is_wanted(name);
  if (!wanted) {
    outcome = start_outcome::failed;
    why = "it was to end before it had started";
  }
  try {
    if (outcome == start_outcome::running && !launch(name, x, got, why)) outcome = start_outcome::failed;
  } catch (const std::exception& e) { // no thread, no memory
    outcome = start_outcome::failed;
    why = std::string{"it cannot be started: "} + e.what();
  }
  if (outcome != start_outcome::running) {
    try_again(connections_->end(name, x.life));
    x.line.reset();
    x.relay.reset();
    x.source.reset();
    // Closing them may wait for a disk or a server.
    boost::asio::post(pool_, [disk = std::exchange(x.disk, {}), other = std::move(got.store),
                              workers = std::exchange(x.workers, {})] {});
  }
  if (wanted) tell_started(name, outcome, why, cause);
  plan_.started(name, outcome, why, clock::now(), rng_());
  answer(name, {outcome == start_outcome::running,
                why.empty() ? std::vector<std::string>{} : std::vector<std::string>{why}});
  step();
}

void members::tell_started(const std::string& name, start_outcome what, const std::string& why,
                           const char* cause) {
  if (what == start_outcome::running) {
    log_of(name)->write(severity::info, "fleet.gateway_started", {{"store", slots_[name].store}});
    return;
  }
  what_.counts->failed(name, cause);
  log_of(name)->write(severity::warn, "fleet.gateway_failed",
                      {{"why", why},
                       {"next", what == start_outcome::bad_file ? "tried again when its file changes"
                                                                : "tried again in a while"}});
}

/// What these were refused is free now.
void members::try_again(const std::vector<std::string>& names) {
  for (const auto& name : names) {
    const auto it = plan_.members().find(name);
    if (it == plan_.members().end()) continue;
    const auto now = it->second.phase;
    if (now == phase::failed || now == phase::running) plan_.renew(name);
  }
}

bool members::launch(const std::string& name, slot& x, prepared_gateway& got, std::string& why) {
  const auto& settings = got.settings;
  x.connection = connection_of(settings);
  connections_->begin(name, x.life);
  if (const auto other = connections_->reserve(name, x.life, x.connection); !other.empty()) {
    why = "gateway.relay_id is the one of " + other + ": each gateway needs an id of its own";
    return false;
  }
  const auto log = log_of(name);
  for (const auto& one : got.problems)
    log->write(severity::warn, "config.problem", {{"problem", to_string(one)}});
  x.store = got.store->durable() ? "sqlite " + settings.service.state_dir : "memory";
  x.action_limit = relay::action_limit(settings.limits);
  x.sleep_limit = relay::sleep_limit(settings.limits);
  gateway_options options;
  options.name = name;
  options.log = log;
  options.metrics = what_.counts->of(name);
  options.store = x.disk = std::move(got.store);
  options.io = &io_;
  if (settings.service.agent.kind == config::agent_kind::nats)
    options.queue = x.workers =
        queue::make_nats_port({settings.service.agent.argument, settings.nats, settings.service.tls});
  options.source = x.source = std::make_shared<pool_source>(
      pool_, [resolver = x.resolver, common = common_, all = connections_, name, life = x.life] {
        auto found = for_gateway(resolver->resolve(), *common);
        // Here, where it is refused before it runs: two that change at once are told apart by the lock.
        if (const auto other = all->reserve(name, life, connection_of(found.values)); !other.empty())
          found.problems.push_back(connection_taken(found, other));
        return found;
      });
  options.origin = {got.problems, true};
  options.on_state = later(name, x.life, [name](members& self, slot& y, gateway_state now) {
    y.state = std::move(now);
    if (y.state.ready) self.plan_.awake(name);
    self.stirred();
    if (y.state.ended) self.ended(name, y);
  });
  options.settings = std::move(got.settings);
  options.settings.service.grace = std::max(options.settings.service.grace, milliseconds{1});
  x.relay = gateway::start(system_, std::move(options), why);
  if (!x.relay) return false;
  x.line.emplace(system_, x.relay->supervisor());
  caf::actor_cast<caf::abstract_actor*>(x.relay->supervisor())
      ->attach_functor(
          [in_order = later(name, x.life, [](members&, slot& y, bool yes) { y.in_order = yes; })](
              const caf::error& reason) { in_order(reason == caf::exit_reason::user_shutdown); });
  return true;
}

// -- reload ----------------------------------------------------------------------------------------------

void members::reload(const std::string& name) {
  auto& x = slots_[name];
  if (!x.relay) return;
  auto done = later(name, x.life, [name](members& self, slot&, const std::optional<reload_outcome>& now) {
    self.have_reloaded(name, now.value_or(reload_outcome{nullptr, {"the gateway does not answer"}, {}}),
                       now.has_value());
  });
  x.relay->reload([done = std::move(done)](const reload_outcome* now) mutable {
    done(now != nullptr ? std::optional{*now} : std::nullopt);
  });
}

void members::have_reloaded(const std::string& name, const reload_outcome& x, bool answered) {
  const bool accepted = x.settings != nullptr;
  const auto why = x.problems.empty() ? std::string{"refused"} : x.problems.front();
  if (!accepted) {
    what_.counts->failed(name, "file");
    log_of(name)->write(severity::warn, "fleet.file_not_taken",
                        {{"why", why}, {"next", "the gateway goes on with the settings of before"}});
  }
  const bool restart = accepted && !x.waiting_for_restart.empty();
  auto& mine = slots_[name];
  if (accepted) mine.connection = connection_of(*x.settings);
  // Until it has restarted it may use that of before; one that does not answer may use either.
  if (!restart && answered) try_again(connections_->keep_only(name, mine.life, mine.connection));
  if (restart)
    log_of(name)->write(severity::info, "fleet.gateway_restarts",
                        {{"changed", x.waiting_for_restart.front()}});
  plan_.reloaded(name, accepted, restart, why);
  answer(name, {accepted, x.problems});
  step();
}

void members::ask(const std::string& name, std::function<void(admin::reload_answer)> done) {
  if (!plan_.renew(name)) return done({false, {"the gateway is gone"}});
  asked_of_.emplace(name, std::move(done));
  step();
}

void members::answer(const std::string& name, const admin::reload_answer& x) {
  const auto [first, last] = asked_of_.equal_range(name);
  std::vector<std::function<void(admin::reload_answer)>> all;
  std::transform(first, last, std::back_inserter(all), [](auto& one) { return std::move(one.second); });
  asked_of_.erase(first, last);
  for (auto& done : all) done(x);
}

// -- end -------------------------------------------------------------------------------------------------

void members::stop(const std::string& name) {
  if (auto& x = slots_[name]; x.relay) x.relay->drain({});
}

void members::ended(const std::string& name, slot& x) {
  const bool in_order = x.in_order;
  const auto why = x.state.why;
  x.line.reset();
  x.relay.reset(); // its actors are gone, so this does not wait
  x.source.reset();
  x.state = {};
  x.connection.clear();
  try_again(connections_->end(name, x.life));
  x.closing = true;
  auto done = later(name, x.life,
                    [name, in_order, why](members& self, slot& y) { self.closed(name, y, in_order, why); });
  boost::asio::post(pool_, [disk = std::exchange(x.disk, {}), workers = std::exchange(x.workers, {}),
                            done = std::move(done)]() mutable {
    disk.reset(); // a full disk or a dead server may take its time
    workers.reset();
    done();
  });
}

/// Now its state directory is free for the next start.
void members::closed(const std::string& name, slot& x, bool in_order, const std::string& why) {
  x.closing = false;
  if (in_order) {
    log_of(name)->write(severity::info, "fleet.gateway_stopped", {{"why", why}});
  } else {
    what_.counts->failed(name, "died");
    log_of(name)->write(severity::error, "fleet.gateway_died",
                        {{"why", why}, {"next", "it is started again"}});
  }
  plan_.ended(name, in_order, why, clock::now(), rng_());
  step();
}

void members::forget_the_gone() {
  for (auto it = slots_.begin(); it != slots_.end();) {
    if (it->second.relay || it->second.closing || plan_.members().count(it->first) > 0) {
      ++it;
      continue;
    }
    what_.counts->forget(it->first);
    answer(it->first, {false, {"the gateway is gone"}});
    it = slots_.erase(it);
  }
}

void members::use_files(const directory_reading& x) {
  for (auto& [name, one] : slots_) {
    const auto file = x.files.names.find(name);
    if (!one.path || file == x.files.names.end()) continue;
    const std::lock_guard held{*paths_};
    *one.path = what_.directory + "/" + file->second;
  }
  if (x.secret_variables == secret_variables_) return;
  secret_variables_ = x.secret_variables;
  auto common = what_.common;
  auto& all = common.service.secret_variables;
  all.insert(all.end(), secret_variables_.begin(), secret_variables_.end());
  common_ = std::make_shared<const config::settings>(std::move(common));
}

void members::clear() {
  asked_of_.clear();
  pool_.join();
  for (auto& [name, x] : slots_) {
    x.line.reset();
    x.relay.reset();
    x.source.reset();
  }
  slots_.clear();
}

void members::tell_all(command x) const {
  for (const auto& [name, one] : slots_)
    if (one.relay) post(one.relay->supervisor(), x);
}

/// A gateway that drains because it is idle has told its connector so: what wakes it then is for the next
/// start of it.
bool members::wake(const std::string& name) {
  const auto it = slots_.find(name);
  const bool runs = it != slots_.end() && it->second.relay;
  if (runs) post(it->second.relay->supervisor(), command::wake);
  if (runs && it->second.state.ready) return true;
  if (!plan_.wake(name)) return runs;
  step();
  return true;
}

void members::wake_all() {
  std::vector<std::string> names;
  std::transform(slots_.begin(), slots_.end(), std::back_inserter(names), [](auto& x) { return x.first; });
  for (const auto& name : names) wake(name);
}

// -- what is told ------------------------------------------------------------------------------------------

gateway_line members::line_of(const std::string& name, const fleet_plan::member& x, std::string file) const {
  gateway_line out;
  out.name = name;
  out.file = std::move(file);
  out.state = to_string(x.phase);
  out.problem = x.problem;
  out.reason = x.why;
  const auto it = slots_.find(name);
  if (it == slots_.end() || !it->second.relay) return out;
  out.connected = it->second.state.connected;
  out.ready = it->second.state.ready;
  out.reason = it->second.state.why;
  return out;
}

std::shared_ptr<const admin::fleet_member> members::shown(const std::string& name) {
  const auto planned = plan_.members().find(name);
  if (planned == plan_.members().end()) return nullptr;
  auto out = std::make_shared<admin::fleet_member>();
  out->name = name;
  out->counts = what_.counts->of(name);
  out->log = log_of(name);
  out->problem = planned->second.problem;
  out->state = to_string(planned->second.phase);
  out->why = planned->second.why;
  out->with = {out->counts.get(), what_.beats, out->log.get(),
               [log = what_.log, name](std::size_t limit) {
                 auto lines = lines_of_gateway(log->recent(numbered_lines::most), name);
                 if (lines.size() > limit)
                   lines.erase(lines.begin(), lines.end() - static_cast<std::ptrdiff_t>(limit));
                 return lines;
               },
               [log = what_.log, name](std::uint64_t seen) {
                 auto part = log->recent_after(seen);
                 part.lines = lines_of_gateway(std::move(part.lines), name);
                 return part;
               }};
  const auto weak = weak_from_this();
  out->reload = [weak, name](std::function<void(admin::reload_answer)> done) {
    if (auto self = weak.lock()) self->ask(name, std::move(done));
  };
  out->wake = [weak, name] {
    auto self = weak.lock();
    return self && self->wake(name);
  };
  const auto it = slots_.find(name);
  if (it == slots_.end() || !it->second.relay) return out;
  const auto& x = it->second;
  admin::target target{*x.line, {}, {}, {}, x.action_limit, x.sleep_limit, x.store};
  target.agents = [weak, name]() -> link_agent_actor {
    auto self = weak.lock();
    const auto found = self ? self->slots_.find(name) : decltype(it){};
    return self && found != self->slots_.end() && found->second.relay ? found->second.relay->link_agent()
                                                                      : link_agent_actor{};
  };
  target.drain = [weak, name] {
    auto self = weak.lock();
    if (self && self->plan_.stop(name)) self->step();
  };
  out->gateway = std::move(target);
  return out;
}

} // namespace relay::fleet
