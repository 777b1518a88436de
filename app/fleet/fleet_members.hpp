// The gateways of a fleet as they run: carries out what the plan orders. Private to app/fleet.
#pragma once

#include "relay_gateway/app/admin/supervisor_line.hpp"
#include "relay_gateway/app/files/file_secrets.hpp"
#include "relay_gateway/app/fleet/connections.hpp"
#include "relay_gateway/app/fleet/directory.hpp"
#include "relay_gateway/app/fleet/fleet.hpp"
#include "relay_gateway/app/fleet/fleet_plan.hpp"
#include "relay_gateway/app/fleet/gateway_start.hpp"
#include "relay_gateway/app/gateway.hpp"
#include "relay_gateway/app/store/parked_stores.hpp"

#include <boost/asio/thread_pool.hpp>

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <vector>

namespace relay::fleet {

/// On the io_context's thread.
class members : public std::enable_shared_from_this<members> {
public:
  members(boost::asio::io_context& io, caf::actor_system& system, fleet_options what);
  members(const members&) = delete;
  members& operator=(const members&) = delete;
  virtual ~members() = default;

  /// For the listener; null when there is no gateway of that name.
  std::shared_ptr<const admin::fleet_member> shown(const std::string& name);
  void tell_all(command x) const;
  /// False: it is not one that a wake starts.
  bool wake(const std::string& name);
  void wake_all();

protected:
  struct slot {
    std::uint64_t life = 0; ///< which start it is: what is said of an earlier one does not count
    std::shared_ptr<watching_resolver> resolver;
    std::shared_ptr<std::string> path;   ///< of its file; read by the resolver under `paths_`
    std::shared_ptr<queue_port> workers; ///< outlives the actors: what they said last has to leave
    std::shared_ptr<store_port> disk;    ///< outlives the actors: closing it may wait
    bool closing = false;                ///< its store and queue are being closed
    std::shared_ptr<settings_port> source;
    std::unique_ptr<gateway> relay;
    std::optional<admin::supervisor_line> line;
    gateway_state state;
    bool in_order = false;  ///< how its supervisor ended
    std::string connection; ///< of the settings that run
    std::string store;
    milliseconds action_limit{0}, sleep_limit{0};
  };

  /// The plan may have something to do.
  virtual void step() = 0;
  /// A gateway started, connected or lost its connection.
  virtual void stirred() = 0;

  void start(const std::string& name, const std::string& path);
  void reload(const std::string& name);
  void stop(const std::string& name);
  void forget_the_gone();
  /// The files as they are now: where each gateway's is, and what their secrets are made of.
  void use_files(const directory_reading& x);
  /// Ends all at once.
  void clear();
  gateway_line line_of(const std::string& name, const fleet_plan::member& x, std::string file) const;

  boost::asio::io_context& io_;
  const fleet_options what_;
  fleet_plan plan_;
  std::map<std::string, slot> slots_;
  std::shared_ptr<store::parked_stores> parked_;
  boost::asio::thread_pool pool_;

private:
  template <class Job>
  auto later(const std::string& name, std::uint64_t life, Job job);
  slot* find(const std::string& name, std::uint64_t life);
  void prepared(const std::string& name, slot& x, prepared_gateway got);
  bool launch(const std::string& name, slot& x, prepared_gateway& got, std::string& why);
  void try_again(const std::vector<std::string>& names);
  void tell_started(const std::string& name, start_outcome what, const std::string& why, const char* cause);
  void have_reloaded(const std::string& name, const reload_outcome& x, bool answered);
  void ended(const std::string& name, slot& x);
  void closed(const std::string& name, slot& x, bool in_order, const std::string& why);
  bool is_wanted(const std::string& name) const;
  void ask(const std::string& name, std::function<void(admin::reload_answer)> done);
  void answer(const std::string& name, const admin::reload_answer& x);
  std::shared_ptr<log_port> log_of(const std::string& name) const { return log_of_gateway(what_.log, name); }

  caf::actor_system& system_;
  std::shared_ptr<const config::settings> common_; ///< of the process, with the secret variables of all files
  std::set<std::string> secret_variables_;
  const std::shared_ptr<std::mutex> paths_ = std::make_shared<std::mutex>();
  const std::shared_ptr<connection_registry> connections_ = std::make_shared<connection_registry>();
  std::multimap<std::string, std::function<void(admin::reload_answer)>> asked_of_;
  std::mt19937_64 rng_{std::random_device{}()};
  std::uint64_t lives_ = 0;
};

} // namespace relay::fleet
