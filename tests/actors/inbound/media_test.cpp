// Attachments (protocol.md 6, Media) through the whole tree: files for agents that want them, uploads.
#include "relay_gateway/messages/wire/actions/actions.hpp"
#include "relay_gateway/tests/actors/link/link_fixture.hpp"

namespace relay::testing {
namespace {

class media : public linked_test {
protected:
  static std::string at(const std::string& id) { return "https://connector.example/relay/media/" + id; }
  static std::string with_media(const std::string& chat, const std::string& text, const std::string& id,
                                const std::string& url, const std::string& buffer = {}) {
    auto out = event("discord", chat, text, id, buffer);
    out.insert(out.find(R"("text":)"), R"("media_urls":[")" + url + R"("],"media":[{"url":")" + url +
                                           R"(","kind":"image","path":"/etc/passwd"}],)");
    return out;
  }
  void hear(const std::string& bytes) {
    env.link->last().say(bytes);
    settle();
  }
  seat attach_for_paths(std::uint64_t peer) {
    auto out = attach(peer);
    say(out, R"({"type":"hello","media":"path"})"
             "\n");
    return out;
  }
  auto& fetches() { return env.media->fetches; }
  auto& uploads() { return env.media->uploads; }
  void fetched(std::size_t i, const std::string& path) {
    fetches()[i].done({path, path.empty() ? 0U : 5U, path.empty() ? "HTTP status 404" : ""});
    settle();
  }
};

TEST_F(media, AnAgentThatWantsPathsGetsFilesUntilItsAck) {
  start(with::link);
  handshake();
  auto a = attach_for_paths(1);
  hear(with_media("c", "look", "1", at("m1"), "b1"));
  ASSERT_EQ(fetches().size(), 1U);
  EXPECT_EQ(fetches()[0].what.url, at("m1"));
  EXPECT_FALSE(fetches()[0].what.bearer.empty());
  EXPECT_EQ(fetches()[0].what.max_bytes, 25ULL << 20);
  EXPECT_TRUE(of(a, "inbound").empty()) << "it waits for its file";
  fetched(0, "/tmp/x/f1");
  ASSERT_EQ(of(a, "inbound").size(), 1U);
  auto in = of(a, "inbound")[0];
  EXPECT_NE(in.find(R"({"url":")" + at("m1") + R"(","kind":"image","path":"/tmp/x/f1"})"), std::string::npos)
      << in;
  EXPECT_EQ(in.find("/etc/passwd"), std::string::npos) << "a path of the wire is no file of ours";
  EXPECT_TRUE(env.media->removed.empty());
  ack(a, in);
  EXPECT_EQ(env.media->removed, std::vector<std::string>{"/tmp/x/f1"});
  EXPECT_EQ(acked().size(), 1U);
}

TEST_F(media, TheLimitsAreSettingsAndAReloadChangesThem) {
  settings.media.wait = 5s;
  settings.media.at_once = 1;
  settings.media.upload_timeout = 7s;
  start(with::link);
  handshake();
  hear(descriptor_line("discord", 2000, R"(["send","send_media"])"));
  auto a = attach_for_paths(1);
  hear(with_media("c", "one", "1", at("m1")) + with_media("d", "two", "2", at("m2")));
  ASSERT_EQ(fetches().size(), 1U) << "one at once";
  EXPECT_EQ(fetches()[0].what.timeout, 5s);
  say(a,
      R"({"type":"action","request_id":"r","platform":"discord","action":{"op":"send_media","chat_id":"c","media_kind":"image","source_path":"/x.png"}})"
      "\n");
  ASSERT_EQ(uploads().size(), 1U);
  EXPECT_EQ(uploads()[0].what.timeout, 7s);
  auto next = settings;
  next.media.at_once = 2;
  caf::anon_send(root, std::make_shared<const config::settings>(next));
  settle();
  EXPECT_EQ(fetches().size(), 2U) << "the reload gave it room";
  advance(5s);
  EXPECT_EQ(of(a, "inbound").size(), 2U) << "waited for long enough";
}

