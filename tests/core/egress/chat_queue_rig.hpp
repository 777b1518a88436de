// A queue played by hand: what the chat, the connection and the disk would say to it.
#pragma once

#include "relay_gateway/actors/egress/core/chat_queue.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace relay::core::rig {

using namespace std::chrono_literals;

constexpr instant start{1h};

inline descriptor platform(std::string name, std::uint32_t limit, std::vector<std::string> ops) {
  descriptor x;
  x.platform = std::move(name);
  x.max_message_length = limit;
  x.supported_ops = std::move(ops);
  return x;
}

inline descriptors_ptr set_of(std::vector<descriptor> all) {
  auto out = std::make_shared<descriptor_set>();
  for (auto& x : all) out->put(std::move(x));
  return out;
}

/// "p" takes ten characters.
inline descriptors_ptr usual() { return set_of({platform("p", 10, {"send", "edit", "typing", "react"})}); }

inline chat_action make(std::uint64_t token, op kind, std::string content, instant hold = start + 30s) {
  chat_action x;
  x.token = token;
  x.act.kind = kind;
  x.act.chat_id = "c";
  x.act.content = std::move(content);
  x.where.platform = "p";
  x.hold_until = hold.time_since_epoch() / 1ns;
  return x;
}
inline chat_action text(std::uint64_t token, std::string content) {
  return make(token, op::send, std::move(content));
}
inline chat_action edit(std::uint64_t token, std::string message, std::string content) {
  auto x = make(token, op::edit, std::move(content));
  x.act.message_id = std::move(message);
  return x;
}

inline action_result ok(std::string id) {
  auto x = action_result::success();
  x.message_id = std::move(id);
  x.raw = R"({"success":true})";
  return x;
}

/// A queue; each call returns what it made the chat do, and the last piece is remembered.
struct chat_queue_driver {
  core::chat_queue chat_queue;
  std::uint64_t piece = 0;
  instant now = start;

  template <class F>
  chat_queue_step run(F f) {
    chat_queue_step out;
    f(out);
    if (!out.out.empty()) piece = out.out.back().piece;
    return out;
  }
  chat_queue_step push(chat_action x) {
    return run([&](auto& out) { chat_queue.push(std::move(x), out); });
  }
  chat_queue_step link(descriptors_ptr x = usual()) {
    return run([&](auto& out) { chat_queue.link(std::move(x), out); });
  }
  /// The connection died without a word.
  chat_queue_step down() {
    return run([&](auto& out) {
      chat_queue.abandon(out);
      chat_queue.link(nullptr, out);
    });
  }
  /// The connection is being closed; it will still tell what became of what is out.
  chat_queue_step closing() { return link(nullptr); }
  chat_queue_step settle(action_result x, bool written = true) {
    return run([&](auto& out) { chat_queue.settled({piece, std::move(x), written}, out, now); });
  }
  chat_queue_step unwritten() {
    return settle(action_result::failed("not_connected", "never written"), false);
  }
  chat_queue_step intent_committed(std::uint64_t number) {
    return run([&](auto& out) { chat_queue.intent_committed(number, out); });
  }
  chat_queue_step expire(instant at) {
    return run([&](auto& out) { chat_queue.expire(at, out); });
  }
};

inline std::vector<std::string> contents(const chat_queue_step& x) {
  std::vector<std::string> out;
  for (auto& y : x.out) out.push_back(y.act.content);
  return out;
}
inline std::vector<std::uint64_t> tokens(const chat_queue_step& x) {
  std::vector<std::uint64_t> out;
  for (auto& y : x.done) out.push_back(y.token);
  return out;
}

} // namespace relay::core::rig
