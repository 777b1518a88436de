// The link port against the server, both ours.
#include "relay_gateway/tests/net/loopback.hpp"

#include <map>
#include <thread>

namespace relay::net_test {
namespace {

class sockets : public loopback {
protected:
  /// A dialled socket and the server's end of it, both open.
  struct pair {
    std::shared_ptr<recorder> heard = std::make_shared<recorder>();
    std::shared_ptr<line_socket> socket;
    acceptor::accepted there;
  };
  pair connect() {
    pair result;
    result.socket = links()->dial(to(server_->port()), result.heard);
    EXPECT_TRUE(result.heard->wait_open());
    result.there = acceptor_.next();
    EXPECT_TRUE(result.there.heard->wait_open());
    return result;
  }
  void listen(net::server_options what = {}) { server_ = serve(std::move(what), acceptor_.handlers()); }

  acceptor acceptor_;
  std::shared_ptr<net::http_server> server_;
};

std::string numbered(int from, int to) {
  std::string text;
  for (int i = from; i < to; ++i) text += "line " + std::to_string(i) + "\n";
  return text;
}

TEST_F(sockets, CarryTheHeadersOfTheDial) {
  listen();
  auto what = to(server_->port());
  what.bearer = secret("to:ken");
  auto heard = std::make_shared<recorder>();
  auto socket = links()->dial(what, heard);
  ASSERT_TRUE(heard->wait_open());
  auto there = acceptor_.next();
  EXPECT_EQ(there.request.header("authorization"), "Bearer to:ken");
  EXPECT_EQ(there.request.header("User-Agent"), "relay-gateway");
  EXPECT_EQ(there.request.header("Host"), "127.0.0.1:" + std::to_string(server_->port()));
  EXPECT_EQ(there.request.path, "/relay");
}

TEST_F(sockets, WithoutABearerThereIsNoHeader) {
  listen();
  auto p = connect();
  for (const auto& [name, value] : p.there.request.headers) EXPECT_NE(name, "Authorization");
}

TEST_F(sockets, KeepOrderBothWays) {
  listen();
  auto p = connect();
  constexpr int count = 1000;
  for (int i = 0; i < count; ++i) {
    p.socket->write(numbered(i, i + 1));
    p.there.socket->write(numbered(i, i + 1));
  }
  auto expected = numbered(0, count);
  EXPECT_EQ(p.heard->wait_bytes(expected.size()), expected);
  EXPECT_EQ(p.there.heard->wait_bytes(expected.size()), expected);
  EXPECT_TRUE(p.heard->wait_batch());
  EXPECT_LT(p.heard->batches(), p.heard->pieces()); // many frames are handed on together
}

TEST_F(sockets, WritesOfManyThreadsAllArriveEachInItsOrder) {
  listen();
  auto p = connect();
  std::vector<std::thread> threads;
  for (char c : {'a', 'b', 'c', 'd'})
    threads.emplace_back([&p, c] {
      for (int i = 0; i < 250; ++i) p.socket->write(c + std::to_string(i) + "\n");
    });
  for (auto& t : threads) t.join();
  std::size_t size = 0;
  for (int i = 0; i < 250; ++i) size += 4 * (2 + std::to_string(i).size());
  auto text = p.there.heard->wait_bytes(size);
  std::map<char, int> next;
  for (std::size_t at = 0; at < text.size();) {
    auto line = text.substr(at, text.find('\n', at) - at);
    EXPECT_EQ(line.substr(1), std::to_string(next[line[0]]++));
    at += line.size() + 1;
  }
  for (auto& [c, n] : next) EXPECT_EQ(n, 250) << c;
}

TEST_F(sockets, MayBeWrittenToFromTheirOwnCallBack) {
  acceptor_.prepare = [](recorder& heard, line_socket& socket) {
    heard.reply = [&socket](std::string_view piece) { socket.write("echo " + std::string(piece)); };
  };
  listen();
  auto p = connect();
  for (int i = 0; i < 20; ++i) p.socket->write("x\n");
  std::string expected;
  for (int i = 0; i < 20; ++i) expected += "echo x\n";
  EXPECT_EQ(p.heard->wait_bytes(expected.size()), expected);
}

TEST_F(sockets, FramesWrittenBeforeTheOpeningLeaveAfterIt) {
  listen();
  auto heard = std::make_shared<recorder>();
  auto socket = links()->dial(to(server_->port()), heard);
  socket->write("early\n");
  auto there = acceptor_.next();
  EXPECT_EQ(there.heard->wait_bytes(6), "early\n");
}

TEST_F(sockets, CloseDeliversWhatIsQueuedAndThenTheCode) {
  listen();
  auto p = connect();
  std::string big(100'000, 'x');
  for (int i = 0; i < 20; ++i) p.socket->write(big);
  p.socket->close(1012, "restarting", patience);
  p.socket->write("too late\n");
  auto there = p.there.heard->wait_end();
  EXPECT_EQ(p.there.heard->total(), 20 * big.size());
  EXPECT_EQ(there.close_code, 1012);
  EXPECT_EQ(there.close_reason, "restarting");
  EXPECT_TRUE(there.opened);
  auto here = p.heard->wait_end();
  EXPECT_EQ(here.frames_written, 20u);
  EXPECT_EQ(p.socket->queued(), 0u);
}

TEST_F(sockets, ThePeersCloseCodeIsTold) {
  listen();
  auto p = connect();
  p.there.socket->close(4401, "expired", patience);
  auto here = p.heard->wait_end();
  EXPECT_EQ(here.close_code, 4401);
  EXPECT_EQ(here.close_reason, "expired");
  EXPECT_EQ(here.http_status, 0);
  EXPECT_TRUE(here.opened);
  p.there.heard->wait_end();
}

TEST_F(sockets, BothMayCloseAtOnce) {
  listen();
  for (int i = 0; i < 10; ++i) {
    auto p = connect();
    p.socket->close(1000, "", patience);
    p.there.socket->close(1001, "", patience);
    EXPECT_EQ(p.heard->wait_end().opened, true);
    EXPECT_EQ(p.there.heard->wait_end().opened, true);
    EXPECT_EQ(p.heard->ends(), 1u);
  }
}

TEST_F(sockets, DropEndsAtOnceAndOnce) {
  listen();
  auto p = connect();
  p.socket->drop("enough of it");
  auto here = p.heard->wait_end();
  EXPECT_EQ(here.error, "enough of it");
  EXPECT_EQ(here.close_code, 0);
  p.socket->drop("again");
  p.socket->write("x");
  p.socket->close(1000, "", seconds(1));
  p.socket->read(false);
  EXPECT_EQ(p.there.heard->wait_end().close_code, 0);
  io_.run([] {});
  EXPECT_EQ(p.heard->ends(), 1u);
  EXPECT_FALSE(p.heard->called_after_end());
}

TEST_F(sockets, DropFromTheirOwnCallBackLetsNothingMoreIn) {
  listen();
  auto heard = std::make_shared<recorder>();
  std::promise<std::shared_ptr<line_socket>> promised;
  auto given = promised.get_future().share();
  heard->reply = [given](std::string_view) { given.get()->drop("seen enough"); };
  auto socket = links()->dial(to(server_->port()), heard);
  promised.set_value(socket);
  auto there = acceptor_.next();
  for (int i = 0; i < 100; ++i) there.socket->write("x\n");
  EXPECT_EQ(heard->wait_end().error, "seen enough");
  EXPECT_EQ(heard->pieces(), 1u);
  EXPECT_EQ(heard->ends(), 1u);
}

TEST_F(sockets, EndWithTheirLastHandle) {
  listen();
  auto p = connect();
  p.socket.reset();
  p.heard->wait_end();
  p.there.heard->wait_end();
}

TEST_F(sockets, StopReadingHoldsThePeerAndResumingLosesNothing) {
  listen();
  auto p = connect();
  p.there.socket->write("before\n");
  p.heard->wait_bytes(7);
  p.socket->read(false);
  io_.run([] {});
  std::string big(1 << 20, 'x');
  for (int i = 0; i < 32; ++i) p.there.socket->write(big); // more than both kernels' buffers take
  // The writer's side shows the stop: its queue does not become empty.
  p.there.socket->write("last\n");
  io_.run([] {});
  EXPECT_GT(p.there.socket->queued(), 0u);
  EXPECT_EQ(p.heard->total(), 7u);
  p.socket->read(true);
  p.heard->wait_bytes(7 + 32 * big.size() + 5);
  EXPECT_EQ(p.heard->total(), 7 + 32 * big.size() + 5);
}

TEST_F(sockets, AListenerThatIsBehindHoldsThePeerUntilItIsNot) {
  listen();
  auto p = connect();
  p.there.socket->write("before\n");
  p.heard->wait_bytes(7);
  p.heard->late = true;
  std::string big(1 << 20, 'x');
  for (int i = 0; i < 32; ++i) p.there.socket->write(big); // more than both kernels' buffers take
  p.there.socket->write("last\n");
  p.heard->wait_batch(); // seen after it
  for (int i = 0; i < 100; ++i) io_.run([] {});
  EXPECT_GT(p.there.socket->queued(), 0u);
  EXPECT_LT(p.heard->total(), 8 * big.size());
  p.heard->late = false;
  p.heard->wait_bytes(7 + 32 * big.size() + 5);
  EXPECT_EQ(p.heard->total(), 7 + 32 * big.size() + 5);
}

TEST_F(sockets, AMessageTooLargeIsRefusedWith1009) {
  net::server_options small;
  small.max_message = 10'000;
  listen(small);
  auto p = connect();
  p.socket->write(std::string(9'999, 'x') + "\n");
  p.there.heard->wait_bytes(10'000);
  p.socket->write(std::string(10'001, 'x'));
  auto there = p.there.heard->wait_end();
  EXPECT_TRUE(there.oversized);
  EXPECT_EQ(p.heard->wait_end().close_code, 1009);
  EXPECT_EQ(p.there.heard->total(), 10'000u);
}

TEST_F(sockets, AnUpgradeMayBeRefused) {
  net::server_handlers who;
  who.on_upgrade = [](const net::server_request&, const std::shared_ptr<net::upgrade>& upgrade) {
    net::server_response no;
    no.status = 401;
    no.body = "{\"error\":\"no\"}";
    upgrade->refuse(no);
  };
  server_ = serve({}, who);
  auto heard = std::make_shared<recorder>();
  auto socket = links()->dial(to(server_->port()), heard);
  socket->write("never\n");
  auto why = heard->wait_end();
  EXPECT_EQ(why.http_status, 401);
  EXPECT_FALSE(why.opened);
  EXPECT_EQ(why.close_code, 0);
  EXPECT_EQ(why.frames_written, 0u);
}

TEST_F(sockets, AnUpgradeThatNobodyDecidesIsRefused) {
  net::server_handlers who;
  who.on_upgrade = [](const net::server_request&, const std::shared_ptr<net::upgrade>&) {};
  server_ = serve({}, who);
  auto heard = std::make_shared<recorder>();
  auto socket = links()->dial(to(server_->port()), heard);
  EXPECT_EQ(heard->wait_end().http_status, 403);
}

TEST_F(sockets, AnUpgradeMayBeDecidedLaterOnAnotherThread) {
  std::promise<std::shared_ptr<net::upgrade>> promised;
  net::server_handlers who;
  who.on_upgrade = [&](const net::server_request&, std::shared_ptr<net::upgrade> upgrade) {
    promised.set_value(std::move(upgrade));
  };
  server_ = serve({}, who);
  auto heard = std::make_shared<recorder>();
  auto socket = links()->dial(to(server_->port()), heard);
  auto upgrade = promised.get_future().get();
  auto there = std::make_shared<recorder>();
  auto accepted = upgrade->accept(there);
  accepted->write("welcome\n");
  EXPECT_EQ(heard->wait_bytes(8), "welcome\n");
}

TEST_F(sockets, WithoutAHandlerForThemUpgradesAre404) {
  server_ = serve({}, {});
  auto heard = std::make_shared<recorder>();
  auto socket = links()->dial(to(server_->port()), heard);
  EXPECT_EQ(heard->wait_end().http_status, 404);
}

TEST_F(sockets, TheServersStopEndsThem) {
  listen();
  auto p = connect();
  io_.run([&] {
    server_->stop();
    server_->stop(); // idempotent
  });
  EXPECT_EQ(p.there.heard->wait_end().error, "the server stops");
  p.heard->wait_end();
}

TEST_F(sockets, APeerThatDoesNotReadIsNotReadFromAndThenGivenUp) {
  net::server_options what;
  what.ping_interval = milliseconds(50);
  what.ping_timeout = milliseconds(400);
  listen(what);
  // Each byte that comes is answered by a thousand.
  acceptor_.prepare = [](recorder& heard, line_socket& socket) {
    heard.keep = false;
    heard.reply = [&socket](std::string_view piece) { socket.write(std::string(1000 * piece.size(), 'x')); };
  };
  auto peer = raw_socket::connect(server_->port());
  request_upgrade(peer);
  auto there = acceptor_.next();
  const auto before = resident_bytes();
  std::thread sender([&] { // until the server hangs up
    const std::string frame = frame_text(1, std::string(100, 'y'), true, true);
    while (peer.send(frame)) {
    }
  });
  auto end = there.heard->wait_end();
  sender.join();
  EXPECT_NE(end.error.find("has not read"), std::string::npos) << end.error;
  EXPECT_LT(resident_bytes(), before + (40UL << 20)); // it may have shrunk
  EXPECT_LT(there.heard->total(), 1UL << 20) << "it was read from all the same";
}

TEST_F(sockets, AClientThatTricklesAMessageGoes) {
  net::server_options what;
  what.ping_interval = milliseconds(50);
  what.ping_timeout = milliseconds(200);
  what.message_ends_line = true;
  listen(what);
  auto peer = raw_socket::connect(server_->port());
  request_upgrade(peer);
  auto there = acceptor_.next();
  for (char c : frame_text(1, std::string(100, 'x'), true, true)) {
    if (read_frame(peer).opcode != 9) break;
    peer.send(std::string(1, c));
  }
  auto end = there.heard->wait_end();
  EXPECT_NE(end.error.find("begun a frame"), std::string::npos) << end.error;
}

TEST_F(sockets, APeerThatReadsLateGetsEverything) {
  listen();
  acceptor_.prepare = [](recorder& heard, line_socket& socket) {
    heard.reply = [&socket](std::string_view piece) {
      socket.write(std::string(100'000 * piece.size(), 'x'));
    };
  };
  auto peer = raw_socket::connect(server_->port());
  request_upgrade(peer);
  constexpr int count = 200;
  std::thread sender([&] {
    for (int i = 0; i < count; ++i) peer.send(frame_text(1, "y", true, true));
  });
  sender.join(); // reading was stopped in between: the kernel holds the rest
  std::size_t got = 0;
  while (got < std::size_t{100'000} * count) {
    auto frame = read_frame(peer);
    ASSERT_EQ(frame.opcode, 1);
    got += frame.payload.size();
  }
  EXPECT_EQ(got, std::size_t{100'000} * count);
}

TEST_F(sockets, APeerThatHasReadAllIsReadFromAgain) {
  listen();
  auto peer = raw_socket::connect(server_->port());
  request_upgrade(peer);
  auto there = acceptor_.next();
  ASSERT_TRUE(there.heard->wait_open());
  // More than may wait before reading stops, and by and by little enough for the kernel to take it at once.
  constexpr std::size_t size = 5UL << 20;
  for (std::size_t round = 1; round <= 40; ++round) {
    there.socket->write(std::string(size, 'x'));
    ASSERT_EQ(read_frame(peer).payload.size(), size);
    peer.send(frame_text(1, "y", true, true));
    ASSERT_GE(there.heard->wait_bytes(round).size(), round);
  }
}

TEST_F(sockets, WhatOthersSendToADeafPeerEndsItToo) {
  listen();
  auto peer = raw_socket::connect(server_->port());
  request_upgrade(peer);
  auto there = acceptor_.next();
  ASSERT_TRUE(there.heard->wait_open());
  for (int i = 0; i < 200 && !there.heard->ended(); ++i) there.socket->write(std::string(1 << 20, 'x'));
  EXPECT_NE(there.heard->wait_end().error.find("does not read"), std::string::npos);
}

TEST_F(sockets, HundredsAtATime) {
  listen();
  auto port = links();
  std::vector<std::shared_ptr<recorder>> heard;
  std::vector<std::shared_ptr<line_socket>> open;
  acceptor_.prepare = [](recorder& who, line_socket& socket) {
    who.reply = [&socket](std::string_view piece) { socket.write(std::string(piece)); };
  };
  std::vector<acceptor::accepted> there;
  for (int i = 0; i < 200; ++i) {
    heard.push_back(std::make_shared<recorder>());
    open.push_back(port->dial(to(server_->port()), heard.back()));
    open.back()->write("number " + std::to_string(i) + "\n");
  }
  for (int i = 0; i < 200; ++i) there.push_back(acceptor_.next());
  for (std::size_t i = 0; i < heard.size(); ++i) {
    auto expected = "number " + std::to_string(i) + "\n";
    EXPECT_EQ(heard[i]->wait_bytes(expected.size()), expected);
  }
}

} // namespace
} // namespace relay::net_test
