// Fault scripts without sockets: a clock of the test's own, and steps as short texts that are easy to
// compare.
#pragma once

#include "relay_gateway/app/connector/faults/injector.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace relay::connector::faults {

inline std::string in_short(const step& x) {
  struct {
    std::string operator()(const deliver& d) {
      std::string kind = d.what.plain() ? "" : d.what.binary ? "binary " : "";
      if (!d.what.first || !d.what.last) kind += d.what.last ? "end " : d.what.first ? "begin " : "part ";
      return std::string{to_string(d.direction)} + " " + std::to_string(d.which) + " " + kind + d.what.text;
    }
    std::string operator()(const close_connection& c) {
      return "close " + std::to_string(c.which) + " " + std::to_string(c.code) + " " + c.reason;
    }
    std::string operator()(const end_connection& c) {
      return (c.reset ? "reset " : "cut ") + std::to_string(c.which);
    }
    std::string operator()(const hold_connection& c) {
      return std::string{c.on ? "stall " : "resume "} + (c.reading ? "reading " : "writing ") +
             std::to_string(c.which);
    }
    std::string operator()(const abandon_connection& c) { return "abandon " + std::to_string(c.which); }
    std::string operator()(const forget_connection& c) { return "forget " + std::to_string(c.which); }
    std::string operator()(const raw_bytes& c) { return "raw " + std::to_string(c.which) + " " + c.bytes; }
    std::string operator()(const expire_credentials& c) { return "expire " + c.gateway + " " + c.reason; }
    std::string operator()(const revoke_credentials& c) { return "revoke " + c.gateway + " " + c.reason; }
    std::string operator()(const set_clock& c) { return "clock " + std::to_string(c.seconds); }
    std::string operator()(const replay_events& c) {
      return "replay " + c.gateway + " " + std::to_string(c.how.events);
    }
    std::string operator()(const call_wake_url& c) { return "poke " + c.gateway; }
    std::string operator()(const set_outage& c) { return c.on ? "down" : "up"; }
  } tell;
  return std::visit(tell, x);
}

inline texts in_short(const steps& all) {
  texts out;
  for (const auto& x : all) out.push_back(in_short(x));
  return out;
}

/// What a script's problems are, one line each.
inline texts problems_of(std::string_view text) {
  std::vector<problem> told;
  auto read = parse(text, told);
  EXPECT_EQ(read.has_value(), told.empty());
  texts out;
  for (const auto& x : told) out.push_back(to_string(x));
  return out;
}

class faults_test : public ::testing::Test {
protected:
  static script read(std::string_view text) {
    std::vector<problem> told;
    auto out = parse(text, told);
    for (const auto& x : told) ADD_FAILURE() << to_string(x);
    return out.value_or(script{});
  }
  /// One rule, from its `when` and `then`.
  static std::string one(const std::string& when, const std::string& then, const std::string& more = {}) {
    return R"({"when":{)" + when + R"(},"then":{)" + then + "}" + more + "}";
  }
  void load(const std::string& text) {
    faults = injector{read(text), now};
    open(1, "gw-1");
  }
  void open(connection_id which, const std::string& gateway) {
    seen(faults.on_open(which, gateway, {}, now));
  }
  /// What a frame to the gateway becomes.
  texts out(const std::string& line, connection_id which = 1) {
    return in_short(faults.on_frame(which, way::out, line, now));
  }
  texts in(const std::string& line, connection_id which = 1) {
    return in_short(faults.on_frame(which, way::in, line, now));
  }
  /// Moves the clock and tells what was due, each at its own time as `time: step`.
  texts pass(int ms) {
    texts told;
    auto until = now + milliseconds{ms};
    while (faults.next() && *faults.next() <= until) {
      now = *faults.next();
      for (const auto& x : faults.due(now)) told.push_back(std::to_string(now.count()) + ": " + in_short(x));
    }
    now = until;
    return told;
  }
  texts did() {
    texts told;
    for (const auto& x : faults.take_notes()) {
      std::string line = x.rule + ":";
      for (const auto& y : x.did) line += " " + y;
      told.push_back(line);
    }
    return told;
  }
  static void seen(const steps& x) { EXPECT_TRUE(x.empty()) << in_short(x).front(); }

  static std::string event(const std::string& chat, const std::string& text = "hi") {
    return R"({"type":"inbound","event":{"text":")" + text +
           R"(","source":{"platform":"discord","chat_id":")" + chat + R"("}}})";
  }
  static std::string result(const std::string& request) {
    return R"({"type":"outbound_result","requestId":")" + request + R"(","result":{"success":true}})";
  }
  static std::string send(const std::string& request, const std::string& chat,
                          const std::string& op = "send") {
    return R"({"type":"outbound","requestId":")" + request + R"(","platform":"discord","action":{"op":")" +
           op + R"(","chat_id":")" + chat + R"("}})";
  }

  milliseconds now{1'000};
  injector faults;
};

} // namespace relay::connector::faults
