// file_port of the simulated world: small files that programs of one machine share, and their locks. Both
// outlive the lives of the gateway; a lock ends with the process that holds it.
#pragma once

#include "relay_gateway/actors/ports.hpp"
#include "relay_gateway/tests/sim/base/observer.hpp"
#include "relay_gateway/tests/sim/ports/process.hpp"

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>

namespace relay::sim {

class shared_files {
public:
  /// `content`: path -> text.
  shared_files(stage on, std::map<std::string, std::string>& content, observer& who)
      : on_(on), content_(content), who_(who), rng_(on.seed, "files") {}
  shared_files(const shared_files&) = delete;
  shared_files& operator=(const shared_files&) = delete;

  /// The port of one life of the gateway.
  std::shared_ptr<file_port> port(std::shared_ptr<process> host);
  /// Another program: takes the lock when it can get it, does its deed `holds` later, gives the lock back.
  void elsewhere(const std::string& path, usec holds, std::function<void()> deed);
  /// What another program does under the lock.
  void write(const std::string& path, std::string text);
  std::string read(const std::string& path) const;
  /// The run is over: nobody gets a lock any more.
  void close() { closed_ = true; }

private:
  friend class sim_files;
  friend class sim_lock;
  using ticket = std::uint64_t;
  struct door {
    ticket holder = 0; ///< 0 = open
    std::deque<std::pair<ticket, std::function<void()>>> waiting;
  };
  void acquire(const std::string& path, ticket who, std::function<void()> then);
  /// Out of the queue; false when it has the lock, or had it.
  bool give_up(const std::string& path, ticket who);
  void release(const std::string& path, ticket who);
  bool holds(const std::string& path, ticket who) const;

  stage on_;
  std::map<std::string, std::string>& content_;
  observer& who_;
  seeded_rng rng_;
  std::map<std::string, door> doors_;
  ticket tickets_ = 0;
  bool closed_ = false;
};

} // namespace relay::sim
