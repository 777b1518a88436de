// The HTTP server against a client made of bytes.
#include "relay_gateway/tests/net/loopback.hpp"

#include <algorithm>
#include <ctime>
#include <iomanip>
#include <sstream>
#include <thread>

namespace relay::net_test {
namespace {

class server : public loopback {
protected:
  /// Answers with what it understood.
  static void mirror(const net::server_request& x, const std::shared_ptr<net::responder>& to) {
    net::server_response answer;
    answer.content_type = "text/plain";
    answer.body = x.method + " " + x.path + "|";
    for (const auto& [name, value] : x.query) answer.body += name + "=" + value + ";";
    answer.body += "|" + std::string(x.header("origin")) + "|" + x.body;
    answer.headers.emplace_back("X-Peer", x.peer.substr(0, x.peer.find(':')));
    to->answer(std::move(answer));
  }
  std::uint16_t listen(net::server_options what = {}, net::server_handlers who = {mirror, {}}) {
    running = serve(std::move(what), std::move(who));
    return running->port();
  }
  std::shared_ptr<net::http_server> running;
};

std::string get(std::string_view target, std::string_view headers = {}) {
  std::string text = "GET ";
  return text.append(target).append(" HTTP/1.1\r\nHost: x\r\n").append(headers).append("\r\n");
}

/// The next answer of a kept connection; all of ours carry a length.
std::string answer_of(raw_socket& from) {
  auto head = from.receive_until("\r\n\r\n");
  auto at = head.find("Content-Length: ");
  auto size = at == std::string::npos ? 0 : std::stoul(head.substr(at + 16));
  return head + from.receive_exactly(size);
}

TEST_F(server, UnderstandsARequest) {
  auto peer = raw_socket::connect(listen());
  peer.send("POST /a%20b/%zz?x=1%2B1&y=a+b&flag HTTP/1.1\r\nHost: x\r\noRiGiN: https://evil.example\r\n"
            "Content-Length: 4\r\n\r\nbody");
  auto answer = answer_of(peer);
  EXPECT_EQ(answer.substr(0, 15), "HTTP/1.1 200 OK");
  EXPECT_NE(answer.find("POST /a b/%zz|x=1+1;y=a b;flag=;|https://evil.example|body"), std::string::npos)
      << answer;
  EXPECT_NE(answer.find("X-Peer: 127.0.0.1\r\n"), std::string::npos);
  EXPECT_NE(answer.find("Content-Type: text/plain\r\n"), std::string::npos);
}

TEST_F(server, EveryAnswerHasADate) {
  auto peer = raw_socket::connect(listen());
  auto date_of = [](const std::string& head) {
    auto at = head.find("\r\nDate: ");
    return at == std::string::npos ? std::string{} : head.substr(at + 8, 29);
  };
  peer.send(get("/") + "no request at all\r\n\r\n");
  for (auto* status : {"200", "400"}) {
    auto answer = answer_of(peer);
    EXPECT_EQ(answer.substr(9, 3), status);
    std::tm at{};
    std::istringstream{date_of(answer)} >> std::get_time(&at, "%a, %d %b %Y %H:%M:%S GMT");
    EXPECT_LT(std::abs(timegm(&at) - std::time(nullptr)), 60) << answer;
  }
}

TEST_F(server, KeepsConnectionsAndAnswersPipelinedRequestsInOrder) {
  auto peer = raw_socket::connect(listen());
  std::string many;
  for (int i = 0; i < 100; ++i) many += get("/" + std::to_string(i));
  peer.send(many);
  for (int i = 0; i < 100; ++i)
    EXPECT_NE(answer_of(peer).find("GET /" + std::to_string(i) + "|"), std::string::npos);
  peer.send(get("/last", "Connection: close\r\n"));
  EXPECT_NE(peer.receive_all().find("GET /last|"), std::string::npos); // and the end of the stream
}

TEST_F(server, RequestsMayComeByteByByteAndChunked) {
  auto peer = raw_socket::connect(listen());
  for (char c : std::string("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
                            "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"))
    peer.send(std::string(1, c));
  EXPECT_NE(answer_of(peer).find("|abcde"), std::string::npos);
}

TEST_F(server, HeadGetsNoBody) {
  auto peer = raw_socket::connect(listen());
  peer.send("HEAD /x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  auto all = peer.receive_all();
  EXPECT_NE(all.find("Content-Length: 10"), std::string::npos) << all;
  EXPECT_EQ(all.substr(all.size() - 4), "\r\n\r\n");
}

TEST_F(server, BodiesTooLargeAre413BeforeAnyHandler) {
  net::server_options what;
  what.max_body = 100;
  std::atomic<int> handled = 0;
  auto port = listen(what, {[&](const net::server_request& x, const std::shared_ptr<net::responder>& to) {
                              ++handled;
                              mirror(x, to);
                            },
                            {}});
  auto announced = raw_socket::connect(port);
  announced.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 101\r\n\r\n");
  EXPECT_EQ(announced.receive_all().substr(9, 3), "413");
  auto chunked = raw_socket::connect(port);
  chunked.send("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n65\r\n" +
               std::string(101, 'x') + "\r\n");
  EXPECT_EQ(chunked.receive_all().substr(9, 3), "413");
  EXPECT_EQ(handled, 0);
  auto fits = raw_socket::connect(port);
  fits.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n" + std::string(100, 'x'));
  EXPECT_EQ(answer_of(fits).substr(9, 3), "200");
}

TEST_F(server, ALargeUploadIsToldThatItIsTooLargeNotReset) {
  net::server_options what;
  what.max_body = 1000;
  auto peer = raw_socket::connect(listen(what));
  peer.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3000000\r\n\r\n");
  std::thread sender([&] { peer.send(std::string(3'000'000, 'x')); });
  sender.join();
  EXPECT_EQ(peer.receive_all().substr(9, 3), "413");
}

TEST_F(server, ExpectedContinuesAreGiven) {
  auto peer = raw_socket::connect(listen());
  peer.send("POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
  EXPECT_EQ(peer.receive_until("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  peer.send("ok");
  EXPECT_NE(answer_of(peer).find("|ok"), std::string::npos);
}

TEST_F(server, BadRequestsAre400AndEndTheConnection) {
  auto port = listen();
  for (const auto* bad :
       {"NONSENSE\r\n\r\n", "GET / HTTP/1.1\r\nbad header\r\n\r\n", "GET  / HTTP/1.1\r\n\r\n",
        "POST / HTTP/1.1\r\nContent-Length: x\r\n\r\n", "\x16\x03\x01\x02\x00\x01\x00"}) {
    auto peer = raw_socket::connect(port);
    peer.send(bad);
    peer.shut();
    auto all = peer.receive_all();
    EXPECT_TRUE(all.empty() || all.substr(9, 3) == "400") << bad << all;
  }
  auto peer = raw_socket::connect(port);
  peer.send("GET / HTTP/1.1\r\nbad header\r\n\r\n");
  EXPECT_EQ(peer.receive_all().substr(9, 3), "400");
}

TEST_F(server, HeadsTooLargeAre431) {
  auto peer = raw_socket::connect(listen());
  peer.send(get("/", "X: " + std::string(100'000, 'x') + "\r\n"));
  EXPECT_EQ(peer.receive_all().substr(9, 3), "431");
}

TEST_F(server, BadUpgradesAre400) {
  acceptor never;
  auto port = listen({}, {mirror, never.handlers().on_upgrade});
  auto peer = raw_socket::connect(port);
  peer.send("GET /relay HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: "
            "Upgrade\r\nSec-WebSocket-Version: 12\r\n"
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
  EXPECT_EQ(peer.receive_all().substr(9, 3), "400");
}

TEST_F(server, UpgradesSeeTheirHeadersAndTheFramesBehindThem) {
  acceptor upgrades;
  auto port = listen({}, {mirror, upgrades.handlers().on_upgrade});
  auto peer = raw_socket::connect(port);
  peer.send(
      "GET /v1/link?who=me HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
      "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nOrigin: http://a\r\n\r\n" +
      frame_text(1, "at once\n", true, true));
  auto head = peer.receive_until("\r\n\r\n");
  EXPECT_EQ(head.substr(9, 3), "101");
  EXPECT_NE(head.find("\r\nDate: "), std::string::npos) << head;
  auto there = upgrades.next();
  EXPECT_EQ(there.request.header("origin"), "http://a");
  EXPECT_EQ(there.request.parameter("who"), "me");
  EXPECT_EQ(there.heard->wait_bytes(8), "at once\n");
  there.socket->write("answer\n");
  EXPECT_EQ(read_frame(peer).payload, "answer\n");
  peer.send(close_text(1000, "", true));
  EXPECT_EQ(there.heard->wait_end().close_code, 1000);
}

TEST_F(server, AnswersMayComeLaterFromAnotherThreadOrNotAtAll) {
  std::promise<std::shared_ptr<net::responder>> promised;
  auto port = listen({}, {[&](const net::server_request& x, std::shared_ptr<net::responder> to) {
                            if (x.path == "/later") promised.set_value(std::move(to));
                          },
                          {}});
  auto peer = raw_socket::connect(port);
  peer.send(get("/dropped"));
  EXPECT_EQ(answer_of(peer).substr(9, 3), "500");
  peer.send(get("/later"));
  auto to = promised.get_future().get();
  net::server_response first, second;
  first.status = 202;
  second.status = 409;
  to->answer(first);
  to->answer(second); // once is once
  to.reset();
  EXPECT_EQ(answer_of(peer).substr(9, 3), "202");
}

TEST_F(server, HeadersCannotBeSmuggledIntoAnAnswer) {
  auto port = listen({}, {[](const net::server_request&, const std::shared_ptr<net::responder>& to) {
                            net::server_response x;
                            x.headers.emplace_back("X-Good", "1");
                            x.headers.emplace_back("X-Bad", "1\r\nSet-Cookie: evil");
                            to->answer(x);
                          },
                          {}});
  auto peer = raw_socket::connect(port);
  peer.send(get("/"));
  auto answer = answer_of(peer);
  EXPECT_NE(answer.find("X-Good: 1\r\n"), std::string::npos);
  EXPECT_EQ(answer.find("evil"), std::string::npos);
}

TEST_F(server, BeyondTheBoundWhoHasWaitedLongestGoes) {
  net::server_options what;
  what.max_connections = 2;
  auto port = listen(what);
  auto first = raw_socket::connect(port);
  auto second = raw_socket::connect(port);
  first.send(get("/1"));
  EXPECT_EQ(answer_of(first).substr(9, 3),
            "200"); // now it waits for its next request, as the second one does
  second.send(get("/2"));
  EXPECT_EQ(answer_of(second).substr(9, 3), "200");
  auto third = raw_socket::connect(port);
  third.send(get("/3"));
  EXPECT_EQ(answer_of(third).substr(9, 3), "200");
  EXPECT_TRUE(first.ends());
  second.send(get("/2"));
  EXPECT_EQ(answer_of(second).substr(9, 3), "200");
}

TEST_F(server, SlowConnectionsLockNobodyOut) {
  net::server_options what;
  what.max_connections = 8;
  auto port = listen(what);
  std::vector<raw_socket> slow;
  for (int i = 0; i < 40; ++i) slow.push_back(raw_socket::connect(port));
  for (auto& x : slow) x.send("GET / HTTP/1.1\r\nX: ");
  auto good = raw_socket::connect(port);
  good.send(get("/"));
  EXPECT_EQ(answer_of(good).substr(9, 3), "200");
}

TEST_F(server, SlowBodiesAndSlowReadersLockNobodyOut) {
  net::server_options what;
  what.max_connections = 8;
  what.max_body = 1ULL << 20;
  what.max_bytes = 1ULL << 30;
  auto port = listen(what, {[](const net::server_request& x, const std::shared_ptr<net::responder>& to) {
                              if (x.path != "/large") return mirror(x, to);
                              net::server_response all;
                              all.body.assign(64ULL << 20, 'x'); // more than the kernel takes
                              to->answer(std::move(all));
                            },
                            {}});
  std::vector<raw_socket> slow;
  for (int i = 0; i < 20; ++i) {
    slow.push_back(raw_socket::connect(port));
    slow.back().send(i % 2 == 0 ? "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nx"
                                : get("/large"));
  }
  for (int i = 0; i < 3; ++i) { // each finds a place
    auto good = raw_socket::connect(port);
    good.send(get("/"));
    EXPECT_EQ(answer_of(good).substr(9, 3), "200");
  }
}

TEST_F(server, WebSocketsLeavePlacesForRequests) {
  net::server_options what;
  what.max_connections = 32; // two of them for requests
  what.reserved_connections = 0;
  std::vector<std::shared_ptr<net::server_socket>> accepted;
  auto port =
      listen(what, {mirror, [&accepted](const net::server_request&, const std::shared_ptr<net::upgrade>& u) {
                      accepted.push_back(u->accept(std::make_shared<recorder>()));
                    }});
  const std::string upgrade =
      "GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
      "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n";
  std::vector<raw_socket> sockets;
  for (int i = 0; i < 30; ++i) {
    sockets.push_back(raw_socket::connect(port));
    sockets.back().send(upgrade);
    EXPECT_EQ(sockets.back().receive_until("\r\n").substr(9, 3), "101") << i;
  }
  const auto asked_for = [&] {
    auto one = raw_socket::connect(port);
    one.send(upgrade);
    auto out = one.receive_until("\r\n").substr(9, 3);
    if (out == "101") sockets.push_back(std::move(one));
    return out;
  };
  EXPECT_EQ(asked_for(), "503");
  auto good = raw_socket::connect(port);
  good.send(get("/"));
  EXPECT_EQ(answer_of(good).substr(9, 3), "200");
  sockets.pop_back(); // the place of one that goes is free for the next
  std::string next;
  while (next != "101") next = asked_for();
  EXPECT_EQ(asked_for(), "503");
  running.reset();
  accepted.clear();
}

TEST_F(server, WhereAllPlacesAreBusyOnlyWhatIsVitalIsAnswered) {
  net::server_options what;
  what.max_connections = 2;
  what.reserved_connections = 1;
  std::vector<std::shared_ptr<net::responder>> busy; // on the server's thread, then here once it has ended
  auto port = listen(what, {[&busy](const net::server_request& x, const std::shared_ptr<net::responder>& to) {
                              if (x.path == "/busy") return busy.push_back(to);
                              mirror(x, to);
                            },
                            {},
                            [](std::string_view path) { return path == "/livez"; }});
  auto first = raw_socket::connect(port), second = raw_socket::connect(port);
  first.send(get("/busy"));
  second.send(get("/busy"));
  auto ask = [&](std::string_view path) {
    for (;;) { // the two must have been read first
      auto peer = raw_socket::connect(port);
      peer.send(get(path));
      auto answer = answer_of(peer);
      if (!answer.empty()) return answer.substr(9, 3);
    }
  };
  std::string other;
  while (other != "503") other = ask("/x");
  EXPECT_EQ(ask("/livez"), "200");
  running.reset();
  busy.clear();
}

TEST_F(server, OnlyOneTransferCodingIsUnderstood) {
  auto port = listen();
  for (const auto* headers :
       {"Transfer-Encoding: gzip, chunked\r\n", "Transfer-Encoding: identity\r\n",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", "Transfer-Encoding: xchunked\r\n",
        "Transfer-Encoding: chunked, identity\r\n", "Transfer-Encoding:\r\n", "TE: gzip\r\n",
        "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n"}) {
    auto peer = raw_socket::connect(port);
    peer.send("POST / HTTP/1.1\r\nHost: x\r\n" + std::string(headers) + "\r\n0\r\n\r\n");
    EXPECT_EQ(peer.receive_until("\r\n").substr(9, 3), "400") << headers;
    EXPECT_TRUE(peer.ends()) << headers;
  }
  auto old = raw_socket::connect(port);
  old.send("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n");
  EXPECT_EQ(old.receive_until("\r\n").substr(9, 3), "400");
  auto good = raw_socket::connect(port);
  good.send("POST / HTTP/1.1\r\nHost: x\r\nTE: trailers\r\nTransfer-Encoding: "
            "Chunked\r\n\r\n4\r\nbody\r\n0\r\n\r\n");
  EXPECT_NE(answer_of(good).find("|body"), std::string::npos);
}

TEST_F(server, BodiesOfAllConnectionsTogetherAreBounded) {
  net::server_options what;
  what.max_bytes = 300'000;
  auto port = listen(what);
  auto first = raw_socket::connect(port);
  first.send("POST /1 HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 200000\r\n\r\n");
  EXPECT_NE(first.receive_until("\r\n\r\n").find("100 Continue"), std::string::npos);
  auto second = raw_socket::connect(port);
  second.send("POST /2 HTTP/1.1\r\nHost: x\r\nContent-Length: 200000\r\n\r\n");
  EXPECT_EQ(second.receive_until("\r\n").substr(9, 3), "503");
  auto small = raw_socket::connect(port);
  small.send("POST /3 HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nbody");
  EXPECT_NE(answer_of(small).find("|body"), std::string::npos);
  first.send(std::string(200'000, 'x'));
  EXPECT_EQ(answer_of(first).substr(9, 3), "200");
  auto third = raw_socket::connect(port);
  third.send("POST /2 HTTP/1.1\r\nHost: x\r\nContent-Length: 200000\r\n\r\n" + std::string(200'000, 'x'));
  EXPECT_EQ(third.receive_until("\r\n").substr(9, 3), "200") << "there is room again";
}

TEST_F(server, AHeadHasLessTimeThanABody) {
  net::server_options what;
  what.header_timeout = milliseconds(150);
  auto port = listen(what);
  auto idle = raw_socket::connect(port);
  auto slow = raw_socket::connect(port);
  slow.send("GET / HTTP/1.1\r\nX: ");
  auto body = raw_socket::connect(port);
  body.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nbo");
  EXPECT_TRUE(idle.ends());
  EXPECT_TRUE(slow.ends());
  body.send("dy");
  EXPECT_NE(answer_of(body).find("|body"), std::string::npos);
}

TEST_F(server, ASlowRequestIsCutOff) {
  net::server_options what;
  what.read_timeout = milliseconds(150);
  auto port = listen(what);
  auto idle = raw_socket::connect(port);
  auto slow = raw_socket::connect(port);
  slow.send("GET / HTTP/1.1\r\nX: ");
  EXPECT_TRUE(idle.ends());
  EXPECT_TRUE(slow.ends());
}

TEST_F(server, LargeAnswersArriveWhole) {
  auto port = listen({}, {[](const net::server_request&, const std::shared_ptr<net::responder>& to) {
                            net::server_response x;
                            x.body.assign(20 << 20, 'b');
                            to->answer(std::move(x));
                          },
                          {}});
  auto peer = raw_socket::connect(port);
  peer.send(get("/") + get("/"));
  for (int i = 0; i < 2; ++i) {
    auto answer = answer_of(peer);
    EXPECT_GT(answer.size(), std::size_t{20} << 20);
  }
}

TEST_F(server, StopEndsConnectionsAndFreesThePort) {
  auto port = listen();
  auto peer = raw_socket::connect(port);
  peer.send(get("/"));
  answer_of(peer);
  io_.run([&] { running->stop(); });
  EXPECT_TRUE(peer.ends());
  net::server_options same;
  same.port = port;
  EXPECT_EQ(listen(same), port);
}

TEST_F(server, AnAddressInUseOrUnknownIsAnError) {
  net::server_options same;
  same.port = listen();
  std::string error;
  EXPECT_FALSE(net::listen(io_.context(), same, {}, error));
  EXPECT_NE(error.find(std::to_string(same.port)), std::string::npos) << error;
  net::server_options odd;
  odd.host = "not an address";
  error.clear();
  EXPECT_FALSE(net::listen(io_.context(), odd, {}, error));
  EXPECT_FALSE(error.empty());
}

} // namespace
} // namespace relay::net_test
