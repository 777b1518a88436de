#include "relay_gateway/app/child/port.hpp"

#include "relay_gateway/app/child/session.hpp"

#include <utility>

namespace relay::child {

namespace {

/// What the port's user holds. A close() is seen through without it; otherwise its end is the child's. It
/// does not own the session: the io_context does, and takes it along at its own end.
class handle final : public child_socket {
public:
  explicit handle(const std::shared_ptr<session>& x) : session_(x) {}
  handle(const handle&) = delete;
  handle& operator=(const handle&) = delete;
  ~handle() override {
    if (closed_) return;
    if (auto x = session_.lock()) x->drop("nobody holds it any more");
  }
  void write(std::string frame) override {
    if (auto x = session_.lock()) x->write(std::move(frame));
  }
  std::size_t queued() const override {
    auto x = session_.lock();
    return x ? x->queued() : 0;
  }
  void close(std::uint16_t code, std::string reason, milliseconds limit) override {
    closed_ = true;
    if (auto x = session_.lock()) x->close(code, std::move(reason), limit);
  }
  void drop(std::string why) override {
    if (auto x = session_.lock()) x->drop(std::move(why));
  }
  void read(bool on) override {
    if (auto x = session_.lock()) x->read(on);
  }
  std::size_t waiting() const override {
    auto x = session_.lock();
    return x ? x->waiting() : 0;
  }
  void want_room() override {
    if (auto x = session_.lock()) x->want_room();
  }

private:
  std::weak_ptr<session> session_;
  std::atomic<bool> closed_ = false;
};

class process_port final : public child_port {
public:
  explicit process_port(std::shared_ptr<const context> with) : with_(std::move(with)) {}
  std::shared_ptr<child_socket> start(child_request what, std::shared_ptr<child_listener> who) override {
    auto one = std::make_shared<session>(with_, std::move(what), std::move(who));
    auto out = std::make_shared<handle>(one);
    one->start();
    return out;
  }

private:
  std::shared_ptr<const context> with_;
};

} // namespace

std::shared_ptr<child_port> make_child_port(boost::asio::io_context& io, port_options what) {
  return std::make_shared<process_port>(std::make_shared<const context>(context{io, std::move(what)}));
}

} // namespace relay::child
