// What the stand-in saw and did, one entry per thing, in order: the memory that tests and the control API
// read.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace relay::connector {

/// One entry. `json` is the whole of it as an object: `index`, `time` (unix ms), `kind`, `gateway_id`,
/// `platform` and what the kind adds (README.md lists the kinds). Frames are under `frame`, as they crossed
/// the wire. Tokens and secrets are never in it.
struct record {
  std::uint64_t index = 0; ///< 1, 2, 3, ... over the life of the connector
  std::int64_t time_ms = 0;
  std::string kind, gateway_id, platform, json;

  /// The value at a dotted path, such as `frame.action.content` or `frame.action.options.0.id`: a string as
  /// it is, anything else as JSON text, empty when absent.
  std::string at(std::string_view path) const;
  /// Whether there is anything at that path, null included.
  bool has(std::string_view path) const;
};

/// Picks records. Combine with a lambda where the ones below do not do.
using record_filter = std::function<bool(const record&)>;
/// Records of that kind (`hello`, `outbound`, `inbound_ack`, `provision`, ...).
record_filter of_kind(std::string kind);
/// Records of that kind with `value` at `path`; several may be joined with both().
record_filter of_kind(std::string kind, std::string path, std::string value);
record_filter both(record_filter a, record_filter b);

/// The records, bounded: the oldest go when there are too many. Thread-safe; waiters block their own thread
/// only.
class journal {
public:
  explicit journal(std::size_t max_records = 200'000) : max_(max_records) {}
  /// Appends; `fields` is the inside of a JSON object without its braces (`"a":1,"b":2`), may be empty.
  /// Returns the new index.
  std::uint64_t append(std::int64_t time_ms, std::string_view kind, std::string_view gateway_id,
                       std::string_view platform, std::string_view fields);
  /// Index of the newest record; 0 = none yet.
  std::uint64_t last() const;
  /// Records after `since` that match (an empty filter takes all), oldest first, at most `limit`.
  std::vector<record> read(std::uint64_t since = 0, const record_filter& which = {},
                           std::size_t limit = SIZE_MAX) const;
  /// The first match after `since`, waiting for it at most `limit`.
  std::optional<record> wait_for(const record_filter& which, std::chrono::milliseconds limit,
                                 std::uint64_t since = 0) const;
  /// Whether there are `n` matches after `since` within `limit`.
  bool wait_count(const record_filter& which, std::size_t n, std::chrono::milliseconds limit,
                  std::uint64_t since = 0) const;
  /// Called after each append, on the appending thread, without the lock. Set once, before use.
  void on_append(std::function<void()> then) { then_ = std::move(then); }

private:
  mutable std::mutex lock_;
  mutable std::condition_variable grown_;
  std::deque<record> kept_;
  std::uint64_t last_ = 0;
  std::size_t max_;
  std::function<void()> then_;
};

} // namespace relay::connector
