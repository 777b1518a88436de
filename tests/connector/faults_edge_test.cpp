// Every kind of fault as a peer made of bytes sees it, over loopback. The gateway here is a raw socket, so
// that nothing of app/net is told by app/net.
#include "relay_gateway/app/connector/connector.hpp"
#include "relay_gateway/app/connector/json.hpp"
#include "relay_gateway/app/net/io/io_thread.hpp"
#include "relay_gateway/messages/wire/http/tokens.hpp"
#include "relay_gateway/tests/net/loopback.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>
#include <unistd.h>

namespace relay::connector {
namespace {

using namespace std::chrono_literals;
using net_test::frame_text;
using net_test::raw_socket;
using net_test::read_frame;
constexpr auto patience = 20s;
constexpr auto a_while = 50ms; ///< how long nothing must come, where nothing is what is tested

class faults_edge : public ::testing::Test {
protected:
  void SetUp() override {
    options what;
    what.how.require_token = false;
    what.record_file =
        (std::filesystem::temp_directory_path() / ("relay-faults-" + std::to_string(::getpid()) + ".jsonl"))
            .string();
    record_path = what.record_file;
    std::filesystem::remove(record_path);
    std::string error;
    stand = start(io.context(), what, error);
    ASSERT_TRUE(stand) << error;
  }
  void TearDown() override {
    stand.reset();
    std::filesystem::remove(record_path);
  }

