// What the platforms do with actions, tags, scripted results (protocol.md 6).
#include "relay_gateway/messages/wire/http/base64.hpp"
#include "relay_gateway/tests/connector/rig.hpp"

namespace relay::connector {
namespace {

class outbound_frames : public core_test {
protected:
  void SetUp() override { socket = connect("gw"); }
  /// The result of one action, tagged for `platform` unless that is empty.
  record act(const std::string& action, const std::string& platform = "discord") {
    auto tags = platform.empty() ? "" : R"(,"platform":")" + platform + R"(","botId":"b")";
    outbound(socket, action, tags);
    auto frames = sent();
    if (frames.size() != 1) return {};
    EXPECT_EQ(frames[0].at("requestId"), "r1");
    return {0, 0, {}, {}, {}, frames[0].at("result")};
  }
  socket_id socket = 0;
};

TEST_F(outbound_frames, MessageIdsCountPerChat) {
  auto a1 = act(R"({"op":"send","chat_id":"a","content":"1"})").at("message_id");
  auto a2 = act(R"({"op":"send","chat_id":"a","content":"2"})").at("message_id");
  auto b1 = act(R"({"op":"send","chat_id":"b","content":"1"})").at("message_id");
  EXPECT_EQ(std::stoull(a2), std::stoull(a1) + 1);
  EXPECT_EQ(b1, a1);
}

TEST_F(outbound_frames, TheTagPairMustBeOneOfTheHellos) {
  std::string send = R"({"op":"send","chat_id":"a","content":"x"})";
  outbound(socket, send, R"(,"platform":"telegram","botId":"wrong")");
  EXPECT_EQ(sent("result.success"), texts{"false"});
  EXPECT_EQ(last("outbound").at("problem"), "botId is not the one of this platform");
  outbound(socket, send, R"(,"platform":"slack","botId":"b")");
  EXPECT_EQ(sent("result.success"), texts{"false"});
  EXPECT_EQ(act(send, "telegram").at("success"), "true");
  EXPECT_EQ(act(send, "").at("success"), "true") << "untagged goes to the session default";
  EXPECT_EQ(last("outbound").platform, "discord");
  EXPECT_EQ(last("outbound").at("tagged"), "false");
}

TEST_F(outbound_frames, LengthIsCountedInThePlatformsUnit) {
  auto send = [](const std::string& text) {
    return R"({"op":"send","chat_id":"a","content":")" + text + R"("})";
  };
  std::string accents, rockets;
  for (int i = 0; i < 2000; ++i) accents += "\u00e9";
  for (int i = 0; i < 2049; ++i) rockets += "\U0001F680";
  EXPECT_EQ(act(send(accents)).at("success"), "true");
  EXPECT_EQ(act(send(accents + "x")).at("code"), "too_long");
  EXPECT_EQ(act(send(rockets), "telegram").at("code"), "too_long") << "2,049 rockets are 4,098 UTF-16 units";
}

TEST_F(outbound_frames, OpsThatThePlatformLacksAreRefused) {
  EXPECT_EQ(act(R"({"op":"draft","chat_id":"a","draft_id":1,"content":"x","final":false})").at("code"),
            "unsupported");
  EXPECT_EQ(act(R"({"op":"send","chat_id":"a"})").at("error"), "send needs content");
  EXPECT_EQ(act(R"({"op":"sing","chat_id":"a"})").at("code"), "unsupported");
}

TEST_F(outbound_frames, EditsReactionsAndDeletionsReachTheChatLog) {
  auto id = act(R"({"op":"send","chat_id":"a","content":"one"})").at("message_id");
  auto on = [&](const std::string& op, const std::string& rest) {
    return act(R"({"op":")" + op + R"(","chat_id":"a","message_id":")" + id + "\"" + rest + "}")
        .at("success");
  };
  EXPECT_EQ(on("edit", R"(,"content":"two")"), "true");
  EXPECT_EQ(on("react", R"(,"emoji":"x")"), "true");
  auto seen = connector_core.chats().changes(0, now_ms);
  EXPECT_NE(seen.find(R"("text":"two")"), std::string::npos) << seen;
  EXPECT_NE(seen.find(R"("reactions":["x"])"), std::string::npos) << seen;
  EXPECT_EQ(on("delete", ""), "true");
  EXPECT_EQ(connector_core.chats().changes(0, now_ms).find("two"), std::string::npos);
  EXPECT_EQ(act(R"({"op":"edit","chat_id":"a","message_id":"m-nobody","content":"x"})").at("success"),
            "false");
}

TEST_F(outbound_frames, ADraftBecomesAMessageOnSlackAndGoesElsewhereWhenItIsFinal) {
  socket = connect("gw-slack", {"slack", "telegram"});
  for (const std::string platform : {"slack", "telegram"}) {
    auto draft = [&](const std::string& text, const std::string& final) {
      return act(R"({"op":"draft","chat_id":"t","draft_id":3,"content":")" + text + R"(","final":)" + final +
                     "}",
                 platform);
    };
    EXPECT_FALSE(draft("a", "false").has("message_id"));
    EXPECT_FALSE(draft("ab", "false").has("message_id"));
    const auto shown_before = connector_core.chats().changes(0, now_ms);
    EXPECT_NE(shown_before.find(R"("text":"ab")"), std::string::npos) << shown_before;
    auto sealed = draft("the whole on " + platform, "true");
    EXPECT_EQ(sealed.at("success"), "true");
    EXPECT_EQ(sealed.has("message_id"), platform == "slack");
    const auto shown = connector_core.chats().changes(0, now_ms);
    EXPECT_EQ(shown.find("the whole on " + platform) != std::string::npos, platform == "slack") << shown;
  }
}

TEST_F(outbound_frames, APromptIsAnsweredByAPress) {
  auto id =
      act(R"({"op":"prompt","chat_id":"p","prompt_kind":"approval","prompt_id":"n.00000001","content":"?",)"
          R"("options":[{"id":"yes","label":"Yes"},{"id":"no","label":"No"}]})")
          .at("message_id");
  EXPECT_FALSE(connector_core.press("discord", "p", id, "maybe", false));
  EXPECT_TRUE(connector_core.press("discord", "p", id, "yes", false));
  auto frames = sent();
  ASSERT_EQ(frames.size(), 1U);
  EXPECT_EQ(frames[0].at("event.prompt_response.prompt_id"), "n.00000001");
  EXPECT_EQ(frames[0].at("event.prompt_response.option_id"), "yes");
  EXPECT_EQ(frames[0].at("event.prompt_response.prompt_message_id"), id);
  EXPECT_TRUE(connector_core.press("discord", "p", id, "no", true));
  frames = sent();
  ASSERT_EQ(frames.size(), 1U);
  std::string body;
  ASSERT_TRUE(wire::base64_decode(frames[0].at("forward.bodyB64"), body));
  EXPECT_EQ((record{0, 0, {}, {}, {}, body}.at("data.custom_id")), "hp1:n.00000001:no");
}

TEST_F(outbound_frames, ThreadsAreMadeAndRenamed) {
  auto thread = act(R"({"op":"thread_create","chat_id":"a","thread_name":"plan"})").at("thread_id");
  ASSERT_FALSE(thread.empty());
  auto rename = [&](const std::string& more) {
    return act(R"({"op":"thread_rename","chat_id":"a","message_id":")" + thread + R"(","thread_name":"new")" +
               more + "}");
  };
  EXPECT_EQ(rename(R"(,"only_if_current_name":"other")").at("success"), "false");
  EXPECT_EQ(act(R"({"op":"get_chat_info","chat_id":")" + thread + "\"}").at("chat_info.name"), "plan");
  EXPECT_EQ(rename(R"(,"only_if_current_name":"plan","only_if_connector_created":true)").at("success"),
            "true");
  EXPECT_EQ(act(R"({"op":"get_chat_info","chat_id":")" + thread + "\"}").at("chat_info.name"), "new");
}

