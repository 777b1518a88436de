// Answers that come in pieces: the HTTP stream port against peers made of bytes.
#include "relay_gateway/tests/net/loopback.hpp"

#include <memory>
#include <utility>

namespace relay::net_test {
namespace {

/// Keeps what it is told; asks for the next piece only when the test says so.
class piece_recorder final : public http_exchange_listener {
public:
  void on_head(std::string content_type) override {
    std::lock_guard hold{mutex_};
    head_ = std::move(content_type);
    changed_.notify_all();
  }
  void on_piece(std::string piece) override {
    std::lock_guard hold{mutex_};
    bytes_ += piece;
    ++pieces_;
    changed_.notify_all();
  }
  void on_end(http_response end) override {
    std::lock_guard hold{mutex_};
    end_ = std::move(end);
    changed_.notify_all();
  }
  /// Until so many pieces came, or it ended.
  std::string wait_pieces(std::size_t n) {
    std::unique_lock lock{mutex_};
    EXPECT_TRUE(changed_.wait_for(lock, patience, [&] { return pieces_ >= n || end_; }));
    return bytes_;
  }
  http_response wait_end() {
    std::unique_lock lock{mutex_};
    EXPECT_TRUE(changed_.wait_for(lock, patience, [&] { return end_.has_value(); }));
    return end_.value_or(http_response{});
  }
  std::string head() {
    std::lock_guard hold{mutex_};
    return head_;
  }
  bool ended() {
    std::lock_guard hold{mutex_};
    return end_.has_value();
  }

private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::string head_, bytes_;
  std::size_t pieces_ = 0;
  std::optional<http_response> end_;
};

class exchanges : public loopback {
protected:
  std::shared_ptr<http_exchange> open(const std::string& url_of_it, milliseconds timeout = seconds{20}) {
    http_request what;
    what.method = "POST";
    what.url = url_of_it;
    what.bearer = secret{"token"};
    what.body = secret{"{}"};
    what.timeout = timeout;
    return port_->open(std::move(what), heard);
  }
  std::shared_ptr<http_exchange> open() { return open(url(server.port(), "/v1/chat/completions")); }
  raw_socket taken() {
    auto there = server.accept();
    request = there.receive_until("\r\n\r\n");
    request += there.receive_exactly(2);
    return there;
  }
  raw_server server;
  std::shared_ptr<piece_recorder> heard = std::make_shared<piece_recorder>();
  std::string request;

private:
  std::shared_ptr<http_stream_port> port_ = net::make_stream_port(io_.context(), {});
};

constexpr const char* streamed =
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";

TEST_F(exchanges, PiecesComeAsTheyAreWanted) {
  auto mine = open();
  auto there = taken();
  EXPECT_EQ(request.find("POST /v1/chat/completions HTTP/1.1\r\n"), 0U) << request;
  EXPECT_NE(request.find("\r\nAuthorization: Bearer token\r\n"), std::string::npos);
  there.send(streamed);
  there.send("3\r\nabc\r\n");
  EXPECT_EQ(heard->wait_pieces(1), "abc") << "before the answer is over";
  EXPECT_EQ(heard->head(), "text/event-stream");
  there.send("2\r\nde\r\n0\r\n\r\n");
  mine->more();
  EXPECT_EQ(heard->wait_pieces(2), "abcde");
  EXPECT_FALSE(heard->ended()) << "the last piece is not taken yet";
  mine->more();
  EXPECT_EQ(heard->wait_end().status, 200);
}

TEST_F(exchanges, AnAnswerThatIsNoSuccessComesWhole) {
  auto mine = open();
  auto there = taken();
  there.send("HTTP/1.1 429 Too Many Requests\r\nRetry-After: 7\r\nContent-Length: 11\r\n\r\nbusy: token");
  const auto end = heard->wait_end();
  EXPECT_EQ(end.status, 429);
  EXPECT_EQ(end.retry_after, "7");
  EXPECT_EQ(end.body.reveal(), "busy: ***") << "it must not repeat what it was given";
  EXPECT_EQ(heard->head(), "");
}

TEST_F(exchanges, AServerThatDiesInTheMiddleIsAnError) {
  auto mine = open();
  {
    auto there = taken();
    there.send(streamed);
    there.send("3\r\nabc\r\n");
    EXPECT_EQ(heard->wait_pieces(1), "abc");
  }
  mine->more();
  const auto end = heard->wait_end();
  EXPECT_EQ(end.status, 0);
  EXPECT_NE(end.error, "");
}

TEST_F(exchanges, TheEndOfTheHandleHangsUp) {
  auto mine = open();
  auto there = taken();
  there.send(streamed);
  there.send("3\r\nabc\r\n");
  heard->wait_pieces(1);
  mine.reset();
  EXPECT_TRUE(there.ends());
  EXPECT_FALSE(heard->ended()) << "nobody is told any more";
}

TEST_F(exchanges, WhatCannotBeReachedIsAnError) {
  auto mine = open("http://127.0.0.1:1/v1");
  EXPECT_EQ(heard->wait_end().status, 0);
  heard = std::make_shared<piece_recorder>();
  auto bad = open("not a url");
  EXPECT_NE(heard->wait_end().error.find("not a URL"), std::string::npos);
}

TEST_F(exchanges, TheWholeHasALimit) {
  auto mine = open(url(server.port(), "/"), milliseconds{300});
  auto there = taken();
  there.send(streamed);
  EXPECT_NE(heard->wait_end().error.find("timed out"), std::string::npos);
}

} // namespace
} // namespace relay::net_test