  void rules(const std::string& text) {
    std::string error;
    ASSERT_TRUE(stand->add_faults(text, error)) << error;
  }
  void now(const std::string& actions) {
    std::string error;
    ASSERT_TRUE(stand->fault(actions, error)) << error;
  }
  raw_socket connect() { return raw_socket::connect(stand->port()); }
  /// An open WebSocket that has said hello and read its descriptor.
  raw_socket dial(const std::string& headers = {}) {
    auto out = connect();
    EXPECT_EQ(net_test::request_upgrade(out, "/relay", headers).substr(9, 3), "101");
    say(out, R"({"type":"hello","platform":"discord","botId":"b"})");
    EXPECT_EQ(heard(out).at("type"), "descriptor");
    return out;
  }
  static void say(raw_socket& to, const std::string& line) {
    EXPECT_TRUE(to.send(frame_text(1, line + "\n", true, true)));
  }
  static record as_record(std::string text) {
    if (!text.empty() && text.back() == '\n') text.pop_back();
    return {0, 0, {}, {}, {}, std::move(text)};
  }
  static record heard(raw_socket& from) { return as_record(read_frame(from).payload); }
  static std::string text_of(raw_socket& from) { return heard(from).at("event.text"); }
  injected tell(const std::string& text, const std::string& chat = "c1") {
    return stand->inject({.chat_id = chat, .text = text});
  }
  std::string call(const std::string& path, const std::string& body = "{}",
                   const std::string& method = "POST") {
    auto to = connect();
    to.send(method + " " + path + " HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer identity\r\n" +
            "Connection: close\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
    return to.receive_all();
  }
  static raw_socket started(raw_socket to, const std::string& path) {
    to.send("POST " + path + " HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}");
    return to;
  }
  static std::string body_of(const std::string& answer) {
    auto at = answer.find("\r\n\r\n");
    return at == std::string::npos ? "" : answer.substr(at + 4);
  }
  bool recorded(const std::string& kind, const std::string& path = {}, const std::string& value = {}) {
    return stand->wait_for(path.empty() ? of_kind(kind) : of_kind(kind, path, value), patience).has_value();
  }

  net::io_thread io;
  std::unique_ptr<stand_in> stand;
  std::string record_path;
};

// -- frames ---------------------------------------------------------------------------------------------

TEST_F(faults_edge, FramesAreDroppedDoubledMixedAndMangled) {
  auto peer = dial();
  rules(R"([{"when":{"type":"inbound","contains":"lost"},"then":{"drop":true}},
            {"when":{"type":"inbound","contains":"twice"},"then":{"duplicate":true}},
            {"when":{"type":"inbound","contains":"late"},"then":{"reorder":true}},
            {"when":{"type":"inbound","contains":"torn"},"then":{"truncate":{"bytes":10}}},
            {"when":{"type":"inbound","contains":"dirty"},"then":{"corrupt":{"kind":"utf8"}}}])");
  for (const auto* x : {"lost", "twice", "late", "next", "torn", "dirty", "last"}) tell(x);
  EXPECT_EQ(text_of(peer), "twice");
  EXPECT_EQ(text_of(peer), "twice");
  EXPECT_EQ(text_of(peer), "next");
  EXPECT_EQ(text_of(peer), "late");
  EXPECT_EQ(read_frame(peer).payload, "{\"type\":\"i\n");
  EXPECT_NE(read_frame(peer).payload.find('\xFF'), std::string::npos);
  EXPECT_EQ(text_of(peer), "last");
  EXPECT_TRUE(recorded("fault", "did.0", "reorder by 1"));
}

TEST_F(faults_edge, FramesAreSplitMergedAndSentAsBinary) {
  auto peer = dial();
  rules(R"([{"when":{"direction":"out","contains":"messages"},"then":{"split":{"into":3}}},
            {"when":{"direction":"out","contains":"fragments"},"then":{"split":{"into":3,"as":"fragments"}}},
            {"when":{"direction":"out","contains":"binary"},"then":{"binary":true}},
            {"when":{"direction":"out","contains":"together"},"then":{"merge":{"frames":2}}}])");
  tell("messages");
  std::string together;
  for (int i = 0; i < 3; ++i) {
    auto piece = read_frame(peer);
    EXPECT_EQ(piece.opcode, 1);
    EXPECT_TRUE(piece.fin);
    together += piece.payload;
  }
  EXPECT_EQ(as_record(together).at("event.text"), "messages");
  tell("fragments");
  together.clear();
  for (int i = 0; i < 3; ++i) {
    auto piece = read_frame(peer);
    EXPECT_EQ(piece.opcode, i == 0 ? 1 : 0);
    EXPECT_EQ(piece.fin, i == 2);
    together += piece.payload;
  }
  EXPECT_EQ(as_record(together).at("event.text"), "fragments");
  tell("binary");
  auto binary = read_frame(peer);
  EXPECT_EQ(binary.opcode, 2);
  EXPECT_EQ(as_record(binary.payload).at("event.text"), "binary");
  tell("together");
  tell("with this");
  auto both = read_frame(peer).payload;
  EXPECT_EQ(std::count(both.begin(), both.end(), '\n'), 2);
  EXPECT_NE(both.find("with this"), std::string::npos);
}

TEST_F(faults_edge, WhatTheGatewaySaysCanBeLostToo) {
  auto peer = dial();
  rules(R"({"when":{"direction":"in","type":"going_idle","nth":1},"then":{"drop":true}})");
  say(peer, R"({"type":"going_idle"})");
  ASSERT_TRUE(recorded("fault", "type", "going_idle"));
  EXPECT_TRUE(peer.quiet(a_while));
  say(peer, R"({"type":"going_idle"})");
  EXPECT_EQ(heard(peer).at("type"), "going_idle_ack");
}

TEST_F(faults_edge, ResultsComeLateTwiceForNobodyOrNotAtAll) {
  auto peer = dial();
  rules(R"([{"when":{"type":"outbound_result","chat":"missing"},"then":{"drop":true}},
            {"when":{"type":"outbound_result","chat":"foreign"},"then":{"rewrite":{"/requestId":"nobody"}}},
            {"when":{"type":"outbound_result","chat":"twice"},"then":{"duplicate":true}},
            {"when":{"type":"outbound_result","chat":"late"},"then":{"delay":{"ms":30}}}])");
  auto ask = [&](const std::string& chat) {
    say(peer, R"({"type":"outbound","requestId":")" + chat + R"(","action":{"op":"send","chat_id":")" + chat +
                  R"(","content":"x"}})");
  };
  for (const auto* x : {"late", "missing", "foreign", "twice"}) ask(x);
  std::vector<std::string> seen;
  for (int i = 0; i < 4; ++i) seen.push_back(heard(peer).at("requestId"));
  EXPECT_EQ((std::multiset<std::string>{seen.begin(), seen.end()}),
            (std::multiset<std::string>{"late", "nobody", "twice", "twice"}));
}

