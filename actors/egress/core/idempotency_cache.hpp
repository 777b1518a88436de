// One record per request id (agent-link.md): the same id again returns the recorded outcome and sends
// nothing.
#pragma once

#include "relay_gateway/actors/core/clock.hpp"
#include "relay_gateway/actors/core/fingerprint_map.hpp"
#include "relay_gateway/messages/contract/result.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace relay::core {

/// Bounded by number, bytes and age; an entry whose outcome is open is never forgotten.
class idempotency_cache {
public:
  /// `secret`: agents choose the ids.
  idempotency_cache(std::size_t max_entries, milliseconds window, std::size_t max_bytes = 32UL << 20,
                    fingerprint_key secret = {})
      : max_(max_entries), max_bytes_(max_bytes), window_(window), secret_(secret) {}

  enum class verdict : std::uint8_t {
    fresh,   ///< first time: act
    pending, ///< an equal one is under way: wait for its outcome
    settled, ///< answer with recorded()
    conflict ///< it was another action: refuse, and leave the record as it is
  };
  /// A request arrives. Ids must not be empty. `digest`: of its action (core/action_digest); 0 = not known,
  /// and equal to any. `before`: the one that an earlier version may have recorded.
  verdict open(const std::string& id, instant now, std::uint64_t digest = 0, std::uint64_t before = 0);
  /// Its outcome. Unknown ids are ignored.
  void settle(const std::string& id, const action_result& result, instant now);
  /// The recorded outcome, if there is one.
  std::optional<action_result> recorded(const std::string& id) const;
  /// An outcome of `age` ago, as it was recorded then. Before all others, oldest first.
  void restore(const std::string& id, const action_result& result, instant now, milliseconds age,
               std::uint64_t digest = 0);
  /// It was not accepted after all; the id is free again.
  void forget(const std::string& id);
  std::size_t size() const { return entries_.size(); }
  /// Of outcomes that are recorded.
  std::size_t bytes() const { return bytes_; }

private:
  /// Most outcomes are a success of which the connector said no more than an id: one text holds that.
  class packed_result {
  public:
    packed_result() = default;
    explicit packed_result(const action_result& x);
    action_result unpacked() const;
    /// Beside the object itself.
    std::size_t bytes() const;

  private:
    std::string success_; ///< the message's id and what the connector said, without anything between
    bool brief_ = false;  ///< that said no more than the id, which is all that the text holds
    std::size_t id_size_ = 0;
    std::unique_ptr<const action_result> other_; ///< of any other kind
  };
  struct entry {
    packed_result result;
    std::uint64_t digest = 0;
    instant at{};
    bool settled = false;
  };
  using entries = fingerprint_map<entry>;
  fingerprint print(const std::string& id) const { return fingerprint_of(id, secret_); }
  void record(entries::entry& x, const action_result& result, instant at, instant now);
  void erase(entries::entry& x);
  void trim(instant now);
  std::size_t max_, max_bytes_, bytes_ = 0;
  milliseconds window_;
  fingerprint_key secret_;
  entries entries_; ///< the settled ones have an age
};

} // namespace relay::core
