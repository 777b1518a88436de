// What the host of the process is told: the service manager's protocol, its watchdog, and the status line.
#include "relay_gateway/app/host/service_manager.hpp"
#include "relay_gateway/app/host/service_notifier.hpp"

#include <boost/asio/io_context.hpp>
#include <gmock/gmock.h>

#include <array>
#include <cstdlib>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace relay {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using namespace std::chrono_literals;

/// The manager's end: an abstract socket of this process.
class manager_end {
public:
  manager_end() : fd_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)) {
    static int number = 0;
    name_ = "@relay-host-test-" + std::to_string(::getpid()) + "-" + std::to_string(++number);
    sockaddr_un at{};
    at.sun_family = AF_UNIX;
    name_.copy(at.sun_path, name_.size());
    at.sun_path[0] = '\0';
    auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name_.size());
    EXPECT_EQ(::bind(fd_, reinterpret_cast<const sockaddr*>(&at), size), 0);
  }
  manager_end(const manager_end&) = delete;
  manager_end& operator=(const manager_end&) = delete;
  ~manager_end() { ::close(fd_); }

  const std::string& name() const { return name_; }
  /// The next datagram; empty when there is none.
  std::string next() {
    std::array<char, 8192> bytes{};
    auto n = ::recv(fd_, bytes.data(), bytes.size(), 0);
    return n <= 0 ? "" : std::string(bytes.data(), static_cast<std::size_t>(n));
  }

private:
  int fd_;
  std::string name_;
};

struct silent_log final : log_port {
  void write(severity, std::string_view id, std::initializer_list<log_field>) noexcept override {
    ids.emplace_back(id);
  }
  bool wants(severity) const noexcept override { return true; }
  std::vector<std::string> ids;
};

class notifier : public ::testing::Test {
protected:
  void make(std::chrono::microseconds watchdog) {
    host::notifier_sources from{&beats, &log, [this](std::function<void(const gateway_report*)> done) {
                                  ++asked;
                                  done(&report);
                                }};
    made = std::make_unique<host::service_notifier>(io, host::service_manager::open(manager.name(), watchdog),
                                                    from);
  }
  /// Runs the loop until a message has that part; five seconds at most.
  std::string until(const std::string& part) {
    const auto end = std::chrono::steady_clock::now() + 5s;
    while (std::chrono::steady_clock::now() < end) {
      for (auto x = manager.next(); !x.empty(); x = manager.next()) {
        seen.push_back(x);
        if (x.find(part) != std::string::npos) return x;
      }
      io.restart();
      io.run_one_for(100ms);
    }
    ADD_FAILURE() << "no message with " << part;
    return "";
  }

  manager_end manager;
  boost::asio::io_context io{1};
  liveness_monitor beats;
  silent_log log;
  gateway_report report;
  int asked = 0;
  std::vector<std::string> seen;
  std::unique_ptr<host::service_notifier> made; // last: it uses the rest
};