// -- connections ----------------------------------------------------------------------------------------

TEST_F(faults_edge, ConnectionsAreClosedCutOrReset) {
  auto peer = dial();
  now(R"({"close":{"code":4401,"reason":"expired"}})");
  auto goodbye = read_frame(peer);
  EXPECT_EQ(goodbye.close_code(), 4401);
  EXPECT_EQ(goodbye.payload.substr(2), "expired");
  auto second = dial();
  rules(R"({"when":{"type":"inbound"},"then":{"cut":true},"times":1})");
  tell("the last word");
  EXPECT_EQ(text_of(second), "the last word");
  EXPECT_EQ(read_frame(second).opcode, -1);
  EXPECT_FALSE(second.is_reset());
  auto third = dial();
  now(R"({"reset":true})");
  EXPECT_TRUE(third.is_reset());
}

TEST_F(faults_edge, ReadingStallsAndResumes) {
  auto peer = dial();
  now(R"({"stall_reading":true})");
  say(peer, R"({"type":"going_idle"})");
  EXPECT_TRUE(peer.quiet(a_while));
  now(R"({"resume":true})");
  EXPECT_EQ(heard(peer).at("type"), "going_idle_ack");
}

TEST_F(faults_edge, WritingStallsPongsIncludedAndResumesByItself) {
  auto peer = dial();
  now(R"({"stall_writing":{"ms":100}})");
  tell("held");
  peer.send(frame_text(9, "are you there", true, true));
  EXPECT_TRUE(peer.quiet(a_while));
  auto first = read_frame(peer), second = read_frame(peer);
  EXPECT_EQ(first.opcode + second.opcode, 1 + 10) << "the frame and the pong";
}

TEST_F(faults_edge, AHalfOpenConnectionNeitherAnswersNorEnds) {
  auto peer = dial();
  now(R"({"half_open":true})");
  peer.send(frame_text(9, "ping", true, true));
  say(peer, R"({"type":"going_idle"})");
  tell("into the void");
  EXPECT_TRUE(peer.quiet(a_while));
  peer.send(net_test::close_text(1000, "bye", true));
  peer.shut();
  EXPECT_TRUE(peer.quiet(a_while)) << "no goodbye, no FIN";
  auto again = dial(); // replaces the old one: the peer of that must not hear of it
  ASSERT_TRUE(recorded("closed"));
  EXPECT_TRUE(peer.quiet(a_while));
  tell("to the new one");
  EXPECT_EQ(text_of(again), "to the new one");
  stand->stop();
  EXPECT_TRUE(peer.ends());
}

TEST_F(faults_edge, AHalfOpenConnectionIsForgottenAfterAWhile) {
  auto peer = dial();
  now(R"({"half_open":{"ms":60}})");
  EXPECT_TRUE(peer.ends());
  EXPECT_TRUE(recorded("closed"));
}

TEST_F(faults_edge, RawBytesGoBelowTheFraming) {
  auto peer = dial();
  now(R"({"raw":{"hex":"c1 01 41"}})"); // a reserved bit
  EXPECT_EQ(peer.receive_exactly(3), "\xC1\x01\x41");
}

// -- upgrades -------------------------------------------------------------------------------------------

TEST_F(faults_edge, UpgradesAreRefusedWithStatusAndHeadersThenAcceptedAgain) {
  rules(R"({"when":{"on":"upgrade","nth":1},
            "then":{"refuse":{"status":429,"body":{"error":"slow down"},"headers":{"Retry-After":"7"}}}})");
  auto peer = connect();
  auto head = net_test::request_upgrade(peer);
  EXPECT_EQ(head.substr(9, 3), "429");
  EXPECT_NE(head.find("Retry-After: 7"), std::string::npos);
  EXPECT_EQ(peer.receive_all(), R"({"error":"slow down"})");
  dial();
}