TEST_F(outbound_frames, AThreadThatSomebodyElseMadeIsNotRenamedUnderTheGuard) {
  connector_core.inject(
      {.chat_id = "t9", .text = "x", .chat_type = "thread", .chat_name = "theirs", .thread_id = "t9"});
  connector_core.inject_event(R"({"text":"y","message_id":"1","source":{"platform":"discord","chat_id":"c1",
      "chat_type":"channel","user_id":"u1","prospective_thread_id":"t10","auto_thread_created":true,
      "auto_thread_initial_name":"first"}})",
                              {});
  sent();
  auto rename = [&](const std::string& thread, const std::string& guard) {
    return act(R"({"op":"thread_rename","chat_id":"c1","message_id":")" + thread +
               R"(","thread_name":"new")" + guard + "}");
  };
  std::string guard = R"(,"only_if_connector_created":true)";
  EXPECT_EQ(rename("t9", guard).at("success"), "false");
  EXPECT_EQ(rename("t9", guard).at("code"), "guard_failed");
  EXPECT_EQ(rename("t9", "").at("success"), "true");
  EXPECT_EQ(rename("t10", guard + R"(,"only_if_current_name":"first")").at("success"), "true");
}

TEST_F(outbound_frames, AFollowUpGoesWhereItsSessionWasMade) {
  auto how = connector_core.how();
  how.check_discriminators = true;
  connector_core.set_behaviour(how);
  connector_core.interact({.chat_id = "c7", .name = "ask", .scope_id = "s1", .user_id = "u7"});
  connector_core.inject({.chat_id = "d1", .text = "hi", .user_id = "u8"});
  sent();
  auto follow = [&](const std::string& session) {
    return act(R"({"op":"follow_up","session_key":")" + session +
               R"(","kind":"discord.interaction","content":"later"})");
  };
  EXPECT_EQ(follow("agent:main:discord:group:c7:u7").at("success"), "true");
  EXPECT_EQ(follow("agent:main:discord:dm:d1").at("success"), "true");
  EXPECT_EQ(follow("agent:main:discord:group:c8:u7").at("code"), "unknown_session");
  EXPECT_EQ(follow("agent:main:discord:group:c7").at("success"), "true")
      << "a gateway that is told not to isolate people";
  auto seen = connector_core.chats().changes(0, now_ms);
  EXPECT_NE(seen.find(R"("chat_id":"c7")"), std::string::npos) << seen;
}

