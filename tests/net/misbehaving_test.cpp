// What the server can do to its peers on purpose: bytes below the framing, silence, resets, answers by hand.
#include "relay_gateway/tests/net/loopback.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include <set>

namespace relay::net_test {
namespace {

using std::chrono::milliseconds;

class misbehaving : public loopback {
protected:
  /// An accepted WebSocket, and its other end made of bytes.
  void open(net::server_options what = {}) {
    running = serve(std::move(what), door.handlers());
    there.emplace(raw_socket::connect(running->port()));
    request_upgrade(*there);
    here = door.next();
    EXPECT_TRUE(here.heard->wait_open());
  }
  /// The request's connection, taken over.
  void ask() {
    net::server_handlers who;
    who.on_request = [this](const net::server_request&, const std::shared_ptr<net::responder>& to) {
      taken.set_value(to->take_over());
    };
    running = serve({}, std::move(who));
    there.emplace(raw_socket::connect(running->port()));
    there->send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    answer = taken.get_future().get();
    ASSERT_TRUE(answer);
  }
  template <class Act>
  void on_thread(Act act) {
    std::promise<void> done;
    boost::asio::post(io_.context(), [&] {
      act();
      done.set_value();
    });
    done.get_future().get();
  }
  void TearDown() override {
    on_thread([this] { answer.reset(); });
    here.socket.reset();
  }

  acceptor door;
  std::shared_ptr<net::http_server> running;
  std::optional<raw_socket> there;
  acceptor::accepted here;
  std::promise<std::shared_ptr<net::raw_answer>> taken;
  std::shared_ptr<net::raw_answer> answer;
};

TEST_F(misbehaving, RawBytesStandInOrderWithFrames) {
  open();
  here.socket->write("before\n");
  here.socket->raw(frame_text(1, "frag", false) + frame_text(0, "ment\n"));
  here.socket->raw(frame_text(2, "binary\n"));
  here.socket->write("behind\n");
  EXPECT_EQ(read_frame(*there).payload, "before\n");
  auto first = read_frame(*there), second = read_frame(*there), third = read_frame(*there);
  EXPECT_FALSE(first.fin);
  EXPECT_EQ(first.payload + second.payload, "fragment\n");
  EXPECT_EQ(third.opcode, 2);
  EXPECT_EQ(read_frame(*there).payload, "behind\n");
}

TEST_F(misbehaving, AHeldSocketSaysNothingNotEvenAPongUntilItIsLetGo) {
  open();
  here.socket->hold(true);
  here.socket->write("later\n");
  there->send(frame_text(9, "ping", true, true) + frame_text(1, "x\n", true, true));
  EXPECT_EQ(here.heard->wait_bytes(2), "x\n") << "it still reads";
  EXPECT_TRUE(there->quiet(milliseconds{50}));
  here.socket->hold(false);
  auto first = read_frame(*there), second = read_frame(*there);
  EXPECT_EQ((std::set<std::string>{first.payload, second.payload}),
            (std::set<std::string>{"later\n", "ping"}));
}

TEST_F(misbehaving, AHeldSocketThatIsClosedEndsWithinTheLimitWithoutAWord) {
  open();
  here.socket->hold(true);
  here.socket->close(1000, "never seen", milliseconds{50});
  here.heard->wait_end();
  EXPECT_TRUE(there->ends());
}

TEST_F(misbehaving, ResetsAreNoOrderlyEnds) {
  open();
  here.socket->cut("test", true);
  here.heard->wait_end();
  EXPECT_TRUE(there->is_reset());
  open();
  here.socket->write("the last word\n");
  here.socket->cut("test", false);
  here.heard->wait_end();
  EXPECT_EQ(read_frame(*there).payload, "the last word\n");
  EXPECT_FALSE(there->is_reset());
}

TEST_F(misbehaving, ACallCanEndUnansweredOrReset) {
  ask();
  on_thread([&] { answer->end(false); });
  EXPECT_EQ(there->receive(), "");
  EXPECT_FALSE(there->is_reset());
  taken = {};
  ask();
  on_thread([&] { answer->end(true); });
  EXPECT_TRUE(there->is_reset());
}

TEST_F(misbehaving, AnAnswerCanBeWrittenByHandAndEndsWithItsWriter) {
  ask();
  on_thread([&] { EXPECT_TRUE(answer->write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhal")); });
  EXPECT_EQ(there->receive_until("hal"), "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhal");
  on_thread([&] { EXPECT_TRUE(answer->write("f")); });
  on_thread([&] { answer.reset(); });
  EXPECT_EQ(there->receive_all(), "f");
}

TEST_F(misbehaving, AnUpgradeCanBeTakenOverOnce) {
  net::server_handlers who;
  std::promise<bool> again;
  who.on_upgrade = [&](const net::server_request&, const std::shared_ptr<net::upgrade>& to) {
    auto x = to->take_over();
    again.set_value(to->take_over() != nullptr);
    taken.set_value(std::move(x));
  };
  running = serve({}, std::move(who));
  there.emplace(raw_socket::connect(running->port()));
  there->send("GET /relay HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
              "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n");
  answer = taken.get_future().get();
  EXPECT_FALSE(again.get_future().get());
  on_thread([&] { answer->end(true); });
  EXPECT_TRUE(there->is_reset());
}

} // namespace
} // namespace relay::net_test