TEST_F(faults_edge, UpgradesAreNotAnsweredCutResetOrBrokenOnceOpen) {
  rules(R"([{"when":{"on":"upgrade","nth":1},"then":{"silence":true}},
            {"when":{"on":"upgrade","nth":2},"then":{"cut":true}},
            {"when":{"on":"upgrade","nth":3},"then":{"reset":true}},
            {"when":{"on":"upgrade","nth":4},"then":{"insert":{"text":"first"},"close":{"code":1013}}},
            {"when":{"on":"upgrade","nth":5},"then":{"half_open":true}}])");
  const std::string ask = "GET /relay HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                          "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
  auto silent = connect();
  silent.send(ask);
  ASSERT_TRUE(recorded("fault", "did.0", "silence"));
  EXPECT_TRUE(silent.quiet(a_while));
  auto cut = connect();
  cut.send(ask);
  EXPECT_EQ(cut.receive_all(), "");
  auto reset = connect();
  reset.send(ask);
  EXPECT_TRUE(reset.is_reset());
  auto closed = connect();
  EXPECT_EQ(net_test::request_upgrade(closed).substr(9, 3), "101");
  EXPECT_EQ(read_frame(closed).payload, "first\n");
  EXPECT_EQ(read_frame(closed).close_code(), 1013);
  auto open = connect();
  EXPECT_EQ(net_test::request_upgrade(open).substr(9, 3), "101");
  say(open, R"({"type":"hello","platform":"discord","botId":"b"})");
  EXPECT_TRUE(open.quiet(a_while));
}

// -- calls ----------------------------------------------------------------------------------------------

TEST_F(faults_edge, CallsEndUnansweredResetOrAreLeftWaiting) {
  rules(R"([{"when":{"on":"call","nth":1},"then":{"cut":true}},
            {"when":{"on":"call","nth":2},"then":{"reset":true}},
            {"when":{"on":"call","nth":3},"then":{"silence":true}}])");
  const std::string path = "/relay/provision";
  auto cut = started(connect(), path);
  EXPECT_EQ(cut.receive_all(), "");
  EXPECT_FALSE(cut.is_reset());
  auto reset = started(connect(), path);
  EXPECT_TRUE(reset.is_reset());
  auto silent = started(connect(), path);
  ASSERT_TRUE(recorded("fault", "did.0", "silence"));
  EXPECT_TRUE(silent.quiet(a_while));
  EXPECT_EQ(call(path).substr(9, 3), "400") << "the fourth is answered as usual";
}

TEST_F(faults_edge, AnswersAreReplacedLateHugeTornDirtyOrSlow) {
  const std::string body = R"({"gatewayId":"gw","platform":"discord","botId":"b"})";
  rules(R"([{"when":{"on":"call","nth":1},"then":{"answer":{"status":500,"body":"{not json"}}},
            {"when":{"on":"call","nth":2},"then":{"delay":{"ms":30},"answer":{"status":302,
                     "headers":{"Location":"http://elsewhere"}}}},
            {"when":{"on":"call","nth":3},"then":{"pad":{"bytes":3000000}}},
            {"when":{"on":"call","nth":4},"then":{"truncate":{"bytes":5}}},
            {"when":{"on":"call","nth":5},"then":{"corrupt":{"bytes":3}}},
            {"when":{"on":"call","nth":6},"then":{"drip":{"bytes":40,"every_ms":2}}}])");
  auto first = call("/relay/provision", body);
  EXPECT_EQ(first.substr(9, 3), "500");
  EXPECT_EQ(body_of(first), "{not json");
  EXPECT_TRUE(stand->gateways().empty()) << "the connector did not see that call";
  EXPECT_NE(call("/relay/provision", body).find("Location: http://elsewhere"), std::string::npos);
  auto huge = call("/relay/provision", body);
  EXPECT_EQ(body_of(huge).size(), 3'000'000U);
  EXPECT_EQ(stand->gateways().size(), 1U);
  auto torn = call("/relay/provision", body);
  EXPECT_EQ(body_of(torn).size(), 5U);
  EXPECT_EQ(torn.find("Content-Length: 5\r\n"), std::string::npos) << "the head promises all of it";
  json::document doc;
  auto dirty = body_of(call("/relay/provision", body)), slow = body_of(call("/relay/provision", body));
  EXPECT_EQ(dirty.size(), slow.size());
  EXPECT_NE(dirty, slow);
  EXPECT_TRUE(json::parse_object(slow, doc)) << slow;
}

