// The stand-in as a whole, over loopback, with the project's own client side as the gateway's.
#include "relay_gateway/app/connector/connector.hpp"
#include "relay_gateway/app/connector/json.hpp"
#include "relay_gateway/app/net/client.hpp"
#include "relay_gateway/app/net/io/io_thread.hpp"
#include "relay_gateway/messages/wire/frames/framing.hpp"
#include "relay_gateway/messages/wire/http/base64.hpp"
#include "relay_gateway/messages/wire/http/tokens.hpp"
#include "relay_gateway/tests/net/loopback.hpp"

#include <gtest/gtest.h>

#include <condition_variable>
#include <filesystem>
#include <future>
#include <mutex>

namespace relay::connector {
namespace {

using namespace std::chrono_literals;
constexpr auto in_time = 10s;

/// A socket's lines and its end, to wait for.
class ear final : public socket_listener {
public:
  void on_open() override {}
  void on_bytes(std::string_view piece) override {
    lines_.feed(piece, [&](std::string_view line) {
      std::lock_guard hold{lock_};
      heard_.emplace_back(line);
    });
    changed_.notify_all();
  }
  void on_end(const socket_end& why) override {
    std::lock_guard hold{lock_};
    end_ = why;
    changed_.notify_all();
  }
  /// The n-th line (from 0) as a record; empty when it does not come.
  record line(std::size_t n) {
    std::unique_lock hold{lock_};
    if (!changed_.wait_for(hold, in_time, [&] { return heard_.size() > n; })) return {};
    return {0, 0, {}, {}, {}, heard_[n]};
  }
  std::optional<socket_end> end() {
    std::unique_lock hold{lock_};
    changed_.wait_for(hold, in_time, [&] { return end_.has_value(); });
    return end_;
  }

private:
  std::mutex lock_;
  std::condition_variable changed_;
  wire::line_splitter lines_{1U << 20U};
  std::vector<std::string> heard_;
  std::optional<socket_end> end_;
};

class stand_in_test : public ::testing::Test {
protected:
  void SetUp() override {
    std::string error;
    dialler = net::make_link_port(io.context(), {}, error);
    ASSERT_TRUE(dialler) << error;
    caller = net::make_http_port(io.context(), {}, error);
    ASSERT_TRUE(caller) << error;
    peer = start(io.context(), {}, error);
    ASSERT_TRUE(peer) << error;
  }
  void TearDown() override {
    sockets.clear();
    peer.reset();
  }

  http_response call(const std::string& method, const std::string& path, const std::string& body = {},
                     const std::string& bearer = {}) {
    http_request x;
    x.method = method;
    x.url = peer->base_url() + path;
    x.body = secret{body};
    x.bearer = secret{bearer};
    x.headers = {{"Content-Type", "application/json"}};
    std::promise<http_response> came;
    caller->call(std::move(x), [&](http_response y) { came.set_value(std::move(y)); });
    return came.get_future().get();
  }
  record control(const std::string& path, const std::string& body) {
    return {0, 0, {}, {}, {}, call("POST", "/control/" + path, body).body.reveal()};
  }
  void provision() {
    call("POST", "/relay/provision", R"({"gatewayId":"gw","platform":"discord","botId":"b"})", "identity");
  }
  std::shared_ptr<ear> dial(const secret& bearer) {
    auto who = std::make_shared<ear>();
    dial_request what;
    what.url = "ws" + peer->base_url().substr(4) + "/relay";
    what.bearer = bearer;
    sockets.push_back(dialler->dial(what, who));
    return who;
  }
  std::shared_ptr<ear> connect() {
    provision();
    auto who = dial(wire::mint_token("gw", peer->key_of("gw"), 0));
    sockets.back()->write("{\"type\":\"hello\",\"platform\":\"discord\",\"botId\":\"b\"}\n");
    EXPECT_EQ(who->line(0).at("type"), "descriptor");
    return who;
  }

