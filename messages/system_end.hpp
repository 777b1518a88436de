// The end of an actor system, for whoever has actors in it that would never end by themselves: CAF's
// destructor waits for all actors first, so it would wait for ever. Thread-safe.
#pragma once

#include <caf/fwd.hpp>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>

namespace relay {

/// Calls that an actor system makes when it is destroyed, while all its actors still run. While there is one,
/// the system does not wait for its actors before them, but after them.
class system_end : public std::enable_shared_from_this<system_end> {
public:
  /// Of this system; null when its configuration was not prepared with register_messages().
  static std::shared_ptr<system_end> of(caf::actor_system& system);

  /// Takes its call back when it is destroyed, unless that is being made by then. May outlive the actor
  /// system.
  class entry {
  public:
    entry() = default;
    entry(std::shared_ptr<system_end> at, std::uint64_t number) : at_(std::move(at)), number_(number) {}
    entry(const entry&) = delete;
    entry& operator=(const entry&) = delete;
    entry(entry&& other) noexcept = default;
    entry& operator=(entry&& other) noexcept = delete;
    ~entry();

  private:
    std::shared_ptr<system_end> at_;
    std::uint64_t number_ = 0;
  };
  /// `call` runs on the thread that destroys the system, perhaps while its entry is destroyed on another one.
  entry at_end(std::function<void()> call);

  explicit system_end(caf::actor_system& system) : system_(system) {}
  /// Makes all calls, then waits for all actors where the program did not say otherwise.
  void happened();

private:
  void forget(std::uint64_t number);

  caf::actor_system& system_;
  std::mutex lock_;
  std::map<std::uint64_t, std::function<void()>> calls_;
  std::uint64_t last_ = 0;
  bool awaits_ = false; ///< as the program wants it
  bool over_ = false;
};

/// Makes `config`'s actor systems have one.
void load_system_end(caf::actor_system_config& config);

} // namespace relay