// -- the connector itself -------------------------------------------------------------------------------

TEST_F(faults_edge, TokensExpireOrAreRevoked) {
  stand->add_gateway("gw", secret{"key"});
  auto token = [] {
    return "Authorization: Bearer " + wire::mint_token("gw", secret{"key"}, 0).reveal() + "\r\n";
  };
  auto peer = dial(token());
  now(R"({"gateway":"other","expire_tokens":true})");
  now(R"({"gateway":"gw","expire_tokens":true})");
  auto goodbye = read_frame(peer);
  EXPECT_EQ(goodbye.close_code(), 4401);
  EXPECT_EQ(goodbye.payload.substr(2), "expired");
  auto again = dial(token());
  now(R"({"revoke_tokens":{"reason":"opted out"}})");
  goodbye = read_frame(again);
  EXPECT_EQ(goodbye.close_code(), 4401);
  EXPECT_EQ(goodbye.payload.substr(2), "opted out");
  auto third = connect();
  EXPECT_EQ(net_test::request_upgrade(third, "/relay", token()).substr(9, 3), "101");
  EXPECT_EQ(read_frame(third).close_code(), 4401);
}

TEST_F(faults_edge, TokensAreJudgedByAClockThatIsAhead) {
  stand->add_gateway("gw", secret{"key"});
  auto in_an_hour = std::chrono::duration_cast<std::chrono::seconds>(
                        std::chrono::system_clock::now().time_since_epoch() + 1h)
                        .count();
  auto token = "Authorization: Bearer " + wire::mint_token("gw", secret{"key"}, in_an_hour).reveal() + "\r\n";
  now(R"({"shift_clock":{"seconds":7200,"ms":60000}})");
  auto peer = connect();
  net_test::request_upgrade(peer, "/relay", token);
  auto goodbye = read_frame(peer);
  EXPECT_EQ(goodbye.close_code(), 4401);
  EXPECT_EQ(goodbye.payload.substr(2), "expired");
  now(R"({"shift_clock":{"seconds":0}})");
  dial(token);
}

TEST_F(faults_edge, AStormOfBufferedEventsComesAtOnceAndEachMustBeAcked) {
  auto peer = dial();
  now(R"({"replay":{"events":40,"chats":4,"repeat":1}})");
  std::set<std::string> ids, buffer_ids;
  for (int i = 0; i < 80; ++i) {
    auto x = heard(peer);
    ids.insert(x.at("event.source.chat_id") + x.at("event.message_id"));
    buffer_ids.insert(x.at("bufferId"));
  }
  EXPECT_EQ(ids.size(), 40U);
  EXPECT_EQ(buffer_ids.size(), 80U);
  EXPECT_EQ(stand->gateways().front().unacked, 80U);
  for (const auto& x : buffer_ids) say(peer, R"({"type":"inbound_ack","bufferId":")" + x + R"("})");
  say(peer, R"({"type":"going_idle"})");
  EXPECT_EQ(heard(peer).at("type"), "going_idle_ack");
  EXPECT_EQ(stand->gateways().front().buffered, 0U);
}

