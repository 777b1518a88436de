// Destroying a gateway waits for its actors, whenever it happens and whoever does the I/O; callbacks are
// called once each, whatever they do.
#include "relay_gateway/tests/embedding/host.hpp"

#include <caf/event_based_actor.hpp>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <future>
#include <random>
#include <stdexcept>
#include <thread>

namespace relay::testing {
namespace {

/// A directory that goes with its test.
class scratch_directory {
public:
  scratch_directory() {
    std::string form = (std::filesystem::temp_directory_path() / "relay-embedding-XXXXXX").string();
    path_ = ::mkdtemp(form.data());
  }
  scratch_directory(const scratch_directory&) = delete;
  scratch_directory& operator=(const scratch_directory&) = delete;
  ~scratch_directory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  const std::string& path() const { return path_; }

private:
  std::string path_;
};

class lifetime : public embedding {
protected:
  /// Starts a gateway on one state directory and destroys it after 0 to 20 ms, again and again. The I/O
  /// thread goes right after it.
  void destroy_at_random_moments(int times, bool io_of_the_caller) {
    scratch_directory state;
    std::mt19937 random{20261129};
    for (int i = 0; i < times; ++i) {
      auto what = options("gw", "discord");
      what.settings.service.agent.kind = config::agent_kind::echo;
      what.settings.service.state_dir = state.path();
      std::unique_ptr<net::io_thread> io;
      if (io_of_the_caller) {
        io = std::make_unique<net::io_thread>();
        what.io = &io->context();
      }
      std::string error;
      auto a = gateway::start(system, std::move(what), error);
      ASSERT_TRUE(a) << "start " << i << ": " << error;
      if (i % 3 == 0) peer->inject({.platform = "discord", .chat_id = "c1", .text = "hi"});
      auto moment = std::chrono::microseconds{random() % 20'000};
      log->wait_state([](const gateway_state&) { return false; }, std::chrono::ceil<milliseconds>(moment));
      if (i % 4 == 1) a->drain({});
      a.reset();
      EXPECT_TRUE(log->last().ended) << "start " << i;
    }
  }
};

TEST_F(lifetime, DestroyedAtRandomMomentsWithAThreadOfItsOwn) { destroy_at_random_moments(200, false); }

TEST_F(lifetime, DestroyedAtRandomMomentsWithTheCallersIo) { destroy_at_random_moments(200, true); }

TEST_F(lifetime, TheStateSaysWhyItEnded) {
  auto a = start("gw-a", "discord");
  ASSERT_TRUE(log->wait_state([](const gateway_state& x) { return x.ready && x.connected; }));
  a->stop();
  EXPECT_TRUE(log->last().ended);
  EXPECT_EQ(log->last().why, "stopped in order");
  auto b = start("gw-b", "telegram");
  b.reset();
  EXPECT_TRUE(log->last().ended);
  EXPECT_NE(log->last().why.find("destroyed"), std::string::npos);
}

TEST_F(lifetime, EveryDrainCallsBackAlsoAfterTheEnd) {
  auto a = start("gw-a", "discord");
  std::promise<void> first, second, third;
  a->drain([&] { first.set_value(); });
  a->drain([&] { second.set_value(); });
  EXPECT_EQ(first.get_future().wait_for(20s), std::future_status::ready);
  EXPECT_EQ(second.get_future().wait_for(20s), std::future_status::ready);
  a->drain([&] { third.set_value(); });
  EXPECT_EQ(third.get_future().wait_for(20s), std::future_status::ready);
}

TEST_F(lifetime, CallbacksThatThrowEndNeitherTheProcessNorTheGateway) {
  auto what = options("gw-a", "discord");
  what.agent = new_agent("a: ");
  what.on_state = [to = log](const gateway_state& x) {
    to->state(x);
    throw std::runtime_error{"on_state"};
  };
  auto a = start(std::move(what));
  ASSERT_TRUE(log->wait_state([](const gateway_state& x) { return x.ready; }));
  a->report([](const gateway_report*) { throw std::runtime_error{"report"}; });
  EXPECT_TRUE(log->wait_for("embedding.callback_failed"));
  std::promise<std::string> answered;
  a->report([&](const gateway_report* x) { answered.set_value(x ? x->gateway_id : "null"); });
  auto answer = answered.get_future();
  ASSERT_EQ(answer.wait_for(20s), std::future_status::ready);
  EXPECT_EQ(answer.get(), "gw-a");
  EXPECT_EQ(converse("discord", "hi").first, "a: hi");
  a->drain([] { throw 1; });
  std::promise<void> drained;
  a->drain([&] { drained.set_value(); });
  EXPECT_EQ(drained.get_future().wait_for(20s), std::future_status::ready);
}

TEST_F(lifetime, AReportThatWasAskedForBeforeTheEndIsAnswered) {
  for (int i = 0; i < 50; ++i) {
    auto a = start("gw-a", "discord");
    auto answers = std::make_shared<std::atomic<int>>(0);
    for (int n = 0; n < 3; ++n) a->report([answers](const gateway_report*) { ++*answers; });
    a.reset();
    EXPECT_EQ(answers->load(), 3) << i;
  }
}

TEST_F(lifetime, AGatewayThatIsGoneLeavesNothingInTheActorSystem) {
  { auto a = start("gw-a", "discord"); }
  end_agents();
  system_owner.reset(); // would call back into what is gone
  SUCCEED();
}

class system_first : public lifetime {
protected:
  /// On this thread, for CAF wants that of whoever made the system; ends the process instead of hanging.
  void destroy_system() {
    std::promise<void> gone;
    std::thread watchdog{[done = gone.get_future()] {
      if (done.wait_for(20s) == std::future_status::ready) return;
      std::fputs("the actor system waits for its gateway\n", stderr);
      std::abort();
    }};
    system_owner.reset();
    gone.set_value();
    watchdog.join();
  }
};

TEST_F(system_first, IsAnErrorThatIsNamedAndNoHang) {
  auto a = start("gw-a", "discord");
  ASSERT_TRUE(log->wait_state([](const gateway_state& x) { return x.ready && x.connected; }));
  end_agents();
  destroy_system();
  EXPECT_TRUE(log->wait_for("embedding.system_gone"));
  EXPECT_TRUE(log->last().ended);
  EXPECT_EQ(log->last().why, "the actor system was destroyed before its gateway");
  std::promise<bool> answered;
  a->report([&](const gateway_report* x) { answered.set_value(x != nullptr); });
  EXPECT_FALSE(answered.get_future().get());
  std::promise<void> stopped;
  a->drain([&] { stopped.set_value(); });
  EXPECT_EQ(stopped.get_future().wait_for(20s), std::future_status::ready);
  a.reset();
}

TEST_F(system_first, EndsEachOfSeveralGatewaysWhoeverDoesTheirIo) {
  net::io_thread io;
  auto what = options("gw-b", "telegram");
  what.io = &io.context();
  what.settings.service.agent.kind = config::agent_kind::echo;
  auto a = start("gw-a", "discord");
  auto b = start(std::move(what));
  end_agents();
  destroy_system();
  b.reset();
  a.reset();
}

TEST_F(system_first, WaitsForTheProgramsOwnActorsAsBefore) {
  auto a = start("gw-a", "discord");
  std::promise<void> gone;
  // An actor of the program that ends a while after it was told to.
  auto slow = system.spawn([&gone](caf::event_based_actor* self) -> caf::behavior {
    self->attach_functor([&gone] { gone.set_value(); });
    return {[self](int rounds) {
      if (rounds == 0)
        self->quit();
      else
        self->send(self, rounds - 1);
    }};
  });
  end_agents();
  constexpr int rounds = 10'000;
  caf::anon_send(slow, rounds);
  slow = nullptr;
  destroy_system();
  EXPECT_EQ(gone.get_future().wait_for(0s), std::future_status::ready);
}

TEST_F(system_first, ASystemWhoseGatewaysAreGoneIsAsItWas) {
  EXPECT_TRUE(system.await_actors_before_shutdown());
  auto a = start("gw-a", "discord");
  auto b = start("gw-b", "telegram");
  a.reset();
  b.reset();
  EXPECT_TRUE(system.await_actors_before_shutdown());
}

} // namespace
} // namespace relay::testing
