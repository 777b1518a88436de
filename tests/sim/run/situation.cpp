#include "relay_gateway/tests/sim/run/situation.hpp"

#include "relay_gateway/messages/control.hpp"

#include <array>
#include <utility>

namespace relay::sim {

std::size_t situation::now() const {
  std::size_t agent = peers_.empty() ? 0 : given_.empty() ? 1 : 2;
  std::size_t out = awaited_.empty() ? 0 : 1;
  return (static_cast<std::size_t>(link_) * agents + agent) * outs + out;
}

std::string situation::name_of(std::size_t state) {
  constexpr std::array<const char*, links> link{"no process", "no link",    "dialling", "handshake",
                                                "serving",    "going idle", "asleep",   "stopping"};
  constexpr std::array<const char*, agents> agent{"no agent", "agent idle", "agent busy"};
  constexpr std::array<const char*, outs> out{"nothing out", "result awaited"};
  return std::string{link[state / outs / agents]} + ", " + agent[state / outs % agents] + ", " +
         out[state % outs];
}

void situation::life_begins(std::uint64_t) { link_ = link_is::down; }

void situation::life_ends(std::uint64_t, ending) {
  link_ = link_is::gone;
  idle_acked_ = false;
  socket_ = 0;
  peers_.clear();
  given_.clear();
  awaited_.clear();
}

void situation::commanded(command x) {
  if (x == command::drain) link_ = link_is::stopping;
}

void situation::dialled(std::uint64_t socket, const dial_request&) {
  socket_ = socket;
  idle_acked_ = false;
  awaited_.clear();
  if (link_ != link_is::stopping) link_ = link_is::dialling;
}

void situation::link_opened(std::uint64_t socket) {
  if (socket == socket_ && link_ == link_is::dialling) link_ = link_is::opened;
}

void situation::link_wrote(std::uint64_t socket, const frame_view& x) {
  auto type = text(x.root, "type");
  if (type == "outbound") awaited_.insert(text(x.root, "requestId"));
  if (type == "going_idle" && socket == socket_ && link_ == link_is::serving) link_ = link_is::idle;
}

void situation::link_read(std::uint64_t socket, const frame_view& x) {
  auto type = text(x.root, "type");
  if (type == "outbound_result") awaited_.erase(text(x.root, "requestId"));
  if (socket != socket_) return;
  if (type == "descriptor" && link_ == link_is::opened) link_ = link_is::serving;
  if (type == "going_idle_ack") idle_acked_ = true;
}

void situation::link_over(std::uint64_t socket) {
  if (socket != socket_ || link_ == link_is::stopping || link_ == link_is::gone) return;
  link_ = idle_acked_ ? link_is::asleep : link_is::down;
  awaited_.clear();
}

void situation::link_ended(std::uint64_t socket, const socket_end&) { link_over(socket); }
void situation::link_dropped(std::uint64_t socket) { link_over(socket); }

void situation::agent_attached(std::uint64_t peer) { peers_.insert(peer); }

void situation::agent_wrote(std::uint64_t peer, const frame_view& x) {
  if (text(x.root, "type") == "inbound") given_.emplace(peer, text(x.root, "delivery_id"));
}

void situation::agent_read(std::uint64_t peer, const frame_view& x) {
  if (text(x.root, "type") == "ack") given_.erase({peer, text(x.root, "delivery_id")});
}

void situation::agent_ended(std::uint64_t peer) {
  peers_.erase(peer);
  std::erase_if(given_, [peer](auto& x) { return x.first == peer; });
}

} // namespace relay::sim