TEST_F(outbound_frames, ATopLevelSlackMessageIsASessionOfItsOwnAndOfItsChannel) {
  socket = connect("slacker", {"slack"});
  connector_core.inject(
      {.platform = "slack", .chat_id = "C1", .text = "hi", .chat_type = "channel", .message_id = "171.1"});
  sent();
  auto follow = [&](const std::string& session) {
    return act(R"({"op":"follow_up","session_key":")" + session +
                   R"(","kind":"slack.response","content":"later"})",
               "slack")
        .at("success");
  };
  EXPECT_EQ(follow("agent:main:slack:channel:C1:171.1"), "true");
  EXPECT_EQ(follow("agent:main:slack:channel:C1:u1"), "true") << "a gateway that is told to keep one session";
  EXPECT_EQ(follow("agent:main:slack:channel:C1:171.2"), "false");
  EXPECT_EQ(connector_core.session_of("slack", "C1"), "agent:main:slack:channel:C1:171.1")
      << "what an interrupt of this chat names";
}

TEST(platforms, OfferWhatRealConnectorsOffer) {
  std::map<std::string, platform_limits> known;
  for (const auto& x : default_platforms()) known[x.name] = read_limits(x.descriptor);
  for (const char* op : {"thread_create", "thread_rename"}) {
    EXPECT_EQ(known["discord"].ops.count(op), 1U) << op;
    EXPECT_EQ(known["telegram"].ops.count(op), 1U) << op;
  }
  EXPECT_TRUE(known["slack"].drafts && known["slack"].ops.count("draft") == 1U);
  EXPECT_TRUE(known["telegram"].drafts && known["telegram"].ops.count("draft") == 1U);
  EXPECT_FALSE(known["discord"].drafts || known["discord"].ops.count("draft") == 1U);
}

TEST_F(outbound_frames, AnInteractionOfAnyTypeCanBePlayed) {
  EXPECT_TRUE(
      connector_core.interact({.type = 4, .chat_id = "c7", .name = "ask", .options = {{"what", "wea"}}}));
  auto frames = sent();
  ASSERT_EQ(frames.size(), 1U);
  std::string body;
  ASSERT_TRUE(wire::base64_decode(frames[0].at("forward.bodyB64"), body));
  record read{0, 0, {}, {}, {}, body};
  EXPECT_EQ(read.at("type"), "4");
  EXPECT_EQ(read.at("data.options.0.focused"), "true");
  EXPECT_EQ(read.at("user.id"), "u1");
}

