// The frames that are held back, and in which order they leave. Pure: time is a value.
#pragma once

#include "relay_gateway/app/connector/faults/steps.hpp"

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace relay::connector::faults {

/// One frame as it will leave: a few messages, in this order, each so long after the first.
struct parcel {
  std::vector<std::pair<milliseconds, message>> messages;
  std::string chat; ///< platform and chat, for keep_chat_order; empty = of no chat
};

/// How long a parcel has to wait.
struct hold {
  milliseconds delay{0};
  bool in_order = false;
  std::uint64_t overtaken_by = 0; ///< so many later parcels go first,
  milliseconds at_most{0};        ///< as long as they come within this
  bool keep_chat_order = false;
  std::uint64_t merge = 0;      ///< wait until so many share one message,
  milliseconds merge_within{0}; ///< or this is over
};

/// Each connection has two queues. Bounded: beyond 100,000 held parcels nothing more is held. Not
/// thread-safe. Call due() before anything else at a new time.
class traffic {
public:
  /// Takes a parcel over; what leaves at once goes to `out`.
  void send(connection_id which, way direction, parcel x, const hold& how, milliseconds now, steps& out);
  void due(milliseconds now, steps& out);
  std::optional<milliseconds> next() const;
  /// The connection is over: nothing of it leaves any more.
  void forget(connection_id which);
  std::size_t held() const { return held_; }
  /// Whether a frame without any fault may go past: nothing is waiting that it would have to mind.
  bool clear(connection_id which, way direction, milliseconds now) const;

private:
  using place = std::pair<connection_id, way>;
  struct waiting {
    parcel what;
    std::uint64_t left = 0; ///< parcels that still go first
    milliseconds until{0};
    bool keep_chat_order = false;
  };
  struct direction_state {
    milliseconds gate{0}; ///< what is sent from now on leaves not before, so that the order stays
    milliseconds busy{0}; ///< until then the pieces of one parcel leave, and nothing may come between them
    std::deque<waiting> overtaken;
    std::uint64_t gathering = 0; ///< parcels that the shared message still waits for
    milliseconds merge_until{0};
    std::string gathered;
  };
  struct departure {
    parcel what;
    hold how;
    bool passed = false; ///< it only waits for a busy queue
  };
  struct look_again {}; ///< something of the queue may have waited long enough
  struct appointment {
    place at;
    std::variant<departure, message, look_again> what;
  };

  void at(milliseconds when, appointment x);
  void proceed(const place& from, parcel x, const hold& how, milliseconds now, steps& out);
  void leave(const place& from, parcel x, milliseconds now, steps& out);
  void hand_out(const place& from, parcel x, milliseconds now, steps& out);
  void flush_gathered(const place& from, direction_state& on, milliseconds now, steps& out);
  void look(const place& from, milliseconds now, steps& out);

  std::map<place, direction_state> directions_;
  std::map<std::pair<milliseconds, std::uint64_t>, appointment> agenda_;
  std::uint64_t last_ = 0;
  std::size_t held_ = 0;
};

} // namespace relay::connector::faults
