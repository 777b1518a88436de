// Stores that are closed while nobody wants anything: they have no thread, and lose nothing.
#include "relay_gateway/app/store/parked_stores.hpp"
#include "relay_gateway/tests/store/rig.hpp"

#include <chrono>
#include <thread>

namespace relay::testing {
namespace {

using std::chrono::milliseconds;
using store::parked_stores;

template <class Probe>
bool until(Probe probe) {
  const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds{20};
  while (!probe() && std::chrono::steady_clock::now() < limit) std::this_thread::yield();
  return probe();
}

std::ptrdiff_t threads() {
  return std::distance(fs::directory_iterator{"/proc/self/task"}, fs::directory_iterator{});
}

/// One that notes what becomes of it.
class noted final : public store::parked_store {
public:
  void look_after() override {}
  bool resume() override {
    ++tries;
    return tries > refusals;
  }
  int refusals = 0;
  std::atomic<int> tries = 0;
};

class stores_parked : public ::testing::Test {
protected:
  sqlite_store_options options(const std::string& name) {
    sqlite_store_options what;
    what.dir = place_.path() + "/" + name;
    what.idle = milliseconds{1};
    what.parked = parked_;
    return what;
  }
  std::shared_ptr<store_port> open(const std::string& name) {
    store_fault why;
    auto out = open_sqlite_store(options(name), why);
    EXPECT_TRUE(out) << why.text;
    return out;
  }
  std::map<std::string, std::string> facts(const std::string& name) { return open(name)->facts(); }

  std::shared_ptr<parked_stores> parked_ = std::make_shared<parked_stores>(milliseconds{1});
  temporary_directory place_;
};

TEST_F(stores_parked, HaveNoThreadEach) {
  const auto before = threads();
  std::vector<std::shared_ptr<store_port>> all;
  for (int n = 0; n < 20; ++n) {
    all.push_back(open(std::to_string(n)));
    put(*all.back(), {fact{"n", std::to_string(n)}});
  }
  EXPECT_TRUE(until([&] { return threads() == before; })) << threads() << " instead of " << before;
  for (int n = 0; n < 20; ++n) put(*all[static_cast<std::size_t>(n)], {fact{"again", std::to_string(n)}});
  EXPECT_TRUE(until([&] { return threads() == before; }));
  all.clear();
  EXPECT_EQ(facts("7").at("n"), "7");
  EXPECT_EQ(facts("19").at("again"), "19");
}

TEST_F(stores_parked, KeepWhatCameLastHoweverTheyEnd) {
  for (int n = 0; n < 100; ++n) {
    auto one = open("state");
    if (n % 3 != 0) put(*one, {fact{"first", std::to_string(n)}});
    // Sometimes it is parked by now, sometimes about to be.
    for (int wait = 0; wait < n * 60; ++wait) std::this_thread::yield();
    one->commit({fact{"last", std::to_string(n)}}, {});
    one.reset();
    ASSERT_EQ(facts("state").at("last"), std::to_string(n));
  }
}

TEST_F(stores_parked, ACallBackMayHoldTheLastHandle) {
  auto one = open("state");
  std::promise<void> ended;
  auto* where = one.get();
  where->commit({fact{"a", "b"}}, [one, &ended](const store_receipt&) mutable {
    one.reset();
    ended.set_value();
  });
  one.reset();
  ASSERT_EQ(ended.get_future().wait_for(std::chrono::seconds{20}), std::future_status::ready);
  // Its thread ends by itself, and the directory is free then.
  EXPECT_TRUE(until([&] {
    store_fault why;
    return open_sqlite_store(options("state"), why) != nullptr;
  }));
}

TEST_F(stores_parked, AreTriedAgainUntilAThreadCanBeHad) {
  auto one = std::make_shared<noted>();
  one->refusals = 1;
  parked_->wake(*one); // it is not parked: nothing happens
  parked_->add(one);
  parked_->wake(*one);
  EXPECT_TRUE(until([&] { return one->tries == 2; }));
  parked_->wake(*one); // it is not parked any more
  parked_->add(one);
  parked_->forget(*one);
  parked_->wake(*one);
  parked_.reset();
  EXPECT_EQ(one->tries, 2);
}

TEST_F(stores_parked, MayHoldTheLastHandleOfWhatLooksAfterThem) {
  auto one = std::make_shared<noted>();
  parked_->add(one);
  auto two = open("state");
  put(*two, {fact{"a", "b"}});
  parked_.reset();
  two.reset();
  EXPECT_EQ(one.use_count(), 1);
}

} // namespace
} // namespace relay::testing