TEST_F(media, WhatWaitedForTheFirstAgentComesWithFilesWhenThatOneSaysSoAtTheDoor) {
  start(with::link);
  handshake();
  hear(with_media("c", "one", "1", at("m1")) + with_media("c", "two", "2", at("m2")) +
       event("discord", "d", "plain", "3"));
  EXPECT_TRUE(fetches().empty()) << "nobody asked yet";
  auto a = attach(1, true);
  EXPECT_EQ(fetches().size(), 2U);
  ASSERT_EQ(of(a, "inbound").size(), 1U) << "only what has no files to wait for";
  fetched(0, "/f1");
  ASSERT_EQ(of(a, "inbound").size(), 2U);
  EXPECT_NE(of(a, "inbound")[1].find("\"path\":\"/f1\""), std::string::npos) << of(a, "inbound")[1];
  fetched(1, "/f2");
  ack(a, of(a, "inbound")[1]);
  ASSERT_EQ(of(a, "inbound").size(), 3U);
  EXPECT_NE(of(a, "inbound")[2].find("\"path\":\"/f2\""), std::string::npos) << of(a, "inbound")[2];
  EXPECT_EQ(env.media->removed, std::vector<std::string>{"/f1"});
}

TEST_F(media, WhatIsStillWaitingWhenTheFirstHelloAsksForFilesGetsThem) {
  start(with::link);
  handshake();
  hear(with_media("c", "one", "1", at("m1")) + with_media("c", "two", "2", at("m2")));
  auto a = attach(1);
  ASSERT_EQ(of(a, "inbound").size(), 1U) << "out before anybody could say anything";
  say(a, R"({"type":"hello","media":"path"})"
         "\n");
  ASSERT_EQ(fetches().size(), 1U);
  EXPECT_EQ(fetches()[0].what.url, at("m2"));
  ack(a, of(a, "inbound")[0]);
  EXPECT_EQ(of(a, "inbound").size(), 1U);
  fetched(0, "/f2");
  ASSERT_EQ(of(a, "inbound").size(), 2U);
  EXPECT_NE(of(a, "inbound")[1].find("\"path\":\"/f2\""), std::string::npos);
}

TEST_F(media, AnAgentThatSaysNothingGetsUrlsAndNothingIsFetched) {
  start(with::link);
  handshake();
  auto a = attach(1);
  hear(with_media("c", "look", "1", at("m1")));
  EXPECT_TRUE(fetches().empty());
  ASSERT_EQ(of(a, "inbound").size(), 1U);
  EXPECT_NE(of(a, "inbound")[0].find(at("m1")), std::string::npos);
}