TEST(ServiceManager, LeavesNoVariableForChildren) {
  manager_end manager;
  ::setenv("NOTIFY_SOCKET", manager.name().c_str(), 1);
  ::setenv("WATCHDOG_USEC", "30000000", 1);
  ::setenv("WATCHDOG_PID", std::to_string(::getpid()).c_str(), 1);
  auto x = host::service_manager::take_from_environment();
  ASSERT_TRUE(x);
  EXPECT_EQ(x->watchdog(), 30s);
  for (const auto* name : {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"})
    EXPECT_EQ(std::getenv(name), nullptr) << name;
  x->send("READY=1");
  EXPECT_EQ(manager.next(), "READY=1");
  EXPECT_FALSE(host::service_manager::take_from_environment()) << "nobody listens now";
}

TEST(ServiceManager, AWatchdogOfAnotherProcessIsNotOurs) {
  manager_end manager;
  ::setenv("NOTIFY_SOCKET", manager.name().c_str(), 1);
  ::setenv("WATCHDOG_USEC", "30000000", 1);
  ::setenv("WATCHDOG_PID", "1", 1);
  auto x = host::service_manager::take_from_environment();
  ASSERT_TRUE(x);
  EXPECT_EQ(x->watchdog(), 0s);
}

TEST(ServiceManager, AddressesThatAreNoneAreNobody) {
  for (const auto* bad : {"", "@", "relative", "/no/such/socket", "vsock:2:1"})
    EXPECT_FALSE(host::service_manager::open(bad, 0s)) << bad;
  EXPECT_FALSE(host::service_manager::open("/" + std::string(200, 'x'), 0s));
}

TEST(ServiceManager, WhatHadNoRoomGoesWithTheNextMessage) {
  manager_end manager;
  auto x = host::service_manager::open(manager.name(), 0s);
  ASSERT_TRUE(x);
  for (int i = 0; i < 2'000; ++i) x->send("WATCHDOG=1"); // a datagram socket holds some hundred
  x->send("STOPPING=1");
  std::string last;
  for (auto one = manager.next(); !one.empty(); one = manager.next()) last = one;
  EXPECT_THAT(last, Not(HasSubstr("STOPPING=1")));
  x->send("STATUS=there is room again");
  last = manager.next();
  EXPECT_THAT(last, HasSubstr("STOPPING=1\nSTATUS=there is room again"));
}

TEST_F(notifier, ReadyStatusReloadAndStop) {
  report.link.phase = link_phase::connected;
  make(0s);
  made->started();
  EXPECT_THAT(until("READY=1"), HasSubstr("READY=1\nSTATUS="));
  EXPECT_THAT(until("STATUS=connected"), HasSubstr("agents 0"));
  made->reloading();
  auto text = until("RELOADING=1");
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  auto told = std::stoll(text.substr(text.find("MONOTONIC_USEC=") + 15));
  EXPECT_NEAR(static_cast<double>(told) / 1e6, static_cast<double>(now.tv_sec), 30.0);
  made->reloaded("config.yaml:3: gateway.grace\nREADY=0");
  EXPECT_EQ(until("READY=1"), "READY=1");
  EXPECT_THAT(until("was refused"), HasSubstr("refused: config.yaml:3: gateway.grace?READY=0"));
  made->stopping(28s);
  EXPECT_EQ(until("STOPPING=1"), "STOPPING=1\nSTATUS=draining\nEXTEND_TIMEOUT_USEC=28000000");
  made->stopping(1s);
  EXPECT_EQ(manager.next(), "") << "once";
}

TEST_F(notifier, TheWatchdogIsFedOnlyWhileTheHeartbeatsLive) {
  using steady = std::chrono::steady_clock;
  auto heart = beats.add("actor", steady::now());
  make(20ms);
  made->started();
  until("WATCHDOG=1");
  heart->beat(steady::now() - liveness_monitor::limit - 1s);
  until("STATUS=the actor thread was not heard of");
  // The loop goes on, and feeds nothing: ten ticks after the thread was missed there is no message.
  auto before = asked;
  const auto quiet_until = steady::now() + 100ms;
  while (steady::now() < quiet_until) io.run_one_for(10ms);
  EXPECT_EQ(manager.next(), "");
  EXPECT_EQ(asked, before);
  EXPECT_EQ(log.ids, std::vector<std::string>{"service.watchdog_withheld"}) << "told once";
  heart->beat(steady::now());
  until("WATCHDOG=1");
  until("STATUS=off");
}

TEST_F(notifier, WithoutAWatchdogNothingIsFed) {
  make(0s);
  made->started();
  until("STATUS=off");
  for (const auto& x : seen) EXPECT_THAT(x, Not(HasSubstr("WATCHDOG")));
}

TEST(StatusLine, OneLineWhateverItIsMadeOf) {
  EXPECT_EQ(host::status_line(nullptr), "the supervisor does not answer");
  gateway_report x;
  x.link = {link_phase::waiting, "refused\nMAINPID=1", 3};
  x.platforms.resize(2);
  x.platforms[0].who.platform = "discord";
  x.platforms[1].who.platform = "telegram";
  x.inbound.agents = 2;
  x.inbound.pending = 7;
  x.store.ok = false;
  x.store.why = "full";
  EXPECT_EQ(host::status_line(&x),
            "waiting (refused?MAINPID=1); discord, telegram; agents 2, events pending 7, "
            "actions pending 0; state directory: full");
}

} // namespace
} // namespace relay