TEST_F(outbound_frames, ARepeatedSealIsTheSameMessage) {
  socket = connect("gw-slack", {"slack"});
  auto seal = [&](const std::string& text, const std::string& final) {
    return act(R"({"op":"draft","chat_id":"t","draft_id":3,"content":")" + text + R"(","final":)" + final +
                   "}",
               "slack")
        .at("message_id");
  };
  seal("a", "false");
  auto first = seal("whole text", "true");
  ASSERT_FALSE(first.empty());
  EXPECT_EQ(seal("whole text", "true"), first);
  auto seen = connector_core.chats().changes(0, now_ms);
  auto at = seen.find(R"("form":"text")");
  ASSERT_NE(at, std::string::npos);
  EXPECT_EQ(seen.find(R"("form":"text")", at + 1), std::string::npos) << "one message: " << seen;
  seal("another", "false"); // the id is used for another stream
  EXPECT_NE(seal("another text", "true"), first);
}

TEST_F(outbound_frames, AResultCanTellToWait) {
  rule x;
  std::string why;
  ASSERT_TRUE(read_rule(R"({"on":"outbound","op":"send","retry_after":1.5})", x, why)) << why;
  connector_core.answer(x);
  auto told = act(R"({"op":"send","chat_id":"a","content":"x"})");
  EXPECT_EQ(told.at("success"), "false");
  EXPECT_EQ(told.at("retry_after"), "1.5");
  EXPECT_EQ(connector_core.chats().changes(0, now_ms).find(R"("text":"x")"), std::string::npos)
      << "it was not done";
  rule call;
  ASSERT_TRUE(read_rule(R"({"on":"policy","retry_after":7})", call, why)) << why;
  EXPECT_EQ(call.status, 429);
  EXPECT_EQ(call.headers, (std::vector<std::pair<std::string, std::string>>{{"Retry-After", "7"}}));
  EXPECT_FALSE(read_rule(R"({"on":"hello","retry_after":7})", call, why));
  EXPECT_FALSE(read_rule(R"({"on":"outbound","retry_after":"soon"})", call, why));
}

TEST_F(outbound_frames, TheDisplayNameOfAProvisioningIsKept) {
  provision("named", "discord", R"(,"displayName":"Ada's helper")");
  std::string shown;
  for (const auto& x : connector_core.gateways())
    if (x.gateway_id == "named") shown = x.display_name;
  EXPECT_EQ(shown, "Ada's helper");
  EXPECT_NE(connector_core.state().find("Ada's helper"), std::string::npos);
}

TEST_F(outbound_frames, DiscriminatorsDecideWhenTheyAreChecked) {
  auto how = connector_core.how();
  how.check_discriminators = true;
  connector_core.set_behaviour(how);
  connector_core.inject(
      {.chat_id = "g", .text = "x", .chat_type = "channel", .user_id = "u7", .scope_id = "s1"});
  sent();
  auto send = [&](const std::string& metadata) {
    return act(R"({"op":"send","chat_id":"g","content":"x")" + metadata + "}");
  };
  EXPECT_EQ(send("").at("code"), "egress_declined");
  EXPECT_EQ(send(R"(,"metadata":{"scope_id":"other","user_id":"u8"})").at("code"), "egress_declined");
  EXPECT_EQ(send(R"(,"metadata":{"scope_id":"s1"})").at("success"), "true");
  EXPECT_EQ(send(R"(,"metadata":{"user_id":"u7"})").at("success"), "true");
}

TEST_F(outbound_frames, ScriptedResultsAreUsedUpInOrder) {
  std::string send = R"({"op":"send","chat_id":"a","content":"x"})";
  connector_core.answer({.on = answer_point::outbound,
                         .op = "send",
                         .count = 2,
                         .result = R"({"success":false,"error":"no"})"});
  connector_core.answer({.on = answer_point::outbound, .chat_id = "a", .withhold = true});
  connector_core.answer({.on = answer_point::outbound, .contains = "rare", .copies = 2});
  EXPECT_EQ(act(send).at("error"), "no");
  EXPECT_EQ(act(send).at("error"), "no");
  outbound(socket, send);
  EXPECT_TRUE(sent().empty()) << "withheld";
  EXPECT_EQ(act(send).at("success"), "true");
  outbound(socket, R"({"op":"send","chat_id":"a","content":"a rare one"})");
  EXPECT_EQ(sent("result.success"), (texts{"true", "true"}));
  EXPECT_EQ(connector_core.rules(), 0U);
}

// A scripted answer and a rule of a fault script are the same thing, in one order.
TEST_F(outbound_frames, AFaultScriptDecidesAnswersToo) {
  std::vector<faults::problem> problems;
  auto script = faults::parse(R"([
    {"when":{"on":"answer","to":"outbound","op":"send","nth":2},
     "then":{"result":{"success":false,"error":"second"}},"times":1},
    {"when":{"on":"answer","to":["outbound"],"chat":"b*"},"then":{"silence":true}}])",
                              problems);
  ASSERT_TRUE(script) << (problems.empty() ? "" : to_string(problems.front()));
  connector_core.fault_rules().add(std::move(*script), milliseconds{0});
  connector_core.answer({.on = answer_point::outbound, .result = R"({"success":false,"error":"last"})"});
  const std::string send = R"({"op":"send","chat_id":"a","content":"x"})";
  EXPECT_EQ(connector_core.rules(), 3U);
  EXPECT_EQ(act(send).at("error"), "last") << "neither of the rules before it counts yet";
  EXPECT_EQ(act(send).at("error"), "second");
  EXPECT_EQ(act(send).at("success"), "true");
  outbound(socket, R"({"op":"send","chat_id":"b7","content":"x"})");
  EXPECT_TRUE(sent().empty()) << "silence";
  EXPECT_EQ(connector_core.rules(), 1U) << "what is used up is gone";
  connector_core.clear_script();
  EXPECT_EQ(connector_core.rules(), 0U);
  auto notes = connector_core.fault_rules().take_notes();
  ASSERT_EQ(notes.size(), 3U);
  EXPECT_EQ(notes[1].type, "outbound");
  EXPECT_EQ(notes[1].op, "send");
  EXPECT_EQ(notes[1].did, (texts{"result"}));
}

