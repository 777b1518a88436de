#include "relay_gateway/actors/egress/core/reactions.hpp"
#include "relay_gateway/messages/wire/actions/actions.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace relay::core {
namespace reactions_test {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using wire::react;

using namespace std::chrono_literals;

constexpr instant now{1h};
const chat_key discord{"discord", "c"}, telegram{"telegram", "c"};

TEST(reactions, eyes_then_the_verdict) {
  shown_reactions shown{10, 1h};
  EXPECT_THAT(shown.begun("d1", discord, "m", true, now), ElementsAre(react("c", "m", "\U0001F440")));
  EXPECT_THAT(shown.ended("d1", turn_end::answered),
              ElementsAre(react("c", "m", "\U0001F440", true), react("c", "m", "\u2705")));
  shown.begun("d2", discord, "m", true, now);
  EXPECT_THAT(shown.ended("d2", turn_end::failed),
              ElementsAre(react("c", "m", "\U0001F440", true), react("c", "m", "\u274C")));
}

TEST(reactions, F64_telegram_has_a_vocabulary_of_its_own) {
  shown_reactions shown{10, 1h};
  EXPECT_THAT(shown.begun("d1", telegram, "m", true, now), ElementsAre(react("c", "m", "\U0001F440")));
  EXPECT_EQ(shown.ended("d1", turn_end::answered)[1], react("c", "m", "\U0001F44D"));
  shown.begun("d2", telegram, "m", true, now);
  EXPECT_EQ(shown.ended("d2", turn_end::failed)[1], react("c", "m", "\U0001F44E"));
}

TEST(reactions, an_unknown_end_claims_nothing) {
  shown_reactions shown{10, 1h};
  shown.begun("d", discord, "m", true, now);
  EXPECT_THAT(shown.ended("d", turn_end::unknown), ElementsAre(react("c", "m", "\U0001F440", true)));
}

TEST(reactions, a_turn_begins_once_and_ends_once) {
  shown_reactions shown{10, 1h};
  shown.begun("d", discord, "m", true, now);
  EXPECT_THAT(shown.begun("d", discord, "m", true, now), IsEmpty()) << "given out again";
  shown.ended("d", turn_end::answered);
  EXPECT_THAT(shown.ended("d", turn_end::failed), IsEmpty());
  EXPECT_THAT(shown.begun("d", discord, "m", true, now), IsEmpty());
  EXPECT_THAT(shown.ended("never", turn_end::answered), IsEmpty());
}

TEST(reactions, what_was_never_shown_is_not_removed) {
  shown_reactions shown{10, 1h};
  EXPECT_THAT(shown.begun("d", discord, "m", false, now), IsEmpty());
  EXPECT_THAT(shown.ended("d", turn_end::answered), ElementsAre(react("c", "m", "\u2705")));
}

TEST(reactions, the_oldest_turn_is_forgotten_first) {
  shown_reactions shown{2, 1h};
  for (auto* id : {"1", "2", "3"}) shown.begun(id, discord, "m", true, now);
  EXPECT_EQ(shown.size(), 2U);
  EXPECT_THAT(shown.ended("1", turn_end::answered), IsEmpty());
  EXPECT_EQ(shown.ended("2", turn_end::answered).size(), 2U);
}

TEST(reactions, which_actions_end_a_turn) {
  EXPECT_TRUE(ends_turn(wire::send("c", "x")));
  EXPECT_FALSE(ends_turn(wire::edit("c", "m", "x")));
  EXPECT_FALSE(ends_turn(wire::typing("c")));
  auto draft = [](const std::string& final) {
    return wire::decode_action(R"({"op":"draft","chat_id":"c","draft_id":1,"content":"x","final": )" + final +
                               "}")
        .value;
  };
  EXPECT_TRUE(ends_turn(draft("true")));
  EXPECT_FALSE(ends_turn(draft("false")));
  EXPECT_FALSE(ends_turn(draft(R"(false,"more":{"final":true})"))) << "somebody else's";
}

TEST(reactions, only_messages_carry_them) {
  inbound_event x;
  x.source.platform = "discord";
  x.source.chat_id = "c";
  EXPECT_FALSE(carries_reactions(x)) << "no message id";
  x.message_id = "m";
  EXPECT_TRUE(carries_reactions(x));
  x.interaction = true;
  EXPECT_FALSE(carries_reactions(x));
}

TEST(reactions, old_turns_are_forgotten) {
  shown_reactions shown{10, 1h};
  shown.begun("old", discord, "m", true, now);
  shown.begun("young", discord, "m", true, now + 59min);
  shown.begun("new", discord, "m", true, now + 60min);
  EXPECT_EQ(shown.size(), 2U);
  EXPECT_THAT(shown.ended("old", turn_end::answered), IsEmpty());
}

} // namespace reactions_test
} // namespace relay::core
