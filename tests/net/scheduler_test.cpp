// Actors on the io_context's thread.
#include "relay_gateway/app/net/io/io_scheduler.hpp"
#include "relay_gateway/app/net/io/io_thread.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <caf/all.hpp>
#include <gtest/gtest.h>

#include <future>
#include <thread>

namespace relay::net_test {
namespace {

using namespace std::chrono_literals;
constexpr auto longest = 20s;

/// A config without CAF's own options from files or the command line.
struct on_io : caf::actor_system_config {
  explicit on_io(boost::asio::io_context& io) { net::use_io_scheduler(*this, io); }
};

template <class T>
T get(std::future<T> x) {
  if (x.wait_for(longest) != std::future_status::ready) {
    ADD_FAILURE() << "nothing came";
    return T{};
  }
  return x.get();
}

class scheduler : public ::testing::Test {
protected:
  net::io_thread io;
  on_io config{io.context()};
};

TEST_F(scheduler, RunsEveryActorOnItsThread) {
  caf::actor_system system(config);
  std::thread::id there;
  io.run([&] { there = std::this_thread::get_id(); });
  std::promise<std::thread::id> ran;
  auto actor = system.spawn([&](caf::event_based_actor*) -> caf::behavior {
    return {[&](int) { ran.set_value(std::this_thread::get_id()); }};
  });
  caf::anon_send(actor, 1);
  EXPECT_EQ(get(ran.get_future()), there);
}

TEST_F(scheduler, PingPong) {
  caf::actor_system system(config);
  std::promise<int> done;
  auto pong =
      system.spawn([](caf::event_based_actor*) -> caf::behavior { return {[](int n) { return n + 1; }}; });
  system.spawn([&, pong](caf::event_based_actor* self) -> caf::behavior {
    self->send(pong, 0);
    return {[&, self, pong](int n) {
      if (n < 100'000)
        self->send(pong, n);
      else {
        done.set_value(n);
        self->quit();
      }
    }};
  });
  EXPECT_EQ(get(done.get_future()), 100'000);
}

TEST_F(scheduler, NeverRunsAnActorInsideASocketsHandler) {
  caf::actor_system system(config);
  std::atomic<bool> ran = false;
  std::promise<bool> after;
  auto actor = system.spawn([&](caf::event_based_actor*) -> caf::behavior {
    return {[&](int) {
      if (!ran.exchange(true)) after.set_value(true);
    }};
  });
  bool inside = true;
  io.run([&] {
    for (int i = 0; i < 10; ++i) caf::anon_send(actor, i);
    inside = ran;
  });
  EXPECT_FALSE(inside);
  EXPECT_TRUE(get(after.get_future()));
}

/// Notes when it is called.
struct noted_end final : net::after_actors {
  explicit noted_end(std::string& to) : to_(to) {}
  void actors_ran() override { to_ += "end "; }
  std::string& to_;
};

TEST_F(scheduler, CallsWhoWaitsForTheActorsOnceTheyRanAndBeforeAnyOtherHandler) {
  caf::actor_system system(config);
  std::string order;
  std::promise<std::string> done;
  auto second = system.spawn(
      [&](caf::event_based_actor*) -> caf::behavior { return {[&](int) { order += "second "; }}; });
  auto first = system.spawn([&, second](caf::event_based_actor* self) -> caf::behavior {
    return {[&, self, second](int) {
      boost::asio::post(io.context(), [&] { done.set_value(order); });
      order += net::call_after_actors(std::make_shared<noted_end>(order)) ? "first " : "refused ";
      self->send(second, 1);
    }};
  });
  caf::anon_send(first, 1);
  EXPECT_EQ(get(done.get_future()), "first second end ");
  io.run(
      [&] { EXPECT_FALSE(net::call_after_actors(std::make_shared<noted_end>(order))) << "no actor runs"; });
  EXPECT_EQ(order, "first second end ");
}

TEST_F(scheduler, TwoActorsThatNeverStopTalkingShutNobodyOut) {
  caf::actor_system system(config);
  auto echo =
      system.spawn([](caf::event_based_actor*) -> caf::behavior { return {[](int n) { return n; }}; });
  auto talker = system.spawn([echo](caf::event_based_actor* self) -> caf::behavior {
    self->send(echo, 1);
    return {[self, echo](int n) { self->send(echo, n); }};
  });
  std::promise<int> heard;
  auto third = system.spawn([&](caf::event_based_actor* self) -> caf::behavior {
    return {[&, self](int n) {
      heard.set_value(n);
      self->quit();
    }};
  });
  io.run([] {}); // a handler of the io_context gets its turn,
  caf::anon_send(third, 3);
  EXPECT_EQ(get(heard.get_future()), 3); // and so does another actor
  caf::anon_send_exit(talker, caf::exit_reason::kill);
}

TEST_F(scheduler, AFloodedActorDoesNotHoldUpTheOthers) {
  caf::actor_system system(config);
  auto flooded = system.spawn([](caf::event_based_actor* self) -> caf::behavior {
    self->send(self, 1);
    return {[self](int n) { self->send(self, n); }}; // never empty
  });
  std::promise<int> heard;
  auto other = system.spawn([&](caf::event_based_actor* self) -> caf::behavior {
    return {[&, self](int n) {
      heard.set_value(n);
      self->quit();
    }};
  });
  caf::anon_send(other, 1);
  EXPECT_EQ(get(heard.get_future()), 1);
  caf::anon_send_exit(flooded, caf::exit_reason::kill);
}

TEST_F(scheduler, DelayedMessagesComeInTheOrderOfTheirTimes) {
  caf::actor_system system(config);
  std::vector<int> order;
  std::promise<std::vector<int>> all;
  system.spawn([&](caf::event_based_actor* self) -> caf::behavior {
    self->delayed_send(self, 60ms, 3);
    self->delayed_send(self, 20ms, 1);
    self->delayed_send(self, 40ms, 2);
    return {[&, self](int n) {
      order.push_back(n);
      if (order.size() == 3) {
        all.set_value(order);
        self->quit();
      }
    }};
  });
  EXPECT_EQ(get(all.get_future()), (std::vector<int>{1, 2, 3}));
}

TEST_F(scheduler, TimersMayBeSetByOtherThreads) {
  caf::actor_system system(config);
  std::promise<int> last;
  std::atomic<int> count = 0;
  auto actor = system.spawn([&](caf::event_based_actor*) -> caf::behavior {
    return {[&](int) {
      if (++count == 40) last.set_value(count);
    }};
  });
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&, t] {
      for (int i = 0; i < 10; ++i)
        caf::delayed_anon_send(actor, std::chrono::milliseconds((t * 7 + i * 3) % 20), i);
    });
  for (auto& t : threads) t.join();
  EXPECT_EQ(get(last.get_future()), 40);
}

TEST_F(scheduler, RequestsTimeOutAndIdleActorsToo) {
  caf::actor_system system(config);
  std::promise<bool> timed_out, idle;
  auto deaf = system.spawn([](caf::event_based_actor* self) -> caf::behavior {
    self->set_default_handler(caf::skip);
    return {[](std::string) {}};
  });
  system.spawn([&, deaf](caf::event_based_actor* self) {
    self->request(deaf, 20ms, 1)
        .then([](int) {}, [&](caf::error& e) { timed_out.set_value(e == caf::sec::request_timeout); });
  });
  system.spawn([&](caf::event_based_actor* self) -> caf::behavior {
    return {[](int) {}, caf::after(20ms) >>
                            [&, self] {
                              idle.set_value(true);
                              self->quit();
                            }};
  });
  EXPECT_TRUE(get(timed_out.get_future()));
  EXPECT_TRUE(get(idle.get_future()));
  caf::anon_send_exit(deaf, caf::exit_reason::kill);
}

TEST_F(scheduler, ForeignThreadsMaySendAllTheTime) {
  caf::actor_system system(config);
  std::promise<long> done;
  long sum = 0;
  int count = 0;
  auto actor = system.spawn([&](caf::event_based_actor* self) -> caf::behavior {
    return {[&, self](int n) {
      sum += n;
      if (++count == 4000) {
        done.set_value(sum);
        self->quit();
      }
    }};
  });
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&] {
      for (int i = 0; i < 1000; ++i) caf::anon_send(actor, i);
    });
  for (auto& t : threads) t.join();
  EXPECT_EQ(get(done.get_future()), 4 * 999 * 1000 / 2);
  caf::scoped_actor self(system); // a blocking actor on this thread is a client like any other
  auto doubling =
      system.spawn([](caf::event_based_actor*) -> caf::behavior { return {[](int n) { return 2 * n; }}; });
  self->request(doubling, longest, 21).receive([](int n) { EXPECT_EQ(n, 42); }, [](caf::error&) { FAIL(); });
}