  net::io_thread io;
  std::shared_ptr<link_port> dialler;
  std::shared_ptr<http_port> caller;
  std::unique_ptr<stand_in> peer;
  std::vector<std::shared_ptr<line_socket>> sockets;
};

TEST_F(stand_in_test, AConversation) {
  auto who = connect();
  ASSERT_TRUE(peer->wait_for(of_kind("handshake"), in_time));
  auto told = peer->inject({.chat_id = "c1", .text = "hi"});
  EXPECT_EQ(told.live, 1U);
  EXPECT_EQ(who->line(1).at("event.text"), "hi");
  auto mark = peer->mark();
  sockets.back()->write(
      R"({"type":"outbound","requestId":"1","action":{"op":"send","chat_id":"c1","content":"ho"}})"
      "\n");
  auto seen = peer->wait_for(of_kind("outbound", "frame.action.op", "send"), in_time, mark);
  ASSERT_TRUE(seen);
  EXPECT_EQ(seen->at("frame.action.content"), "ho");
  EXPECT_EQ(who->line(2).at("result.success"), "true");
}

TEST_F(stand_in_test, ABadTokenIsAcceptedAndClosed) {
  provision();
  auto end = dial(wire::mint_token("gw", secret{"wrong"}, 0))->end();
  ASSERT_TRUE(end);
  EXPECT_TRUE(end->opened);
  EXPECT_EQ(end->close_code, 4401);
  EXPECT_EQ(end->close_reason, "unauthorized");
  end = dial(wire::mint_token("gw", peer->key_of("gw"), 5))->end();
  ASSERT_TRUE(end);
  EXPECT_EQ(end->close_reason, "expired");
}

TEST_F(stand_in_test, UpgradesAreRefusedAsOftenAsAsked) {
  provision();
  peer->refuse_upgrades(1, 503);
  auto end = dial(wire::mint_token("gw", peer->key_of("gw"), 0))->end();
  ASSERT_TRUE(end);
  EXPECT_EQ(end->http_status, 503);
  EXPECT_FALSE(end->opened);
  connect();
}

TEST_F(stand_in_test, SocketsAreClosedDroppedAndSpokenToRaw) {
  auto who = connect();
  EXPECT_EQ(peer->send_raw({"{\"type\":", "\"going_idle_ack\"}", "\n"}), 1U);
  EXPECT_EQ(who->line(1).at("type"), "going_idle_ack");
  EXPECT_EQ(peer->close_all(1012, "restart"), 1U);
  auto end = who->end();
  ASSERT_TRUE(end);
  EXPECT_EQ(end->close_code, 1012);
  who = connect();
  EXPECT_EQ(peer->drop_all("gw"), 1U);
  end = who->end();
  ASSERT_TRUE(end);
  EXPECT_EQ(end->close_code, 0);
  EXPECT_TRUE(peer->wait_count(of_kind("closed"), 2, in_time));
}

TEST_F(stand_in_test, AnOutageEndsSocketsAndTheSamePortComesBack) {
  auto who = connect();
  auto port = peer->port();
  peer->go_down();
  ASSERT_TRUE(who->end());
  EXPECT_EQ(call("GET", "/healthz").status, 0) << "nobody listens";
  EXPECT_EQ(peer->inject({.text = "meanwhile"}).buffered, 1U);
  std::string error;
  ASSERT_TRUE(peer->come_back(error)) << error;
  EXPECT_EQ(peer->port(), port);
  EXPECT_EQ(connect()->line(1).at("event.text"), "meanwhile");
}

TEST_F(stand_in_test, AnotherLifeOnTheSamePortRemembersWhatItIsGiven) {
  provision();
  options next;
  next.port = peer->port();
  next.initial_state = peer->state();
  auto key = peer->key_of("gw");
  peer->stop();
  std::string error;
  peer = start(io.context(), next, error);
  ASSERT_TRUE(peer) << error;
  EXPECT_EQ(peer->key_of("gw"), key);
}

TEST_F(stand_in_test, AStateDirectoryOutlivesTheProcess) {
  auto dir = std::filesystem::temp_directory_path() / ("connector-state-" + std::to_string(peer->port()));
  std::filesystem::create_directory(dir);
  options what;
  what.state_dir = dir.string();
  std::string error;
  auto first = start(io.context(), what, error);
  ASSERT_TRUE(first) << error;
  first->add_gateway("pinned", secret{"s3cret"});
  first.reset();
  auto second = start(io.context(), what, error);
  ASSERT_TRUE(second) << error;
  EXPECT_EQ(second->key_of("pinned").reveal(), "s3cret");
  second.reset();
  auto rights = std::filesystem::status(dir / "connector.json").permissions();
  EXPECT_EQ(rights, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  std::filesystem::remove_all(dir);
}

TEST_F(stand_in_test, ATakenPortIsAnErrorNotACrash) {
  options what;
  what.port = peer->port();
  std::string error;
  EXPECT_FALSE(start(io.context(), what, error));
  EXPECT_NE(error.find("cannot listen"), std::string::npos) << error;
}

TEST_F(stand_in_test, ControlCallsDoWhatTheLibraryDoes) {
  connect();
  EXPECT_EQ(control("inject", R"({"text":"a {n}","count":3})").at("live"), "3");
  EXPECT_EQ(control("inject", R"({"platform":"slack","text":"x"})").at("error"), "no gateway fronts slack");
  EXPECT_EQ(control("script", R"([{"on":"outbound","count":2}])").at("ok"), "true");
  EXPECT_EQ(control("script", R"({"on":"nowhere"})").has("error"), true);
  EXPECT_EQ(control("behaviour", R"({"buffer_all":true})").at("ok"), "true");
  EXPECT_TRUE(peer->how().buffer_all);
  EXPECT_EQ(control("nothing", "{}").at("error"), "no such path");
  EXPECT_EQ(control("close", R"({"code":7})").has("error"), true);
  EXPECT_EQ(control("close", R"({"code":1013})").at("sockets"), "1");
  ASSERT_TRUE(peer->wait_for(of_kind("closed", "code", "1013"), in_time));
}

TEST_F(stand_in_test, CallsAndUpgradesAreToldToWait) {
  EXPECT_EQ(control("script", R"([{"on":"provision","retry_after":3},
      {"on":"upgrade","status":503,"headers":{"Retry-After":"Sun, 06 Nov 1994 08:49:37 GMT"}}])")
                .at("ok"),
            "true");
  auto ask = [&](const std::string& head) {
    auto raw = net_test::raw_socket::connect(peer->port());
    raw.send(head);
    return raw.receive_until("\r\n\r\n");
  };
  auto provisioned = ask("POST /relay/provision HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer i\r\n"
                         "Content-Length: 2\r\n\r\n{}");
  EXPECT_EQ(provisioned.substr(9, 3), "429");
  EXPECT_NE(provisioned.find("\r\nRetry-After: 3\r\n"), std::string::npos) << provisioned;
  EXPECT_NE(provisioned.find("\r\nDate: "), std::string::npos) << provisioned;
  auto upgraded = ask("GET /relay HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                      "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
  EXPECT_EQ(upgraded.substr(9, 3), "503");
  EXPECT_NE(upgraded.find("\r\nRetry-After: Sun, 06 Nov 1994 08:49:37 GMT\r\n"), std::string::npos)
      << upgraded;
}

TEST_F(stand_in_test, AnAutocompleteIsPlayedOverTheControlApi) {
  auto who = connect();
  EXPECT_EQ(control("interaction", R"({"type":9})").has("error"), true);
  EXPECT_EQ(
      control("interaction", R"({"type":4,"chat_id":"c7","name":"ask","options":{"what":"wea"}})").at("live"),
      "1");
  auto seen = who->line(1);
  EXPECT_EQ(seen.at("type"), "passthrough_forward");
  std::string body;
  ASSERT_TRUE(wire::base64_decode(seen.at("forward.bodyB64"), body));
  record read{0, 0, {}, {}, {}, body};
  EXPECT_EQ(read.at("type"), "4");
  EXPECT_EQ(read.at("data.options.0.value"), "wea");
}

TEST_F(stand_in_test, ALongPollEndsWithTheNews) {
  auto mark = std::to_string(peer->mark());
  http_request x;
  x.url = peer->base_url() + "/control/records?kind=provision&count=2&wait=30000&since=" + mark;
  x.timeout = in_time;
  std::promise<http_response> came;
  caller->call(std::move(x), [&](http_response y) { came.set_value(std::move(y)); });
  provision();
  provision();
  auto answer = came.get_future().get();
  EXPECT_EQ(answer.status, 200);
  record news{0, 0, {}, {}, {}, answer.body.reveal()};
  EXPECT_EQ(news.at("records.1.platform"), "discord");
}

TEST_F(stand_in_test, ThePageHasAStrictPolicyAndOnlyOwnHostsMayAsk) {
  auto page = call("GET", "/");
  EXPECT_EQ(page.status, 200);
  EXPECT_NE(page.body.reveal().find("<script nonce=\""), std::string::npos);
  EXPECT_EQ(page.body.reveal().find("@nonce@"), std::string::npos);
  for (const auto* outside : {"http://", "https://"}) {
    auto at = page.body.reveal().find(outside);
    // The one URL in the page names the SVG vocabulary; it is never loaded.
    while (at != std::string::npos) {
      EXPECT_EQ(page.body.reveal().compare(at, 26, "http://www.w3.org/2000/svg"), 0);
      at = page.body.reveal().find(outside, at + 1);
    }
  }
  http_request x;
  x.url = peer->base_url() + "/control/status";
  x.headers = {{"Origin", "http://elsewhere.example"}};
  std::promise<http_response> came;
  caller->call(std::move(x), [&](http_response y) { came.set_value(std::move(y)); });
  EXPECT_EQ(came.get_future().get().status, 403);
}

TEST_F(stand_in_test, AnIdleGatewayIsPokedAtItsWakeUrl) {
  std::string error;
  auto other = start(io.context(), {}, error); // plays the wake endpoint: any server does
  ASSERT_TRUE(other) << error;
  call("POST", "/relay/provision",
       R"({"gatewayId":"gw","platform":"discord","botId":"b","wakeUrl":")" + other->base_url() +
           R"(/healthz"})",
       "identity");
  peer->inject({.text = "wake up"});
  auto poke = peer->wait_for(of_kind("poke"), in_time);
  ASSERT_TRUE(poke);
  EXPECT_EQ(poke->at("status"), "200");
}

TEST_F(stand_in_test, AStoppedStandInAnswersFromMemory) {
  provision();
  peer->stop();
  peer->stop();
  EXPECT_EQ(peer->records(0, of_kind("provision")).size(), 1U);
  EXPECT_EQ(peer->gateways().size(), 1U);
}

} // namespace
} // namespace relay::connector
