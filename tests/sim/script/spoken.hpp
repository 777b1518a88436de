// What both ends of the connector's sockets truly said, to tell it from what a fault script made of it.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace relay::sim {

/// How a line reached the connector.
enum class hearing : std::uint8_t {
  as_said, ///< the gateway wrote it so
  again,   ///< it did, and the connector has it already
  altered  ///< it never wrote this
};

class spoken {
public:
  /// An event under a buffer id; the id is empty when it has none.
  struct event {
    std::uint64_t number = 0;
    std::string buffer_id;
  };

  // -- to the gateway
  /// The connector says this line.
  void said(std::string_view line) { lines_.try_emplace(std::string{line}); }
  void said(std::string_view line, event what) {
    lines_.insert_or_assign(std::string{line}, std::move(what));
  }
  bool was_said(std::string_view line) const { return lines_.count(std::string{line}) > 0; }
  /// Which event this line is; null when it is none, or was never said.
  const event* event_of(std::string_view line) const;

  // -- from the gateway
  void wrote(std::uint64_t socket, std::string_view line) { ++unheard_[{socket, std::string{line}}]; }
  /// The connector is given this line now.
  hearing hear(std::uint64_t socket, std::string_view line);

private:
  std::unordered_map<std::string, event> lines_;
  /// How often a line was written and not given yet, by socket.
  std::map<std::pair<std::uint64_t, std::string>, std::uint64_t> unheard_;
};

} // namespace relay::sim