TEST_F(media, EachAgentGetsWhatItAskedFor) {
  start(with::link);
  handshake();
  auto a = attach(1);
  auto b = attach_for_paths(2);
  hear(with_media("c1", "x", "1", at("m1")) + with_media("c2", "x", "2", at("m2")));
  ASSERT_EQ(fetches().size(), 2U);
  fetched(0, "/f1");
  fetched(1, "/f2");
  ASSERT_EQ(of(a, "inbound").size(), 1U);
  ASSERT_EQ(of(b, "inbound").size(), 1U);
  EXPECT_EQ(of(a, "inbound")[0].find(R"("path":"/f)"), std::string::npos);
  EXPECT_NE(of(b, "inbound")[0].find(R"("path":"/f)"), std::string::npos);
}

TEST_F(media, F49_NothingIsFetchedFromElsewhere) {
  start(with::link);
  handshake();
  auto a = attach_for_paths(1);
  hear(with_media("c", "x", "1", "https://evil.example/relay/media/m1") +
       with_media("c2", "x", "2", "https://connector.example.evil/relay/media/m1") +
       with_media("c3", "x", "3", "file:///etc/passwd"));
  EXPECT_TRUE(fetches().empty());
  EXPECT_EQ(of(a, "inbound").size(), 3U);
}

TEST_F(media, F17_ADownloadHoldsUpItsChatOnly) {
  start(with::link);
  handshake();
  auto a = attach_for_paths(1);
  hear(with_media("c", "first", "1", at("m1")) + event("discord", "c", "second", "2") +
       event("discord", "d", "other", "3"));
  ASSERT_EQ(of(a, "inbound").size(), 1U);
  EXPECT_NE(of(a, "inbound")[0].find("other"), std::string::npos);
  say(a,
      R"({"type":"action","request_id":"q","platform":"discord","action":{"op":"send","chat_id":"c","content":"x"}})"
      "\n");
  EXPECT_EQ(sent().size(), 1U) << "the way out is not held up either";
  fetched(0, "/f1");
  ack(a, of(a, "inbound").back());
  auto got = of(a, "inbound");
  ASSERT_EQ(got.size(), 3U);
  EXPECT_NE(got[1].find("first"), std::string::npos);
  EXPECT_NE(got[2].find("second"), std::string::npos);
}

TEST_F(media, FailuresAndTimeOutsLeaveTheUrlWithAReason) {
  start(with::link);
  handshake();
  auto a = attach_for_paths(1);
  hear(with_media("c", "x", "1", at("gone")) + with_media("d", "x", "2", at("slow")));
  fetched(0, "");
  ASSERT_EQ(of(a, "inbound").size(), 1U);
  EXPECT_NE(of(a, "inbound")[0].find(R"("path_error":"HTTP status 404")"), std::string::npos);
  ack(a, of(a, "inbound")[0]);
  advance(61s);
  ASSERT_EQ(of(a, "inbound").size(), 2U);
  EXPECT_NE(of(a, "inbound")[1].find(R"("path_error":"not fetched in time")"), std::string::npos);
  fetched(1, "/late");
  EXPECT_EQ(env.media->removed, std::vector<std::string>{"/late"});
}

TEST_F(media, F31_FilesArePinnedForRepeatsAndGoWithADeadLetter) {
  settings.limits.agent_ack_timeout = 10s;
  settings.limits.agent_max_deliveries = 2;
  start(with::link);
  handshake();
  auto a = attach_for_paths(1);
  hear(with_media("c", "x", "1", at("m1")));
  fetched(0, "/f1");
  advance(11s);
  ASSERT_EQ(of(a, "inbound").size(), 2U);
  EXPECT_NE(of(a, "inbound")[1].find(R"("path":"/f1")"), std::string::npos);
  EXPECT_TRUE(env.media->removed.empty());
  EXPECT_EQ(fetches().size(), 1U);
  advance(11s);
  EXPECT_EQ(env.media->removed, std::vector<std::string>{"/f1"});
}

TEST_F(media, TheDeathOfItsActorLosesNoEvent) {
  start(with::link);
  handshake();
  auto a = attach_for_paths(1);
  hear(with_media("c", "x", "1", at("m1")));
  kill("media");
  EXPECT_EQ(of(a, "inbound").size(), 1U);
  hear(with_media("d", "x", "2", at("m2")));
  EXPECT_EQ(fetches().size(), 2U) << "its successor knows the store";
}

TEST_F(media, AnEmbeddersAgentGetsThemTyped) {
  start(with::scripted);
  caf::send_as(agent_handle, agent->host.registry, agent_declaration{{}, true});
  settle();
  handshake();
  hear(with_media("c", "x", "1", at("m1")));
  fetched(0, "/f1");
  ASSERT_EQ(agent->deliveries.size(), 1U);
  EXPECT_EQ(agent->deliveries[0].files, (std::vector<media_file>{{at("m1"), "/f1", ""}}));
}

// -- outbound ---------------------------------------------------------------------------------------

class media_uploads : public media {
protected:
  void begin() {
    start(with::scripted);
    env.link->last().accept();
    settle();
    hear(descriptor_line("discord", 2000, R"(["send","send_media"])") + descriptor_line("telegram", 4096));
  }
  static action file(const std::string& path) {
    return wire::send_file("c", wire::media_kind::document, path, {.content = "see"});
  }
  void uploaded(std::size_t i, int status, const std::string& body) {
    uploads()[i].done({media_uploaded::step::answered, status, body, {}});
    settle();
  }
  action_result outcome_of(const std::string& id) {
    for (auto& x : agent->outcomes)
      if (x.request_id == id) return x.result;
    ADD_FAILURE() << id;
    return {};
  }
};

TEST_F(media_uploads, GoFirstAndTheirReferenceGoesOut) {
  begin();
  ask({"r", "discord", {}, file("/data/report.pdf")});
  ASSERT_EQ(uploads().size(), 1U);
  auto& up = uploads()[0].what;
  EXPECT_EQ(up.url, "https://connector.example/relay/media");
  EXPECT_EQ(up.path, "/data/report.pdf");
  EXPECT_EQ(up.content_type, "application/pdf");
  EXPECT_EQ(up.filename, "report.pdf");
  EXPECT_FALSE(up.bearer.empty());
  EXPECT_TRUE(sent().empty());
  uploaded(0, 200, R"({"id":"m7","size":3})");
  ASSERT_EQ(sent().size(), 1U);
  EXPECT_EQ(field(sent()[0], "source_url"), at("m7"));
  EXPECT_EQ(field(sent()[0], "filename"), "report.pdf");
  EXPECT_EQ(sent()[0].find("source_path"), std::string::npos);
  EXPECT_EQ(sent()[0].find("/data/"), std::string::npos) << "a local path never leaves";
  answer_all();
  EXPECT_EQ(outcome_of("r").how, outcome::done);
}

TEST_F(media_uploads, HoldTheOrderOfTheirChatOnly) {
  begin();
  ask({"1", "discord", {}, file("/a")});
  ask({"2", "discord", {}, wire::send("c", "after")});
  ask({"3", "discord", {}, wire::send("d", "other")});
  ASSERT_EQ(sent().size(), 1U);
  EXPECT_EQ(field(sent()[0], "content"), "other");
  uploaded(0, 200, R"({"id":"m7"})");
  answer_all();
  ASSERT_EQ(sent().size(), 3U);
  EXPECT_EQ(field(sent()[2], "content"), "after");
}

TEST_F(media_uploads, FailuresAreClearAndDefinite) {
  begin();
  const std::vector<std::tuple<media_uploaded, std::string>> cases{
      {{media_uploaded::step::file_unreadable, 0, {}, "no such file"}, "media_unreadable"},
      {{media_uploaded::step::file_too_large, 0, {}, "too large"}, "media_too_large"},
      {{media_uploaded::step::not_reached, 0, {}, "refused"}, "not_connected"},
      {{media_uploaded::step::answered, 413, R"({"error":"25 MB"})", {}}, "media_too_large"},
      {{media_uploaded::step::answered, 401, {}, {}}, "media_refused"},
      {{media_uploaded::step::answered, 302, {}, {}}, "media_refused"},
      {{media_uploaded::step::answered, 200, R"({"id":"../x"})", {}}, "media_refused"}};
  for (auto& [answer, code] : cases) {
    agent->outcomes.clear();
    ask({"", "discord", {}, file("/a")});
    uploads().back().done(answer);
    settle();
    ASSERT_EQ(agent->outcomes.size(), 1U) << code;
    EXPECT_EQ(agent->outcomes[0].result.how, outcome::definite);
    EXPECT_EQ(agent->outcomes[0].result.code, code);
    EXPECT_FALSE(agent->outcomes[0].result.error.empty());
  }
  EXPECT_TRUE(sent().empty());
}

TEST_F(media_uploads, FailWithTheirActor) {
  begin();
  ask({"r", "discord", {}, file("/a")});
  ask({"s", "discord", {}, wire::send("c", "after")});
  kill("media");
  EXPECT_EQ(outcome_of("r").code, "media_refused");
  EXPECT_EQ(sent().size(), 1U) << "the chat goes on";
}

TEST_F(media_uploads, AreNotBegunForAPlatformWithoutTheOp) {
  begin();
  ask({"r", "telegram", {}, file("/a")});
  EXPECT_TRUE(uploads().empty());
  EXPECT_EQ(outcome_of("r").code, "unsupported");
}

TEST_F(media_uploads, ALinkThatIsLostMeanwhileOnlyDelaysThem) {
  begin();
  ask({"r", "discord", {}, file("/a")});
  env.link->last().end();
  settle();
  uploaded(0, 200, R"({"id":"m7"})");
  advance(2s);
  env.link->last().accept();
  settle();
  hear(descriptor_line("discord", 2000, R"(["send","send_media"])"));
  ASSERT_EQ(sent().size(), 1U);
  EXPECT_EQ(uploads().size(), 1U) << "not a second time";
}

TEST_F(media_uploads, F50_OtherSchemesNeverLeave) {
  for (std::string bad :
       {"file:///etc/passwd", "data:text/plain,x", "ftp://a/b", "/etc/passwd", "ws://a/b", ""}) {
    auto x = wire::decode_action(R"({"op":"send_media","chat_id":"c","media_kind":"image","source_url":")" +
                                 bad + "\"}");
    EXPECT_NE(x.error.find("source_url"), std::string::npos) << bad;
  }
  for (std::string bad : {"relative", "", "/dir/", "file:///x"}) {
    auto x = wire::decode_action(R"({"op":"send_media","chat_id":"c","media_kind":"image","source_path":")" +
                                 bad + "\"}");
    EXPECT_NE(x.error.find("source_path"), std::string::npos) << bad;
  }
  EXPECT_NE(
      wire::decode_action(
          R"({"op":"send_media","chat_id":"c","media_kind":"image","source_path":"/a","source_url":"https://a/b"})")
          .error.find("source_path"),
      std::string::npos);
  auto good = wire::decode_action(
      R"({"op":"send_media","chat_id":"c","media_kind":"image","source_path":"/a/b.png","mime":"image/x"})");
  EXPECT_EQ(good.error, "");
  ASSERT_NE(file_of(good.value), nullptr);
  EXPECT_EQ(*file_of(good.value), (local_file{"/a/b.png", "image/x", "b.png"}));
  EXPECT_EQ(wire::check(file("/a/b")), "");
  EXPECT_NE(wire::check(file("relative")), "");
}

} // namespace
} // namespace relay::testing
