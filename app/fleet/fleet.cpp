#include "relay_gateway/app/fleet/fleet.hpp"

#include "relay_gateway/app/files/file_watch.hpp"
#include "relay_gateway/app/fleet/fleet_members.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include <algorithm>
#include <exception>
#include <malloc.h>
#include <set>
#include <utility>

namespace relay::fleet {

namespace {

using boost::system::error_code;

/// Between a change of what is to be watched and watching it: a start of many gateways is one change.
constexpr std::chrono::milliseconds watch_pause{200};
constexpr milliseconds metrics_limit{2'000};
constexpr std::chrono::seconds look_pause{60};
/// After this long without a change the stores are closed (fleet_members.cpp) and dials are over.
constexpr std::chrono::seconds trim_pause{3};

} // namespace

struct running_fleet::impl final : members {
  impl(boost::asio::io_context& io, caf::actor_system& system, fleet_options what)
      : members(io, system, std::move(what)), retry_(io), rewatch_(io), trim_(io), look_(io) {}

  std::shared_ptr<impl> self() { return std::static_pointer_cast<impl>(shared_from_this()); }
  std::weak_ptr<impl> weak() { return self(); }

  // -- the directory ----------------------------------------------------------------------------------

  void begin() {
    watch_ = std::make_unique<file_watch>(io_, [this](const auto& x) { changed(x); });
    watch_files();
    read();
    look_again();
  }

  /// A directory that was put in the place of the watched one, and what no watch tells of, is found so.
  void look_again() {
    look_.expires_after(look_pause);
    look_.async_wait([weak = weak()](const error_code& ec) {
      auto self = weak.lock();
      if (ec || !self || self->plan_.draining()) return;
      self->watch_anew_ = true;
      self->read();
      self->look_again();
    });
  }

  void read() {
    if (std::exchange(reading_, true)) {
      read_again_ = true;
      return;
    }
    boost::asio::post(pool_, [weak = weak(), &io = io_, path = what_.directory] {
      auto found = read_directory(path);
      boost::asio::post(io, [weak, found = std::move(found)] {
        if (auto self = weak.lock()) self->have_read(found);
      });
    });
  }

  void have_read(const directory_reading& x) {
    reading_ = false;
    if (!watch_) { // all of them end
      for (auto& done : std::exchange(asked_, {})) done({false, {"the process ends"}});
      return;
    }
    if (x.error != problem_ && !x.error.empty())
      what_.log->write(severity::warn, "fleet.directory_unreadable",
                       {{"why", x.error}, {"next", "gateways that run go on"}});
    problem_ = x.error;
    if (x.error.empty()) {
      read_once_ = true;
      tell_refused(x.files.refused);
      names_ = x.files.names;
      refused_ = x.files.refused;
      use_files(x);
      plan_.files(x.digests);
    }
    if (std::exchange(read_again_, false)) return read();
    for (auto& done : std::exchange(asked_, {})) done(answer());
    step();
    watch_files();
  }

  admin::reload_answer answer() const {
    admin::reload_answer out{problem_.empty(), {}};
    if (!problem_.empty()) out.problems.push_back(problem_);
    for (const auto& x : refused_) out.problems.push_back(x.file + ": " + x.reason);
    return out;
  }

  void tell_refused(const std::vector<refused_file>& now) const {
    for (const auto& x : now)
      if (std::find(refused_.begin(), refused_.end(), x) == refused_.end())
        what_.log->write(severity::warn, "fleet.file_refused", {{"file", x.file}, {"why", x.reason}});
  }

  /// A file that is watched for the first time, of the directory or a gateway's secret, is read once more: it
  /// may have changed before its watch began.
  void watch_files() {
    std::set<std::string> paths{what_.directory + "/.", what_.directory + "/.env"};
    for (const auto& [name, file] : names_) paths.insert(what_.directory + "/" + file);
    const bool more = !std::includes(watched_.begin(), watched_.end(), paths.begin(), paths.end());
    std::vector<std::string> with_new_secrets;
    for (const auto& [name, x] : slots_) {
      if (!x.resolver) continue;
      auto secrets = x.resolver->files();
      if (std::any_of(secrets.begin(), secrets.end(), [&](auto& y) { return watched_.count(y) == 0; }))
        with_new_secrets.push_back(name);
      paths.insert(std::make_move_iterator(secrets.begin()), std::make_move_iterator(secrets.end()));
    }
    if (!watch_ || (paths == watched_ && !std::exchange(watch_anew_, false))) return;
    watch_->watch({paths.begin(), paths.end()}, [this, more, renewed = std::move(with_new_secrets)] {
      if (plan_.draining() || (!more && renewed.empty())) return;
      for (const auto& name : renewed) plan_.secrets_changed(name);
      read();
    });
    watched_ = std::move(paths);
  }

  void changed(const std::vector<std::string>& paths) {
    if (plan_.draining()) return;
    for (const auto& path : paths) {
      if (path == what_.directory + "/.env") plan_.renew_all();
      for (const auto& [name, x] : slots_)
        if (x.resolver && contains(x.resolver->files(), path)) plan_.renew(name);
    }
    read();
  }

  static bool contains(const std::vector<std::string>& all, const std::string& one) {
    return std::find(all.begin(), all.end(), one) != all.end();
  }

  // -- what is to be done -------------------------------------------------------------------------------

