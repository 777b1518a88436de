#include "relay_gateway/actors/agents/core/output_gate.hpp"

namespace relay::core {

bool output_gate::asked(std::uint64_t peer, std::size_t bytes) {
  auto& x = peers_[peer];
  ++x.actions;
  ++actions_;
  x.bytes += bytes;
  bytes_ += bytes;
  if (x.closed || x.gone || !over(x, 1)) return false;
  x.closed = true;
  ++closed_;
  return true;
}

std::vector<std::uint64_t> output_gate::settled(std::uint64_t peer, std::size_t bytes) {
  std::vector<std::uint64_t> open;
  auto it = peers_.find(peer);
  if (it == peers_.end() || it->second.actions == 0) return open;
  auto& x = it->second;
  --x.actions;
  --actions_;
  x.bytes -= bytes;
  bytes_ -= bytes;
  if (x.gone && x.actions == 0) peers_.erase(it);
  if (closed_ == 0) return open;
  // Also of others: the room of all together may have kept them.
  for (auto& [id, y] : peers_) {
    if (!y.closed || over(y, 2)) continue;
    y.closed = false;
    --closed_;
    open.push_back(id);
  }
  return open;
}

void output_gate::left(std::uint64_t peer) {
  auto it = peers_.find(peer);
  if (it == peers_.end()) return;
  if (it->second.closed) --closed_;
  it->second.closed = false;
  it->second.gone = true;
  if (it->second.actions == 0) peers_.erase(it);
}

} // namespace relay::core
