#include "relay_gateway/actors/boot/core/reload_check.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace relay::core {
namespace reload_check_test {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

TEST(Reload, TakesWhatIsUsable) {
  config::resolution next;
  next.config_found = true;
  EXPECT_EQ(reload_fault(next, {}, true), "");
  next.config_found = false;
  EXPECT_EQ(reload_fault(next, {}, false), "");
}

TEST(Reload, KeepsWhatRunsWhenAValueIsBad) {
  config::resolution next;
  next.config_found = true;
  next.problems.push_back({"gateway.relay_url", "x.yaml:3", "has no scheme", "treated as unset", false});
  EXPECT_EQ(reload_fault(next, {}, true),
            "x.yaml:3: gateway.relay_url has no scheme; the running settings stay");
  // What runs has its rule applied since before: that must not bar every other change.
  auto before = next.problems;
  before[0].where = "x.yaml:9";
  EXPECT_EQ(reload_fault(next, before, true), "");
  next.problems.push_back({"gateway.grace", "x.yaml:4", "is no duration", "25s is used", false});
  EXPECT_THAT(reload_fault(next, before, true), HasSubstr("gateway.grace"));
}

TEST(Reload, KeepsWhatRunsWhenAFileCannotBeUsed) {
  config::resolution next;
  next.config_path = "x.yaml";
  EXPECT_THAT(reload_fault(next, next.problems, true), HasSubstr("x.yaml"));
  next.config_found = true;
  next.problems = {{"config file", "x.yaml:7", "is not YAML", "treated as empty", false}};
  EXPECT_THAT(reload_fault(next, next.problems, true), HasSubstr("x.yaml:7"));
  next.problems = {{".env", ".env", "is there but cannot be read", "treated as empty", false}};
  EXPECT_THAT(reload_fault(next, next.problems, true), Not(IsEmpty()));
  next.problems = {{"gateway.listen", "GATEWAY_LISTEN", "is reachable", "run stops", true}};
  EXPECT_THAT(reload_fault(next, next.problems, true), Not(IsEmpty()));
}

} // namespace reload_check_test
} // namespace relay::core
