// Which events are here or were here, by their keys (protocol.md 5.1, Repeats). An event without any id is
// never a repeat. A claim is kept until it is settled, so that a repeat of something in flight waits for it
// (F25); what is settled is remembered for a while.
//
// There are two kinds of keys. A buffer key names one message by the connector's id for it (F22). A message
// key names a message and ends with a digest of one version of it; of each message only the latest version is
// known, so that an edit back to an older version is news.
#pragma once

#include "relay_gateway/actors/core/clock.hpp"
#include "relay_gateway/actors/core/fingerprint_map.hpp"
#include "relay_gateway/messages/contract/event.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace relay::core {

/// A connector's id for an event that it buffers. `origin` names the connector and tenant that gave the id:
/// the ids of two of them have nothing to do with each other.
struct buffered_id {
  std::string id, origin;
  bool reused = false; ///< it names another event by now: good for telling a repeat, not for an ack
  buffered_id() = default;
  buffered_id(std::string id_, std::string origin_ = {}) : id(std::move(id_)), origin(std::move(origin_)) {}
  buffered_id(const char* id_) : id(id_) {}
  bool empty() const { return id.empty(); }
  friend bool operator==(const buffered_id&, const buffered_id&) = default;
};

struct buffered_id_hash {
  std::size_t operator()(const buffered_id& x) const noexcept {
    const auto h = std::hash<std::string>{}(x.id);
    return h ^ (std::hash<std::string>{}(x.origin) + 0x9e3779b97f4a7c15ULL + (h << 6) + (h >> 2));
  }
};

/// The name of a connector and a tenant, for buffered_id::origin. Equal over restarts.
std::string origin_name(std::string_view connector_url, std::string_view tenant);

/// What a repeat of this event is known by. These texts are on disk: their form never changes. Lengths keep
/// the parts apart, so that no choice of ids makes two events look alike.
std::vector<std::string> keys_of(const inbound_event& event, const buffered_id& buffered);
/// The key of a buffered event alone; empty without a buffer id.
std::string buffer_key(const inbound_event& event, const buffered_id& buffered);
/// A message key without its version, as it is for an event whose content is not known any more. `chat_id`:
/// the participant where there is none.
std::string message_key(std::string_view platform, std::string_view profile, std::string_view chat_id,
                        std::string_view message_id);
/// What a key is filed under: a message key without its version, any other key as it is.
std::string_view name_of_key(std::string_view key);
/// The version in a message key; 0 = it has none, or an unknown one, which equals no other.
std::uint64_t version_of_key(std::string_view key);

/// Why an event is a repeat.
enum class repeat_reason : std::uint8_t {
  buffer_id,  ///< its buffer id named the same message before
  message_id, ///< its message was here before
  version     ///< an edit to the latest version that is known
};
const char* to_string(repeat_reason x);

/// Settled keys are bounded by number, bytes and age, oldest first; open ones by whoever claims.
class dedupe_index {
public:
  /// `secret`: peers choose what the keys are made of.
  dedupe_index(std::size_t max_settled, milliseconds window, std::size_t max_bytes = std::size_t(-1),
               fingerprint_key secret = {})
      : max_(max_settled), max_bytes_(max_bytes), window_(window), secret_(secret) {}

  enum class verdict : std::uint8_t { unknown, open, settled };
  struct finding {
    verdict what = verdict::unknown;
    std::uint64_t seq =
        0; ///< the event that it repeats; of an unknown edit: that of the version before; 0 = none
    repeat_reason why = repeat_reason::buffer_id;
  };
  /// The first of these keys that makes the event a repeat decides. `edit`: it is an edit, so that only the
  /// latest version of its message is the same.
  finding find(const std::vector<std::string>& keys, bool edit, instant now);
  /// They are `seq`'s now. Keys that belong to another event keep their owner, but for a message that `seq`
  /// has a later version of.
  void claim(const std::vector<std::string>& keys, std::uint64_t seq);
  /// The same of one key; true when it was new.
  bool claim(std::string_view key, std::uint64_t seq);
  /// They are `seq`'s now, also those that an undetected duplicate of it has open.
  void take_over(const std::vector<std::string>& keys, std::uint64_t seq);
  /// `seq` is over: from now on repeats of it are known as such for the window. `at` may lie in the past.
  /// Keys that another event has open are left to it.
  void settle(const std::vector<std::string>& keys, std::uint64_t seq, instant at, instant now);
  /// Somebody else guards them now.
  void release(const std::vector<std::string>& keys, std::uint64_t seq);
  std::size_t size() const { return keys_.size(); }
  /// What the settled keys hold, about.
  std::size_t bytes() const { return bytes_; }

private:
  struct state {
    std::uint64_t seq = 0;
    std::uint64_t version = 0;
    bool open = true;
    instant at{}; ///< of a settled one
  };
  using known = fingerprint_map<state>;
  void own(known::entry& x, std::string_view key, std::uint64_t seq);
  void trim(instant now);
  /// Of name_of_key().
  fingerprint print(std::string_view key) const { return fingerprint_of(name_of_key(key), secret_); }
  std::size_t max_, max_bytes_, bytes_ = 0;
  milliseconds window_;
  fingerprint_key secret_;
  known keys_; ///< the settled ones have an age
};

} // namespace relay::core