TEST_F(scheduler, TheSystemEndsWhileItsThreadGoesOn) {
  for (int i = 0; i < 20; ++i) {
    on_io own{io.context()};
    caf::actor_system system(own);
    auto actor = system.spawn(
        [](caf::event_based_actor* self) -> caf::behavior { return {[self](int) { self->quit(); }}; });
    caf::scoped_actor self(system);
    self->send(actor, 1);
  }
}

TEST_F(scheduler, SeveralSystemsShareOneContextOrHaveTheirOwn) {
  net::io_thread other;
  on_io second{io.context()}, third{other.context()};
  caf::actor_system a(config), b(second), c(third);
  for (auto* system : {&a, &b, &c}) {
    std::promise<int> heard;
    auto actor = system->spawn([&](caf::event_based_actor* self) -> caf::behavior {
      return {[&, self](int n) {
        heard.set_value(n);
        self->quit();
      }};
    });
    caf::anon_send(actor, 7);
    EXPECT_EQ(get(heard.get_future()), 7);
  }
}

// -- the context on the main thread, as `run` has it ----------------------------------------------------

TEST(drain, LetsTheSystemEndAfterTheContextWasStoppedThoughTimersArePending) {
  boost::asio::io_context io{1};
  on_io config{io};
  caf::actor_system system(config);
  std::vector<caf::actor> actors;
  int ended = 0;
  for (int i = 0; i < 100; ++i)
    actors.push_back(system.spawn([&](caf::event_based_actor* self) -> caf::behavior {
      self->attach_functor([&] { ++ended; });
      self->delayed_send(self, 1h, 1);
      return {[](int) {}};
    }));
  boost::asio::post(io, [&] { boost::asio::post(io, [&] { io.stop(); }); });
  io.run();
  for (auto& x : actors) caf::anon_send_exit(x, caf::exit_reason::user_shutdown);
  net::drain_actors(system);
  EXPECT_EQ(ended, 100);
  actors.clear();
}

TEST(drain, EndsActorsThatOnlyATimerKeepsAlive) {
  boost::asio::io_context io{1};
  on_io config{io};
  caf::actor_system system(config);
  system.spawn([](caf::event_based_actor* self) -> caf::behavior {
    self->delayed_send(self, 1h, 1);
    return {[](int) {}};
  });
  net::drain_actors(system);
}

TEST(drain, FollowsChainsOfMessagesToTheirEnd) {
  boost::asio::io_context io{1};
  on_io config{io};
  caf::actor_system system(config);
  int seen = 0;
  auto last =
      system.spawn([&](caf::event_based_actor*) -> caf::behavior { return {[&](int n) { seen = n; }}; });
  for (int i = 0; i < 50; ++i)
    last = system.spawn([last](caf::event_based_actor* self) -> caf::behavior {
      return {[self, last](int n) { self->send(last, n + 1); }};
    });
  caf::anon_send(last, 0);
  net::drain_actors(system);
  EXPECT_EQ(seen, 50);
}

TEST(drain, DoesNothingToASystemWithAnotherScheduler) {
  caf::actor_system_config config;
  caf::actor_system system(config);
  net::drain_actors(system);
}

} // namespace
} // namespace relay::net_test
