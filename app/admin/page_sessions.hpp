// Who has logged in at the status page. A session may read and nothing else. Not thread-safe; the caller
// gives the time.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace relay::admin {

class page_sessions {
public:
  using clock = std::chrono::steady_clock;
  static constexpr std::chrono::hours lifetime{12};
  static constexpr std::size_t most = 64;       ///< the oldest goes when there would be more
  static constexpr std::uint64_t attempts = 20; ///< wrong tokens within a minute; then none is looked at

  /// `bits` gives 64 random bits that nobody can foresee.
  explicit page_sessions(std::function<std::uint64_t()> bits) : bits_(std::move(bits)) {}

  /// A new session's id: 256 random bits in hexadecimal.
  std::string open(clock::time_point now);
  bool valid(std::string_view id, clock::time_point now) const;
  void close(std::string_view id);
  /// The tokens have changed: everybody logs in again.
  void close_all() { sessions_.clear(); }

  /// Whether a token may be tried now; a wrong one is told by failed().
  bool may_try(clock::time_point now) const;
  void failed(clock::time_point now);

private:
  struct session {
    std::string id;
    clock::time_point until;
  };
  std::function<std::uint64_t()> bits_;
  std::vector<session> sessions_;
  clock::time_point minute_{};
  std::uint64_t failures_ = 0;
};

/// The value of a cookie in a Cookie header; empty when it is not there.
std::string_view cookie(std::string_view header, std::string_view name);

} // namespace relay::admin
