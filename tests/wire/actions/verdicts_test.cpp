// Verdicts that a naive reader of a result or of a profile gets wrong.
#include "relay_gateway/messages/wire/frames/frames.hpp"
#include "relay_gateway/messages/wire/session_key.hpp"

#include <gtest/gtest.h>

namespace relay::wire {
namespace verdicts_test {

TEST(Verdicts, F55_AmbiguityWinsOverTheDeclinePhrase) {
  auto x =
      decode_result(R"({"success":false,"ambiguous":true,"error":"ack lost after egress declined: maybe"})");
  EXPECT_EQ(x.how, outcome::unknown);
  EXPECT_NE(x.code, "egress_declined");
  x = decode_result(R"({"success":false,"error":"Egress Declined: no"})");
  EXPECT_EQ(x.how, outcome::definite);
  EXPECT_EQ(x.code, "egress_declined");
}

TEST(Verdicts, F56_AProfileNamedMainDoesNotShareTheDefaultsSessions) {
  event_source from;
  from.platform = "discord";
  from.chat_id = "1";
  auto standard = session_key(from, {});
  from.profile = "default";
  EXPECT_EQ(session_key(from, {}), standard);
  from.profile = "main";
  EXPECT_EQ(session_key(from, {}), "agent:main~:discord:dm:1");
}

} // namespace verdicts_test
} // namespace relay::wire