TEST_F(outbound_frames, ADelayedResultDiesWithItsSocket) {
  connector_core.answer({.on = answer_point::outbound, .delay = milliseconds{10}});
  outbound(socket, R"({"op":"send","chat_id":"a","content":"x"})");
  auto later = effect_of<call_later>();
  ASSERT_TRUE(later);
  connector_core.ended(socket, end_of(1006));
  connector_core.due(later->token);
  EXPECT_TRUE(sent().empty());
}

TEST_F(outbound_frames, AScriptedMessageIdCanBeEdited) {
  connector_core.answer({.on = answer_point::outbound, .result = R"({"success":true,"message_id":"mine"})"});
  EXPECT_EQ(act(R"({"op":"send","chat_id":"a","content":"x"})").at("message_id"), "mine");
  EXPECT_EQ(act(R"({"op":"edit","chat_id":"a","message_id":"mine","content":"y"})").at("success"), "true");
}

TEST_F(outbound_frames, ARuleCanEndTheConnection) {
  connector_core.answer({.on = answer_point::outbound, .close_code = 1012, .close_reason = "restart"});
  outbound(socket, R"({"op":"send","chat_id":"a","content":"x"})");
  auto close = effect_of<close_socket>();
  ASSERT_TRUE(close);
  EXPECT_EQ(close->code, 1012);
}

TEST(rules, AreReadStrictly) {
  rule x;
  std::string why;
  EXPECT_TRUE(
      read_rule(R"({"on":"outbound","op":"send","count":-1,"delay_ms":5,"result":{"success":true}})", x, why))
      << why;
  EXPECT_EQ(x.count, -1);
  EXPECT_EQ(x.result, R"({"success":true})");
  EXPECT_FALSE(read_rule(R"({"on":"outbound","opp":"send"})", x, why));
  EXPECT_EQ(why, "a rule has no field 'opp'");
  EXPECT_FALSE(read_rule(R"({"op":"send"})", x, why));
  EXPECT_FALSE(read_rule(R"({"on":"provision","drop":true})", x, why));
  EXPECT_FALSE(read_rule("[]", x, why));
}

TEST(journals, WaitForWhatIsAlreadyThereAndForWhatComes) {
  journal records{3};
  for (int i = 0; i < 5; ++i)
    records.append(0, i % 2 == 0 ? "even" : "odd", "g", "p", "\"n\":" + std::to_string(i));
  EXPECT_EQ(records.last(), 5U);
  EXPECT_EQ(records.read().size(), 3U) << "the oldest are gone";
  EXPECT_EQ(records.wait_for(of_kind("odd"), milliseconds{0})->at("n"), "3");
  EXPECT_FALSE(records.wait_for(of_kind("odd"), milliseconds{1}, 4));
  EXPECT_TRUE(records.wait_count(of_kind("even"), 2, milliseconds{0}));
  EXPECT_EQ(records.read(4).size(), 1U);
  EXPECT_TRUE(records.read(99).empty());
}

} // namespace
} // namespace relay::connector
