// Every kind of record, through the end of one store and the beginning of the next.
#include "relay_gateway/tests/store/rig.hpp"

namespace relay::testing {
namespace {

using store_records = store_rig;

TEST_F(store_records, ANewStoreIsEmptyAndNamesItself) {
  auto store = open();
  EXPECT_TRUE(store->durable());
  EXPECT_TRUE(store->facts().empty());
  auto in = way_in(*store);
  EXPECT_EQ(in.instance.size(), 16U);
  EXPECT_EQ(in.instance.find_first_not_of("0123456789abcdef"), std::string::npos);
  EXPECT_EQ(in.last_seq, 0U);
  EXPECT_TRUE(in.open.empty() && in.settled.empty() && in.prompts.empty());
  store.reset();
  EXPECT_EQ(way_in(*open()).instance, in.instance);
}

TEST_F(store_records, F24_OpenEventsComeBackInOrderWithAllThatTheyAre) {
  auto store = open();
  constexpr auto suspect_after_three = 0x8000'0003U; // actors/inbound/core/suspects.hpp
  auto one = taken(1, {"ba", "mb"}), two = taken(2, {}, "c2"), three = taken(7, {"k\"\n"});
  put(*store, {event_taken{one, false}, event_taken{three, false}});
  put(*store,
      {event_taken{two, false}, event_keyed{1, {"ba", "mb", "bc"}}, event_tried{7, suspect_after_three}});
  store.reset();
  auto in = way_in(*open());
  one.keys.emplace_back("bc");
  three.attempts = suspect_after_three;
  EXPECT_EQ(in.open, (std::vector<stored_event>{one, two, three}));
  EXPECT_EQ(in.last_seq, 7U);
  EXPECT_EQ(in.spilled, 0U);
}

TEST_F(store_records, ANumberIsTakenAsSoonAsItIsWritten) {
  auto store = open(); // an actor that is started again asks the store that is there
  put(*store, {event_taken{taken(9), false}, action_taken{action_of(6, "r6")}});
  EXPECT_EQ(way_in(*store).last_seq, 9U);
  EXPECT_EQ(way_out(*store).last_token, 6U);
  put(*store, {event_taken{taken(11), true}});
  EXPECT_EQ(way_in(*store).last_seq, 11U);
  put(*store, {keys_settled{12, {"k"}}});
  EXPECT_EQ(way_in(*store).last_seq, 12U);
  put(*store, {event_settled{13, {"l"}}, action_settled{7, "r7", {}}});
  EXPECT_EQ(way_in(*store).last_seq, 13U);
  EXPECT_EQ(way_out(*store).last_token, 7U);
}

TEST_F(store_records, F22_SettledEventsLeaveTheirKeysWithTheirAge) {
  auto store = open();
  put(*store, {event_taken{taken(1, {"ba", "mb"}), false}, event_taken{taken(2), false}});
  put(*store, {event_settled{1, {}}});
  wall += 1'500;
  put(*store, {keys_settled{3, {"bz"}}, event_settled{2, {}}});
  wall += 500;
  for (int start = 0; start < 2; ++start) {
    auto in = way_in(*store);
    EXPECT_TRUE(in.open.empty());
    ASSERT_EQ(in.settled.size(), 3U);
    EXPECT_EQ(in.settled[0].key + in.settled[1].key + in.settled[2].key, "bambbz");
    EXPECT_EQ(in.settled[0].age_ms, 2'000U);
    EXPECT_EQ(in.settled[2].age_ms, 500U);
    EXPECT_EQ(in.last_seq, 3U);
    store.reset();
    store = open();
  }
}

TEST_F(store_records, ADeadLetterKeepsItsEventUntilItIsGone) {
  auto store = open();
  auto x = taken(4, {"ba"}), y = taken(5);
  put(*store, {event_taken{x, false}, event_taken{y, false}, event_dead{4, x.event, 5, {}},
               event_dead{5, y.event, 2, {}}});
  wall += 700;
  store.reset();
  store = open();
  auto in = way_in(*store);
  EXPECT_EQ(in.dead, 2U);
  EXPECT_TRUE(in.open.empty());
  ASSERT_EQ(in.settled.size(), 1U);
  auto found = dead_letters(*store);
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].seq, 4U);
  EXPECT_EQ(found[0].delivery_id, delivery_name(in.instance, 4));
  EXPECT_EQ(found[0].event, x.event);
  EXPECT_EQ(found[0].attempts, 5U);
  EXPECT_EQ(found[0].age_ms, 700U);
  EXPECT_EQ(dead_letters(*store, 4).size(), 1U);
  EXPECT_EQ(dead_letters(*store, 0, 1).size(), 1U);
  put(*store, {dead_gone{4}});
  EXPECT_EQ(dead_letters(*store).size(), 1U);
  EXPECT_EQ(way_in(*store).dead, 1U);
}

TEST_F(store_records, ALineThatNobodyCouldReadIsADeadLetterOfItsOwnKind) {
  inbound_event line;
  line.text = "{\"type\":NaN\n\uFFFD";
  line.context_error = "not_json: not JSON";
  line.unreadable = true;
  auto store = open();
  auto x = taken(4, {"ba"});
  put(*store, {event_taken{x, false}, event_dead{4, x.event, 5, {}}, keys_settled{5, {"ub"}},
               event_dead{5, event_ref{line}, 0, {}}});
  store.reset();
  store = open();
  auto in = way_in(*store);
  EXPECT_EQ(in.dead, 2U);
  EXPECT_EQ(in.unreadable, std::vector<std::uint64_t>{5});
  EXPECT_EQ(in.settled.size(), 2U) << "its repeats are known";
  auto found = dead_letters(*store, 4);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_TRUE(found[0].event->unreadable);
  EXPECT_EQ(found[0].event->text, line.text);
  EXPECT_EQ(found[0].event->context_error, line.context_error);
  put(*store, {dead_gone{5}});
  EXPECT_TRUE(way_in(*store).unreadable.empty());
}

TEST_F(store_records, PromptsComeBackOldestFirstWithWhatIsLeftOfThem) {
  auto store = open();
  prompt_kept one{{"n.1", {"discord", "c"}, {{"yes", "Yes"}, {"no", ""}}, 10'000}, 0, false};
  prompt_kept two{{"n.2", {"", "d"}, {}, 500}, 1, false};
  prompt_kept three{{"n.3", {"discord", "c"}, {{"a", "A"}}, 60'000}, 2, true};
  put(*store, {one, two, three});
  wall += 1'000;
  one.numbered = true; // what changed last comes last
  one.what.lifetime_ms = 9'000;
  put(*store, {one});
  wall += 1'000;
  store.reset();
  store = open();
  two.what.lifetime_ms = 0;
  three.what.lifetime_ms = 58'000;
  one.what.lifetime_ms = 8'000;
  EXPECT_EQ(way_in(*store).prompts, (std::vector<prompt_kept>{two, three, one}));
  put(*store, {prompt_gone{prompt_key(three.what)}});
  EXPECT_EQ(way_in(*store).prompts, (std::vector<prompt_kept>{two, one}));
}

TEST_F(store_records, PromptsOfOneIdInSeveralPlacesAreKeptApart) {
  auto store = open();
  prompt_kept one{{"own", {"discord", "c"}, {}, 500}, 0, false},
      two{{"own", {"discord", "d"}, {}, 500}, 0, false};
  put(*store, {one, two});
  one.stage = 1;
  put(*store, {one});
  store.reset();
  store = open();
  EXPECT_EQ(way_in(*store).prompts, (std::vector<prompt_kept>{two, one}));
  put(*store, {prompt_gone{prompt_key(one.what)}});
  EXPECT_EQ(way_in(*store).prompts, (std::vector<prompt_kept>{two}));
}

TEST_F(store_records, APromptThatAnOlderVersionKeptIsNotKeptTwice) {
  auto store = open();
  prompt_kept one{{"own", {"discord", "c"}, {}, 500}, 0, false};
  put(*store, {one});
  store.reset();
  SQLite::Database{database(), SQLite::OPEN_READWRITE}.exec("UPDATE prompt SET id='own'");
  store = open();
  EXPECT_EQ(way_in(*store).prompts, (std::vector<prompt_kept>{one}));
  one.stage = 1;
  put(*store, {one});
  EXPECT_EQ(way_in(*store).prompts, (std::vector<prompt_kept>{one}));
}

TEST_F(store_records, OpenActionsComeBackByTokenWithWhetherTheyMayBeOut) {
  auto store = open();
  auto one = action_of(1, "r1"), two = action_of(2, "r2", true), three = action_of(3, "");
  three.what.act = wire::send_file("c", wire::media_kind::image, "/tmp/a.png");
  three.what.resend_unknown = true;
  put(*store, {action_taken{two}, action_taken{one}, action_taken{three}, action_marked{1, true},
               action_marked{2, false}});
  store.reset();
  auto out = way_out(*open());
  one.maybe_written = true;
  two.maybe_written = false;
  EXPECT_EQ(out.open, (std::vector<stored_action>{one, two, three}));
  EXPECT_EQ(out.last_token, 3U);
}

TEST_F(store_records, OutcomesAreRememberedByRequestIdAndOthersForgotten) {
  auto store = open();
  put(*store,
      {action_taken{action_of(1, "r1")}, action_taken{action_of(2, "")}, action_taken{action_of(3, "r3")}});
  action_result done{outcome::done, "m9", {"m8", "m9"}, "", "", R"({"success":true,"message_id":"m9"})", ""};
  auto unknown = action_result::ambiguous("the socket ended");
  put(*store, {action_settled{3, "r3", unknown}});
  wall += 250;
  put(*store, {action_settled{1, "r1", done}, action_settled{2, "", done}});
  store.reset();
  auto out = way_out(*open());
  EXPECT_TRUE(out.open.empty());
  ASSERT_EQ(out.settled.size(), 2U);
  EXPECT_EQ(out.settled[0].request_id, "r3");
  EXPECT_EQ(out.settled[0].result, unknown);
  EXPECT_EQ(out.settled[0].age_ms, 250U);
  EXPECT_EQ(out.settled[1].request_id, "r1");
  EXPECT_EQ(out.settled[1].result, done);
}

TEST_F(store_records, F34_RoutesComeBackPerTurnAndPerChat) {
  auto store = open();
  auto spilled = taken(3, {}, "c3");
  put(*store, {event_taken{taken(1), false}, event_taken{taken(2, {}, "c2"), false},
               event_taken{spilled, true}, keys_settled{4, {"b"}}});
  put(*store, {event_settled{1, {}}});
  route_seen one{{}, {"discord", "c1"}, {"s", "u", "f"}, "parent", {}, {}, "channel", "general"},
      two{{}, {"telegram", "c1"}, {}, ""};
  put(*store, {chat_routed{one}, chat_routed{two}});
  one.who.user_id = "other";
  one.chat_name = "renamed";
  put(*store, {chat_routed{one}});
  store.reset();
  store = open();
  auto out = way_out(*store);
  EXPECT_EQ(out.chats, (std::vector<route_seen>{two, one}));
  auto instance = way_in(*store).instance;
  ASSERT_EQ(out.turns.size(), 2U); // of what no agent ever had nobody asks
  EXPECT_EQ(
      out.turns[0],
      (route_seen{
          delivery_name(instance, 1), {"discord", "c1"}, {"g1", "u1", "p1"}, "pc", "th1", "", "dm", ""}));
  EXPECT_EQ(out.turns[1].chat.chat_id, "c2");
}

TEST_F(store_records, ATurnIsOfTheKindOfChatThatItsSessionIs) {
  auto store = open();
  auto x = taken(1);
  x.session = "agent:p1:" + x.event->source.platform + ":group:c1:u1";
  put(*store, {event_taken{x, false}});
  store.reset();
  const auto turns = way_out(*open()).turns;
  ASSERT_EQ(turns.size(), 1U);
  EXPECT_EQ(turns[0].chat_type, "group") << "its event says dm";
}

std::vector<conversation_kept> sessions(store_port& of, const std::string& session) {
  std::promise<std::vector<conversation_kept>> told;
  of.conversations(session, [&](std::vector<conversation_kept> x) { told.set_value(std::move(x)); });
  return told.get_future().get();
}

TEST_F(store_records, ConversationsComeBackOneByOneAndOpenOnesTogether) {
  auto store = open();
  put(*store, {conversation_kept{"a", "{1}", true}, conversation_kept{"b", "{2}", false}});
  wall += 10;
  put(*store, {conversation_kept{"c", "{3}", true}, conversation_kept{"b", "{4}", false}});
  store.reset();
  store = open();
  auto one = sessions(*store, "b");
  ASSERT_EQ(one.size(), 1U);
  EXPECT_EQ(one[0].body, "{4}");
  EXPECT_FALSE(one[0].open);
  auto all = sessions(*store, {});
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0].session, "a");
  EXPECT_EQ(all[1].session, "c");
  put(*store, {conversation_kept{"a", "", false}});
  EXPECT_TRUE(sessions(*store, "a").empty());
  wall += 31LL * 24 * 3'600'000;
  put(*store, {conversation_kept{"d", "{5}", false}});
  EXPECT_TRUE(sessions(*store, "b").empty()) << "nobody used it for a month";
  EXPECT_EQ(sessions(*store, "c").size(), 1U) << "its question is still open";
}

TEST_F(store_records, FactsAreThoseOfTheStart) {
  auto store = open();
  put(*store, {fact{"gateway_id", "gw-1"}, fact{"nonce", "n"}, fact{"gone", "x"}});
  put(*store, {fact{"nonce", "m\"\n"}, fact{"gone", ""}});
  EXPECT_TRUE(store->facts().empty());
  store.reset();
  EXPECT_EQ(open()->facts(),
            (std::map<std::string, std::string>{{"gateway_id", "gw-1"}, {"nonce", "m\"\n"}}));
}

TEST_F(store_records, NumbersNeverGoBack) {
  auto what = options();
  what.dedupe_entries = 1;
  what.dedupe_window = std::chrono::milliseconds{10};
  auto store = open(what);
  put(*store, {event_taken{taken(1), false}, event_taken{taken(9), false}, event_settled{1, {}},
               event_settled{9, {}}, action_taken{action_of(6, "")}, action_settled{6, "", {}}});
  wall += 5'000;
  put(*store, {event_taken{taken(5), false}, event_settled{5, {}}}); // the others are over and go
  wall += 5'000;
  put(*store, {fact{"a", "b"}});
  store.reset();
  store = open(what);
  EXPECT_TRUE(way_in(*store).settled.empty());
  EXPECT_EQ(way_in(*store).last_seq, 9U);
  EXPECT_EQ(way_out(*store).last_token, 6U);
  // Also when the highest one was never stored.
  put(*store, {event_taken{taken(20, {"k"}), true}});
  EXPECT_EQ(put(*store, {event_taken{taken(30, {"k"}), true}}).refused, (std::vector<std::uint64_t>{30}));
  put(*store, {event_dead{40, event("x"), 1, {}}, dead_gone{40}});
  store.reset();
  EXPECT_EQ(way_in(*open(what)).last_seq, 40U);
}

TEST_F(store_records, AnEventWithoutItsOwnTextComesBackEqual) {
  inbound_event x;
  x.text = "made here";
  x.source.chat_id = "c";
  x.interaction = true;
  auto store = open();
  put(*store, {event_taken{{1, event_ref{x}, {}, 0}, false}});
  store.reset();
  auto in = way_in(*open());
  ASSERT_EQ(in.open.size(), 1U);
  EXPECT_EQ(*in.open[0].event, x);
}

} // namespace
} // namespace relay::testing