TEST_F(faults_edge, WakePokesAreMadeLostAndDoubled) {
  net_test::raw_server wake;
  call("/relay/provision",
       R"({"gatewayId":"gw","platform":"discord","botId":"b","wakeUrl":"http://127.0.0.1:)" +
           std::to_string(wake.port()) + R"(/wake"})");
  auto poked = [&] {
    auto from = wake.accept();
    auto head = from.receive_until("\r\n\r\n");
    from.send("HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n");
    return head.substr(0, 9);
  };
  now(R"({"poke":true})");
  EXPECT_EQ(poked(), "GET /wake");
  rules(R"([{"when":{"on":"poke","nth":1},"then":{"drop":true}},
            {"when":{"on":"poke","nth":2},"then":{"duplicate":true}}])");
  tell("lost poke");
  EXPECT_TRUE(recorded("poke", "error", "lost by the fault script"));
  tell("poked twice");
  EXPECT_EQ(poked(), "GET /wake");
  EXPECT_EQ(poked(), "GET /wake");
}

TEST_F(faults_edge, AnOutageEndsEverythingAndComesBackOnTheSamePort) {
  auto peer = dial();
  now(R"({"outage":{"ms":50}})");
  EXPECT_TRUE(peer.ends());
  EXPECT_TRUE(recorded("fault", "on", "hand"));
  ASSERT_TRUE(recorded("outage", "down", "false"));
  dial();
}

// -- records and control ---------------------------------------------------------------------------------

TEST_F(faults_edge, WhatHappenedIsInTheRecordsAndTheRecordFile) {
  auto peer = dial();
  rules(R"({"name":"loss","when":{"type":"inbound"},"then":{"drop":true}})");
  tell("x");
  auto seen = stand->wait_for(of_kind("fault"), patience);
  ASSERT_TRUE(seen);
  EXPECT_EQ(seen->at("rule"), "loss");
  EXPECT_EQ(seen->at("chat"), "c1");
  EXPECT_EQ(seen->at("dir"), "out");
  EXPECT_EQ(seen->at("platform"), "discord");
  EXPECT_EQ(seen->at("did.0"), "drop");
  stand->stop();
  std::ifstream file{record_path};
  std::string line, kinds;
  while (std::getline(file, line)) kinds += as_record(line).at("kind") + " ";
  EXPECT_EQ(kinds.find("upgrade opened hello descriptor handshake"), 0U) << kinds;
  EXPECT_NE(kinds.find("inbound fault"), std::string::npos) << kinds;
  auto mode = std::filesystem::status(record_path).permissions();
  EXPECT_EQ(mode, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
}

TEST_F(faults_edge, RulesAreAddedListedAndTakenAwayOverHttp) {
  auto peer = dial();
  auto added = body_of(call("/control/faults", R"([{"when":{"type":"inbound"},"then":{"drop":true}},
                                                   {"name":"b","then":{"cut":true},"times":1}])"));
  EXPECT_EQ(added, R"({"ids":[1,2]})");
  EXPECT_EQ(as_record(body_of(call("/control/faults", "", "GET"))).at("rules.1.name"), "b");
  EXPECT_EQ(call("/control/faults?id=2", "", "DELETE").substr(9, 3), "200");
  EXPECT_EQ(call("/control/faults?id=2", "", "DELETE").substr(9, 3), "404");
  auto wrong = as_record(body_of(call("/control/faults", R"({"then":{"dorp":true}})")));
  EXPECT_EQ(wrong.at("problems.0.where"), "/then/dorp");
  EXPECT_EQ(call("/control/faults", "", "DELETE").substr(9, 3), "200");
  tell("passes");
  EXPECT_EQ(text_of(peer), "passes");
  EXPECT_EQ(as_record(body_of(call("/control/fault", R"({"close":{"code":1012}})"))).at("did.0"),
            "close 1012");
  EXPECT_EQ(read_frame(peer).close_code(), 1012);
  EXPECT_EQ(call("/control/fault", R"({"drop":true})").substr(9, 3), "400");
}

} // namespace
} // namespace relay::connector
