// The HTTP port against peers made of bytes.
#include "relay_gateway/tests/net/loopback.hpp"

namespace relay::net_test {
namespace {

class calls : public loopback {
protected:
  /// Starts a call; `answer` is sent when its whole request has come.
  http_response exchange(http_request what, std::string_view answer, bool shut = false) {
    what.url = url(server.port(), "/relay/provision?x=1");
    auto promise = std::make_shared<std::promise<http_response>>();
    auto future = promise->get_future();
    auto size = what.body.reveal().size();
    auto port = https();
    port->call(std::move(what), [promise](http_response x) { promise->set_value(std::move(x)); });
    auto there = server.accept();
    request = there.receive_until("\r\n\r\n");
    body = there.receive_exactly(size);
    there.send(answer);
    if (shut) there.shut();
    if (future.wait_for(patience) != std::future_status::ready) {
      ADD_FAILURE() << "the call did not end";
      return {};
    }
    return future.get();
  }

  raw_server server;
  std::string request, body;
};

TEST_F(calls, SendWhatTheyAreGiven) {
  http_request what;
  what.method = "POST";
  what.bearer = secret("token");
  what.headers = {{"Content-Type", "application/json"}, {"Accept", "application/json"}};
  what.body = secret("{\"a\":1}");
  auto answer = exchange(what, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body.reveal(), "{}");
  EXPECT_EQ(body, "{\"a\":1}");
  EXPECT_EQ(request.substr(0, 39), "POST /relay/provision?x=1 HTTP/1.1\r\nHos");
  for (const auto* line :
       {"Host: 127.0.0.1:", "\r\nAuthorization: Bearer token\r\n", "\r\nUser-Agent: relay-gateway\r\n",
        "\r\nContent-Type: application/json\r\n", "\r\nContent-Length: 7\r\n"})
    EXPECT_NE(request.find(line), std::string::npos) << line << request;
}

TEST_F(calls, ReadEveryKindOfBody) {
  EXPECT_EQ(exchange({}, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n")
                .body.reveal(),
            "abc");
  EXPECT_EQ(exchange({}, "HTTP/1.1 200 OK\r\n\r\nto the end", true).body.reveal(), "to the end");
  EXPECT_EQ(exchange({}, "HTTP/1.1 204 No Content\r\n\r\n").status, 204);
  EXPECT_EQ(exchange({}, "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx")
                .body.reveal(),
            "x");
  http_request head;
  head.method = "HEAD";
  EXPECT_EQ(exchange(head, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n").status, 200);
}

TEST_F(calls, F48ARedirectIsAnAnswerAndTheBearerGoesNowhereElse) {
  raw_server elsewhere;
  http_request what;
  what.bearer = secret("token");
  auto answer = exchange(what, "HTTP/1.1 307 Temporary Redirect\r\nLocation: http://127.0.0.1:" +
                                   std::to_string(elsewhere.port()) + "/\r\nContent-Length: 0\r\n\r\n");
  EXPECT_EQ(answer.status, 307);
  // Nobody has dialled the other server: the first that comes is this.
  auto probe = raw_socket::connect(elsewhere.port());
  probe.send("probe");
  EXPECT_EQ(elsewhere.accept().receive(5), "probe");
}

TEST_F(calls, F51BodiesAreBounded) {
  http_request what;
  what.max_body = 1000;
  what.max_error_body = 100;
  auto fits = exchange(what, "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n" + std::string(1000, 'x'));
  EXPECT_EQ(fits.status, 200);
  EXPECT_EQ(fits.body.reveal().size(), 1000u);
  for (const auto& large :
       {"HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n" + std::string(1001, 'x'),
        "HTTP/1.1 200 OK\r\n\r\n" + std::string(1001, 'x'),
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3e9\r\n" + std::string(1001, 'x')}) {
    auto answer = exchange(what, large);
    EXPECT_EQ(answer.status, 0);
    EXPECT_NE(answer.error.find("1000"), std::string::npos) << answer.error;
    EXPECT_TRUE(answer.body.empty());
  }
  // A length that nobody could hold is not prepared for.
  EXPECT_EQ(exchange(what, "HTTP/1.1 200 OK\r\nContent-Length: 1152921504606846975\r\n\r\n" +
                               std::string(2000, 'x'))
                .status,
            0);
  // Of a failure the status counts; its text is cut.
  auto failure = exchange(what, "HTTP/1.1 500 Oops\r\nContent-Length: 5000\r\n\r\n" + std::string(5000, 'e'));
  EXPECT_EQ(failure.status, 500);
  EXPECT_EQ(failure.body.reveal(), std::string(100, 'e'));
}

TEST_F(calls, AnAnswerCutShortIsNone) {
  EXPECT_EQ(exchange({}, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf", true).status, 0);
  EXPECT_EQ(exchange({}, "HTTP/1.1 200 OK\r\nConte", true).status, 0);
  auto nothing = exchange({}, "", true);
  EXPECT_EQ(nothing.status, 0);
  EXPECT_FALSE(nothing.error.empty());
  EXPECT_EQ(exchange({}, "not http at all\r\n\r\n", true).status, 0);
}

TEST_F(calls, EndWithinTheirTimeOut) {
  http_request what;
  what.timeout = milliseconds(200);
  auto answer = exchange(what, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nslow");
  EXPECT_EQ(answer.status, 0);
  EXPECT_NE(answer.error.find("timed out"), std::string::npos);
}

TEST_F(calls, WithBadInputEndInAnError) {
  auto port = https();
  auto with = [&](auto change) {
    http_request what;
    what.url = url(server.port(), "/");
    change(what);
    auto answer = call(*port, what);
    EXPECT_EQ(answer.status, 0);
    EXPECT_FALSE(answer.error.empty());
    EXPECT_EQ(answer.error.find("evil"), std::string::npos);
  };
  with([](http_request& x) { x.url = "file:///etc/passwd"; });
  with([](http_request& x) { x.url = "nonsense"; });
  with([](http_request& x) { x.method = "GET / HTTP/1.1\r\nX:"; });
  with([](http_request& x) { x.bearer = secret("a\r\nX: evil"); });
  with([](http_request& x) { x.headers = {{"X", "a\r\nY: evil"}}; });
  with([](http_request& x) { x.headers = {{"X\r\nY", "evil"}}; });
}

TEST_F(calls, ManyAtOnceEachGetTheirOwnAnswer) {
  net::server_handlers who;
  who.on_request = [](const net::server_request& x, const std::shared_ptr<net::responder>& to) {
    net::server_response answer;
    answer.body = x.path;
    to->answer(std::move(answer));
  };
  auto ours = serve({}, who);
  auto port = https();
  std::vector<std::future<http_response>> answers;
  for (int i = 0; i < 100; ++i) {
    auto promise = std::make_shared<std::promise<http_response>>();
    answers.push_back(promise->get_future());
    http_request what;
    what.url = url(ours->port(), "/" + std::to_string(i));
    port->call(what, [promise](http_response x) { promise->set_value(std::move(x)); });
  }
  for (int i = 0; i < 100; ++i)
    EXPECT_EQ(answers[static_cast<std::size_t>(i)].get().body.reveal(), "/" + std::to_string(i));
}

} // namespace
} // namespace relay::net_test
