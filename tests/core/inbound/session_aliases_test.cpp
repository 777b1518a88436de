// F26: one place builds one session key in both queues.
#include "relay_gateway/actors/inbound/core/session_aliases.hpp"
#include "relay_gateway/messages/wire/session_key.hpp"

#include <gtest/gtest.h>

#include <string>

namespace relay::core {
namespace session_aliases_test {

event_source at(std::string chat, std::string type, std::string thread = {}) {
  event_source x;
  x.platform = "discord";
  x.chat_id = std::move(chat);
  x.chat_type = std::move(type);
  x.thread_id = std::move(thread);
  x.scope_id = "g";
  x.user_id = "u";
  return x;
}
inbound_event press(event_source where) {
  inbound_event x;
  x.source = std::move(where);
  x.interaction = true;
  return x;
}
std::string key(const event_source& x) { return wire::session_key(x, {}); }

TEST(SessionAliases, F26_AThreadThatItsMessagesNameAsItsParentsIsOneSession) {
  session_aliases known{10};
  const auto text = at("parent", "thread", "t1");
  const auto pressed = press(at("t1", "thread", "t1"));
  EXPECT_NE(key(known.keyed(pressed)), key(text)) << "what this is about";
  known.learn(text);
  EXPECT_EQ(key(known.keyed(pressed)), key(text));
  EXPECT_EQ(key(known.keyed(press(at("parent", "group")))), key(at("parent", "group")))
      << "its parent is another place";
}

TEST(SessionAliases, F26_AnInteractionThatDoesNotTellOfItsThread) {
  session_aliases known{10};
  const auto text = at("t1", "thread", "t1");
  known.learn(text);
  EXPECT_EQ(key(known.keyed(press(at("t1", "group")))), key(text));
}

TEST(SessionAliases, F26_AGuildChannelThatIsCalledChannel) {
  session_aliases known{10};
  EXPECT_EQ(key(known.keyed(press(at("c", "group")))), "agent:main:discord:group:c:u")
      << "the first interaction after a start has the session of the texts";
  known.learn(at("c", "channel"));
  EXPECT_EQ(key(known.keyed(press(at("c", "group")))), "agent:main:discord:channel:c:u");
  known.learn(at("c", "group"));
  EXPECT_EQ(key(known.keyed(press(at("c", "group")))), "agent:main:discord:group:c:u");
  EXPECT_EQ(known.size(), 0U) << "what needs no memory takes none";
}

TEST(SessionAliases, F66_TheThreadThatAMessageOpensIsItsSession) {
  session_aliases known{10};
  auto opener = at("c", "channel");
  opener.prospective_thread_id = "t1";
  known.learn(opener);
  EXPECT_EQ(key(known.keyed(press(at("t1", "thread", "t1")))), key(opener));
}

TEST(SessionAliases, AMessageIsKeyedByItsOwnFields) {
  session_aliases known{10};
  known.learn(at("parent", "thread", "c"));
  inbound_event text;
  text.source = at("c", "channel");
  EXPECT_EQ(known.keyed(text), text.source);
}

TEST(SessionAliases, OtherPlatformsAndPlainPlacesTakeNoMemory) {
  session_aliases known{10};
  auto elsewhere = at("c", "thread", "t");
  elsewhere.platform = "slack";
  known.learn(elsewhere);
  known.learn(at("c", "group"));
  auto dm = at("d", "dm");
  dm.scope_id.clear();
  known.learn(dm);
  EXPECT_EQ(known.size(), 0U);
}

TEST(SessionAliases, TheOldestIsForgottenFirst) {
  session_aliases known{2};
  for (const auto* x : {"1", "2", "3"}) known.learn(at("p", "thread", x));
  EXPECT_EQ(known.size(), 2U);
  EXPECT_EQ(known.keyed(press(at("1", "thread", "1"))).chat_id, "1");
  EXPECT_EQ(known.keyed(press(at("2", "thread", "2"))).chat_id, "p");
  EXPECT_EQ(known.keyed(press(at("3", "thread", "3"))).chat_id, "p");
}

} // namespace session_aliases_test
} // namespace relay::core