  void step() override {
    for (const auto& x : plan_.take(fleet_plan::clock::now())) {
      switch (x.kind) {
      case order::what::start: start(x.name, path_of(x.name)); break;
      case order::what::reload: reload(x.name); break;
      case order::what::stop: stop(x.name); break;
      }
    }
    forget_the_gone();
    stirred();
    wait_for_retry();
    if (plan_.over() && !std::exchange(over_, true) && what_.over) what_.over();
    if (!std::exchange(rewatching_, true)) {
      rewatch_.expires_after(watch_pause);
      rewatch_.async_wait([weak = weak()](const error_code& ec) {
        auto self = weak.lock();
        if (ec || !self || self->plan_.draining()) return;
        self->rewatching_ = false;
        self->watch_files();
      });
    }
  }

  /// Many gateways that start or dial together take memory that none of them needs afterwards: it goes back
  /// to the system.
  void stirred() override {
    trim_.expires_after(trim_pause);
    trim_.async_wait([weak = weak()](const error_code& ec) {
      if (auto self = weak.lock(); self && !ec) boost::asio::post(self->pool_, [] { ::malloc_trim(0); });
    });
  }

  std::string path_of(const std::string& name) const {
    const auto file = names_.find(name);
    return what_.directory + "/" + (file == names_.end() ? name + ".yaml" : file->second);
  }

  void wait_for_retry() {
    const auto due = plan_.due();
    if (!due || plan_.draining()) return;
    retry_.expires_at(*due);
    retry_.async_wait([weak = weak()](const error_code& ec) {
      if (auto self = weak.lock(); self && !ec) self->step();
    });
  }

  void reload_all(std::function<void(admin::reload_answer)> done) {
    if (done) asked_.push_back(std::move(done));
    plan_.renew_all();
    read();
  }

  void drain() {
    error_code ignored;
    look_.cancel(ignored);
    watch_.reset();
    plan_.drain();
    step();
  }

  void end() {
    error_code ignored;
    watch_.reset();
    retry_.cancel(ignored);
    rewatch_.cancel(ignored);
    trim_.cancel(ignored);
    look_.cancel(ignored);
    asked_.clear();
    clear();
  }

  // -- what is told -------------------------------------------------------------------------------------

  fleet_report report() const {
    fleet_report out;
    out.directory = what_.directory;
    out.problem = problem_;
    out.settled = read_once_ && plan_.settled();
    out.draining = plan_.draining();
    out.refused = refused_;
    for (const auto& [name, x] : plan_.members()) {
      const auto file = names_.find(name);
      out.gateways.push_back(line_of(name, x, file == names_.end() ? std::string{} : file->second));
    }
    return out;
  }

  void expose(std::function<void(std::string)> done) const {
    what_.counts->states(counts_of(report()));
    // Goes with the last answer, or question.
    const std::shared_ptr<void> all{nullptr, [counts = what_.counts, done = std::move(done)](void*) {
                                      try {
                                        done(counts->expose());
                                      } catch (const std::exception&) { // NOLINT(bugprone-empty-catch): no
                                        // memory for it; whoever asked gets a 500
                                      }
                                    }};
    for (const auto& [name, x] : slots_)
      if (x.line)
        x.line->report(metrics_limit, [all, counts = what_.counts->of(name)](const gateway_report* now) {
          if (now != nullptr) counts->apply(*now);
        });
  }

  std::vector<admin::fleet_row> rows() const {
    std::vector<admin::fleet_row> out;
    for (auto& x : report().gateways)
      out.push_back({std::move(x.name), x.ready ? "ready" : x.state, std::move(x.reason)});
    return out;
  }

  boost::asio::steady_timer retry_, rewatch_, trim_, look_;
  std::unique_ptr<file_watch> watch_;
  std::set<std::string> watched_;
  std::map<std::string, std::string> names_; ///< gateway -> file
  std::vector<refused_file> refused_;
  std::string problem_;
  std::vector<std::function<void(admin::reload_answer)>> asked_;
  bool watch_anew_ = false; ///< also what is watched already
  bool reading_ = false, read_again_ = false, read_once_ = false, rewatching_ = false, over_ = false;
};

running_fleet::running_fleet(boost::asio::io_context& io, caf::actor_system& system, fleet_options what)
    : impl_(std::make_shared<impl>(io, system, std::move(what))) {}
running_fleet::~running_fleet() { impl_->end(); }

void running_fleet::start() { impl_->begin(); }
void running_fleet::reload(std::function<void(admin::reload_answer)> done) {
  impl_->reload_all(std::move(done));
}
void running_fleet::reconnect() { impl_->tell_all(command::reconnect); }
void running_fleet::drain() { impl_->drain(); }
fleet_report running_fleet::report() const { return impl_->report(); }

admin::fleet_target running_fleet::target(std::function<void()> drain) {
  admin::fleet_target out;
  auto* x = impl_.get();
  out.find = [x](std::string_view name) { return x->shown(std::string{name}); };
  out.ready = [x] { return readiness(x->report()); };
  out.startup = [x] { return startup(x->report()); };
  out.status = [x] { return status_json(x->report()); };
  out.rows = [x] { return x->rows(); };
  out.expose = [x](std::function<void(std::string)> done) { x->expose(std::move(done)); };
  out.reload = [x](std::function<void(admin::reload_answer)> done) { x->reload_all(std::move(done)); };
  out.drain = std::move(drain);
  out.wake = [x] { x->wake_all(); };
  return out;
}

} // namespace relay::fleet
