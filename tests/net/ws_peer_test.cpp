// The link port against peers made of bytes: what a real, broken or hostile connector may send. F-numbers:
// failures.md.
#include "relay_gateway/tests/net/loopback.hpp"

#include <thread>

namespace relay::net_test {
namespace {

class peer : public loopback {
protected:
  void dial(dial_request what) {
    heard = std::make_shared<recorder>();
    socket = links()->dial(std::move(what), heard);
  }
  void dial() { dial(to(server.port())); }
  /// Dials and accepts.
  raw_socket open(dial_request what, std::string_view headers = {}, std::string_view frames = {}) {
    dial(std::move(what));
    auto there = server.accept();
    accept_upgrade(there, headers, frames);
    EXPECT_TRUE(heard->wait_open());
    return there;
  }
  raw_socket open() { return open(to(server.port())); }
  dial_request quick() {
    auto what = to(server.port());
    what.ping_interval = milliseconds(100);
    what.ping_timeout = milliseconds(300);
    return what;
  }

  raw_server server;
  std::shared_ptr<recorder> heard;
  std::shared_ptr<line_socket> socket;
};

TEST_F(peer, TextIsOneMaskedMessagePerFrame) {
  auto there = open();
  socket->write("{\"type\":\"hello\"}\n");
  socket->write(std::string(70'000, 'x'));
  auto first = read_frame(there);
  EXPECT_EQ(first.opcode, 1);
  EXPECT_TRUE(first.fin);
  EXPECT_EQ(first.payload, "{\"type\":\"hello\"}\n");
  auto second = read_frame(there);
  EXPECT_TRUE(second.fin);
  EXPECT_EQ(second.payload, std::string(70'000, 'x'));
}

TEST_F(peer, F14InvalidUtf8InATextMessageIsHandedOnAndTheStreamLives) {
  auto there = open();
  std::string bad = "\xff\xfe bad \xc3(\n";
  there.send(frame_text(1, bad));
  there.send(frame_text(1, "cut \xe2\x82")); // ends inside a sequence
  there.send(frame_text(1, "\n", true));
  there.send(frame_text(1, std::string(5'000, '\xff'))); // read straight into the caller's buffer
  there.send(frame_text(1, "good\n"));
  auto expected = bad + "cut \xe2\x82\n" + std::string(5'000, '\xff') + "good\n";
  EXPECT_EQ(heard->wait_bytes(expected.size()), expected);
  socket->write("still here\n");
  EXPECT_EQ(read_frame(there).payload, "still here\n");
}

TEST_F(peer, F14BinaryMessagesAreHandedOnLikewise) {
  auto there = open();
  there.send(frame_text(2, "binary \x80\n") + frame_text(1, "text\n"));
  EXPECT_EQ(heard->wait_bytes(14), "binary \x80\ntext\n");
}

TEST_F(peer, F15BytesArriveHoweverTheyAreCut) {
  auto there = open();
  auto stream = frame_text(1, "one\ntwo\n") + frame_text(1, "", true) + frame_text(1, "thr", false) +
                frame_text(9, "are you there") + frame_text(0, "ee", false) + frame_text(0, "\n", true);
  for (char c : stream) there.send(std::string(1, c)); // every split point
  EXPECT_EQ(heard->wait_bytes(14), "one\ntwo\nthree\n");
  auto pong = read_frame(there);
  EXPECT_EQ(pong.opcode, 10);
  EXPECT_EQ(pong.payload, "are you there");
}

TEST_F(peer, FramesRightBehindTheUpgradeAreNotLost) {
  // A head beyond Beast's read buffer, and more frames behind it than that buffer takes.
  auto headers = "X-Long: " + std::string(3'000, 'h') + "\r\n";
  std::string frames, expected;
  for (int i = 0; i < 200; ++i) {
    auto line = "frame " + std::to_string(i) + "\n";
    frames += frame_text(1, line);
    expected += line;
  }
  auto there = open(to(server.port()), headers, frames);
  EXPECT_EQ(heard->wait_bytes(expected.size()), expected);
}

TEST_F(peer, F13AnEndlessLineGrowsNothing) {
  auto what = to(server.port());
  what.max_message = 1ULL << 40;
  heard = std::make_shared<recorder>();
  heard->keep = false;
  socket = links()->dial(what, heard);
  auto there = server.accept();
  accept_upgrade(there);
  ASSERT_TRUE(heard->wait_open());
  constexpr std::size_t megabytes = 64;
  std::string head{'\x81', '\x7f', 0, 0, 0, 1, 0, 0, 0, 0}; // one message of 4 GiB
  std::string chunk(1 << 20, 'x');
  there.send(head);
  there.send(chunk);
  heard->wait_bytes(chunk.size());
  auto before = resident_bytes();
  for (std::size_t i = 1; i < megabytes; ++i) there.send(chunk);
  heard->wait_bytes(megabytes * chunk.size());
  EXPECT_EQ(heard->total(), megabytes * chunk.size());
  EXPECT_LT(resident_bytes(), before + (16u << 20));
  EXPECT_LE(heard->largest_piece(), 64u * 1024);
  EXPECT_FALSE(heard->ended());
}

TEST_F(peer, F13AMessageAnnouncedTooLargeIsRefusedAtItsHead) {
  auto what = to(server.port());
  what.max_message = 1000;
  auto there = open(what);
  there.send(frame_text(1, std::string(600, 'x'), false));
  heard->wait_bytes(600);
  there.send(frame_text(0, std::string(600, 'x'), true));
  auto why = heard->wait_end();
  EXPECT_TRUE(why.oversized);
  auto close = read_frame(there);
  EXPECT_EQ(close.opcode, 8);
  EXPECT_EQ(close.close_code(), 1009);
}

TEST_F(peer, CloseCodesAndReasonsAreTold) {
  for (auto [code, reason] :
       {std::pair<std::uint16_t, const char*>{4401, "unauthorized"}, {1012, ""}, {4429, "sibling"}}) {
    auto there = open();
    there.send(frame_text(1, "last\n") + close_text(code, reason));
    auto why = heard->wait_end();
    EXPECT_EQ(why.close_code, code);
    EXPECT_EQ(why.close_reason, reason);
    EXPECT_EQ(heard->bytes(), "last\n");
    auto answer = read_frame(there);
    EXPECT_EQ(answer.opcode, 8);
    EXPECT_EQ(answer.close_code(), code);
    EXPECT_TRUE(there.ends());
  }
}

TEST_F(peer, ACloseFrameWithoutACodeIs1005) {
  auto there = open();
  there.send(frame_text(8, ""));
  EXPECT_EQ(heard->wait_end().close_code, 1005);
}

TEST_F(peer, TheCloseCodeSurvivesAResetWhileWriting) {
  auto there = std::make_unique<raw_socket>(open());
  socket->read(false); // so that the code is still unread when the reset comes
  io_.run([] {});
  there->send(close_text(4401, "revoked"));
  there.reset();
  for (int i = 0; i < 50; ++i) socket->write(std::string(10'000, 'x'));
  io_.run([] {});
  socket->read(true);
  auto why = heard->wait_end();
  EXPECT_TRUE(why.close_code == 4401 || why.close_code == 0); // 0: the kernel threw the data away
  EXPECT_TRUE(why.opened);
}

TEST_F(peer, AnEndWithoutACloseFrameIsTold) {
  auto there = std::make_unique<raw_socket>(open());
  there->send(frame_text(1, "half a li", false));
  heard->wait_bytes(9);
  there.reset();
  auto why = heard->wait_end();
  EXPECT_EQ(why.close_code, 0);
  EXPECT_FALSE(why.oversized);
  EXPECT_TRUE(why.opened);
}

TEST_F(peer, ABrokenFrameEndsItWith1002) {
  auto there = open();
  there.send("\xf3\x01x"); // reserved bits and a reserved opcode
  auto why = heard->wait_end();
  EXPECT_EQ(why.close_code, 0);
  auto close = read_frame(there);
  EXPECT_EQ(close.opcode, 8);
  EXPECT_EQ(close.close_code(), 1002);
}

TEST_F(peer, RefusedUpgradesTellTheirStatusWhateverTheBodyDoes) {
  for (const auto* body :
       {"Content-Length: 4\r\n\r\nbody", "Content-Length: 400\r\n\r\nnever whole",
        "\r\nuntil the end of the stream", "Transfer-Encoding: chunked\r\n\r\n5\r\nnever"}) {
    dial();
    auto there = server.accept();
    there.receive_until("\r\n\r\n");
    there.send(std::string("HTTP/1.1 401 Unauthorized\r\n") + body);
    auto why = heard->wait_end(); // with the peer's connection still open
    EXPECT_EQ(why.http_status, 401) << body;
    EXPECT_FALSE(why.opened);
    EXPECT_EQ(why.frames_written, 0u);
  }
}

TEST_F(peer, ARedirectIsARefusalAndIsNotFollowed) {
  raw_server elsewhere;
  auto what = to(server.port());
  what.bearer = secret("token");
  dial(what);
  auto there = server.accept();
  there.receive_until("\r\n\r\n");
  there.send("HTTP/1.1 302 Found\r\nLocation: ws://127.0.0.1:" + std::to_string(elsewhere.port()) +
             "/relay\r\nContent-Length: 0\r\n\r\n");
  EXPECT_EQ(heard->wait_end().http_status, 302);
}

TEST_F(peer, AnAnswerThatIsNoHttpFails) {
  for (const auto* answer : {"SSH-2.0-OpenSSH_9.2\r\n", "HTTP/1.1 101 Switching Protocols\r\n\r\n", ""}) {
    dial();
    auto there = server.accept();
    there.receive_until("\r\n\r\n");
    there.send(answer);
    there.shut();
    auto why = heard->wait_end();
    EXPECT_FALSE(why.opened);
    EXPECT_EQ(why.http_status, 0);
  }
}

TEST_F(peer, NobodyThereFails) {
  std::uint16_t free = 0;
  { free = raw_server().port(); }
  dial(to(free));
  socket->write("x\n");
  auto why = heard->wait_end();
  EXPECT_FALSE(why.opened);
  EXPECT_EQ(why.frames_written, 0u);
  EXPECT_NE(why.error.find("cannot connect"), std::string::npos) << why.error;
}

TEST_F(peer, ANameThatDoesNotExistFails) {
  dial(to(1, "ws", "no-such-host.invalid"));
  EXPECT_NE(heard->wait_end().error.find("no-such-host.invalid"), std::string::npos);
}

TEST_F(peer, WhatIsNoUrlFails) {
  for (const auto* url : {"", "ftp://127.0.0.1/", "ws://", "file:///etc/passwd"}) {
    auto what = to(1);
    what.url = url;
    dial(what);
    EXPECT_FALSE(heard->wait_end().opened) << url;
  }
}

TEST_F(peer, ATokenThatWouldSmuggleAHeaderIsNotSent) {
  auto what = to(server.port());
  what.bearer = secret("x\r\nX-Evil: 1");
  dial(what);
  auto why = heard->wait_end();
  EXPECT_EQ(why.error.find("Evil"), std::string::npos);
}

TEST_F(peer, OneLimitCoversTheWholeDial) {
  auto what = to(server.port());
  what.timeout = milliseconds(200);
  dial(what);
  auto there = server.accept(); // and never answers
  auto why = heard->wait_end();
  EXPECT_FALSE(why.opened);
  EXPECT_NE(why.error.find("timed out"), std::string::npos) << why.error;
}

TEST_F(peer, AHandleDroppedWhileDiallingEndsTheDial) {
  dial();
  auto there = server.accept();
  socket.reset();
  EXPECT_FALSE(heard->wait_end().opened);
  EXPECT_TRUE(there.ends());
}

TEST_F(peer, CloseWhileDiallingEndsTheDial) {
  dial();
  auto there = server.accept();
  socket->write("x\n");
  socket->close(1000, "", patience);
  auto why = heard->wait_end();
  EXPECT_FALSE(why.opened);
  EXPECT_EQ(why.frames_written, 0u);
}

TEST_F(peer, F2ASilentPeerIsGivenUpAfterPings) {
  auto there = open(quick());
  auto why = heard->wait_end();
  EXPECT_NE(why.error.find("no byte"), std::string::npos) << why.error;
  EXPECT_EQ(read_frame(there).opcode, 9); // it was asked before
}

TEST_F(peer, F2AnsweredPingsKeepItAlive) {
  auto there = open(quick());
  for (int i = 0; i < 6; ++i) { // twice as long as the silence that would kill
    auto ping = read_frame(there);
    ASSERT_EQ(ping.opcode, 9);
    there.send(frame_text(10, ping.payload));
  }
  EXPECT_FALSE(heard->ended());
}

TEST_F(peer, F2BytesInTheMiddleOfALargeMessageCount) {
  auto there = open(quick());
  there.send(frame_text(1, std::string(200, 'x')).substr(0, 4)); // a head, then a byte for each ping
  for (int i = 0; i < 6; ++i) {
    ASSERT_EQ(read_frame(there).opcode, 9);
    there.send("x");
  }
  EXPECT_FALSE(heard->ended());
}

/// Sends `stream` piece by piece, one for each ping that comes, until it is told to go; why.
socket_end trickled(raw_socket& there, recorder& heard, std::string_view stream, std::size_t piece,
                    bool pongs = false) {
  for (std::size_t i = 0; i < stream.size(); i += piece) {
    const auto ping = read_frame(there);
    if (ping.opcode != 9) break;
    there.send(stream.substr(i, piece));
    if (pongs) there.send(frame_text(10, ping.payload));
  }
  return heard.wait_end();
}

TEST_F(peer, AFrameThatIsTrickledIsGivenUpWhateverItIsMadeOf) {
  std::string messages, fragments, controls;
  for (int i = 0; i < 100; ++i) {
    messages += frame_text(1, "x"); // a line in as many messages
    fragments += frame_text(i == 0 ? 1 : 0, "x", false);
    controls += frame_text(10, std::string(100, 'x'));
  }
  const auto small = frame_text(1, std::string(100, 'x')), large = frame_text(1, std::string(5'000, 'x'));
  for (auto [stream, piece, pongs] : {std::tuple<std::string, std::size_t, bool>{small, 1, false},
                                      {large, 3, false},
                                      {messages, 3, false},
                                      {messages, 3, true},
                                      {fragments, 3, true},
                                      {controls, 1, false}}) {
    auto there = open(quick());
    const auto why = trickled(there, *heard, stream, piece, pongs);
    EXPECT_NE(why.error.find("begun a frame"), std::string::npos) << why.error;
  }
}

TEST_F(peer, ASlowFrameThatGoesOnArrives) {
  auto there = open(quick());
  const std::string text(2'000, 'x');
  const auto stream = frame_text(1, text + "\n");
  for (std::size_t i = 0; i < stream.size();
       i += 64) { // three times the least rate, and longer than its patience
    ASSERT_EQ(read_frame(there).opcode, 9) << i;
    there.send(stream.substr(i, 64));
  }
  EXPECT_EQ(heard->wait_bytes(text.size() + 1).size(), text.size() + 1);
  EXPECT_FALSE(heard->ended());
}

TEST_F(peer, SilenceWhileNotReadingDoesNotCount) {
  auto there = open(quick());
  socket->read(false);
  for (int i = 0; i < 6; ++i) ASSERT_EQ(read_frame(there).opcode, 9);
  EXPECT_FALSE(heard->ended());
  socket->read(true); // from here on it does
  EXPECT_NE(heard->wait_end().error.find("no byte"), std::string::npos);
}

TEST_F(peer, F19ACloseThatIsNotAnsweredEndsWithinItsLimit) {
  auto there = open();
  socket->write("last\n");
  socket->close(1000, "bye", milliseconds(200));
  EXPECT_EQ(read_frame(there).payload, "last\n");
  auto close = read_frame(there);
  EXPECT_EQ(close.close_code(), 1000);
  auto why = heard->wait_end();
  EXPECT_EQ(why.close_code, 0);
  EXPECT_EQ(why.frames_written, 1u);
}

TEST_F(peer, CloseIsAnsweredThoughDataIsStillComing) {
  auto there = open();
  there.send(frame_text(1, std::string(50'000, 'x')).substr(0, 20'000)); // the rest comes after the close
  heard->wait_bytes(1);
  socket->close(1000, "bye", patience);
  EXPECT_EQ(read_frame(there).close_code(), 1000);
  there.send(frame_text(1, std::string(50'000, 'x')).substr(20'000));
  there.send(frame_text(1, "more\n") + close_text(1000, "bye"));
  EXPECT_EQ(heard->wait_end().close_code, 1000);
}

TEST_F(peer, CloseWorksWhileReadingIsStopped) {
  auto there = open();
  socket->read(false);
  socket->close(1001, "bye", patience);
  EXPECT_EQ(read_frame(there).close_code(), 1001);
  there.send(close_text(1001, "bye"));
  EXPECT_EQ(heard->wait_end().close_code, 1001);
}

TEST_F(peer, ASlowReaderFillsOnlyTheQueue) {
  dial();
  auto there = server.accept();
  accept_upgrade(there);
  ASSERT_TRUE(heard->wait_open());
  std::string frame(100'000, 'x');
  for (int i = 0; i < 300; ++i) socket->write(frame);
  io_.run([] {});
  EXPECT_GT(socket->queued(), 100u); // whoever writes can see it and stop
  EXPECT_FALSE(heard->ended());
  for (int i = 0; i < 300; ++i) ASSERT_EQ(read_frame(there).payload.size(), frame.size());
  io_.run([] {});
  EXPECT_EQ(socket->queued(), 0u);
}

TEST_F(peer, F6OnlyFramesWhoseBytesMayHaveLeftCountAsWritten) {
  dial();
  auto there = std::make_unique<raw_socket>(server.accept());
  accept_upgrade(*there);
  ASSERT_TRUE(heard->wait_open());
  std::string frame(100'000, 'x');
  constexpr std::uint64_t given = 300;
  for (std::uint64_t i = 0; i < given; ++i) socket->write(frame);
  ASSERT_EQ(read_frame(*there).payload.size(), frame.size());
  io_.run([] {});
  auto waiting = socket->queued();
  there.reset();
  auto why = heard->wait_end();
  EXPECT_GE(why.frames_written, 1u);
  EXPECT_LT(why.frames_written, given);
  EXPECT_GE(why.frames_written, given - waiting);
}

TEST_F(peer, PongsOfThePeerPassUnheard) {
  auto there = open();
  there.send(frame_text(10, "unasked") + frame_text(1, "text\n"));
  EXPECT_EQ(heard->wait_bytes(5), "text\n");
}

} // namespace
} // namespace relay::net_test
