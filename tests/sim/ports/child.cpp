#include "relay_gateway/tests/sim/ports/child.hpp"

#include <utility>

namespace relay::sim {

namespace {

class sim_child final : public child_socket, public std::enable_shared_from_this<sim_child> {
public:
  sim_child(std::shared_ptr<process> host, std::shared_ptr<sim_socket> wire,
            std::shared_ptr<child_listener> who, std::size_t room)
      : host_(std::move(host)), wire_(std::move(wire)), handle_(wire_->make_handle()), who_(std::move(who)),
        room_(room) {}
  void write(std::string frame) override { handle_->write(std::move(frame)); }
  std::size_t queued() const override { return handle_->queued(); }
  void close(std::uint16_t code, std::string reason, milliseconds limit) override {
    handle_->close(code, std::move(reason), limit);
  }
  void drop(std::string why) override { handle_->drop(std::move(why)); }
  void read(bool on) override { handle_->read(on); }
  std::size_t waiting() const override { return wire_->queued_bytes(); }
  void want_room() override {
    constexpr usec look{5'000};
    host_->inside(waiting() * 2 <= room_ ? usec{0} : look, [weak = weak_from_this()] {
      auto me = weak.lock();
      if (!me || me->wire_->near_over()) return;
      if (me->waiting() * 2 <= me->room_) {
        if (auto who = me->who_.lock()) who->on_room();
      } else {
        me->want_room();
      }
    });
  }

private:
  std::shared_ptr<process> host_;
  std::shared_ptr<sim_socket> wire_;
  std::shared_ptr<line_socket> handle_;
  std::weak_ptr<child_listener> who_;
  std::size_t room_;
};

class sim_child_port final : public child_port {
public:
  sim_child_port(std::shared_ptr<process> host, child_maker born)
      : host_(std::move(host)), born_(std::move(born)) {}
  std::shared_ptr<child_socket> start(child_request what, std::shared_ptr<child_listener> who) override {
    auto number = ++children_;
    std::shared_ptr<sim_socket> wire;
    if (!host_->alive()) { // what is taken down starts nobody
      wire = std::make_shared<sim_socket>(host_, socket_setup{}, seeded_rng{0, "none"});
      return std::make_shared<sim_child>(host_, wire, who, what.room);
    }
    auto child = born_([&](socket_setup setup) {
      constexpr usec pipe{50};
      setup.latency = pipe;
      setup.end_ends_line = true;
      auto rng = seeded_rng{host_->on().seed, "child " + std::to_string(host_->number() * 1'000 + number)};
      wire = std::make_shared<sim_socket>(host_, std::move(setup), rng);
      return wire;
    });
    wire->listen(who);
    auto out = std::make_shared<sim_child>(host_, wire, who, what.room);
    constexpr usec soon{2'000}, late{60'000};
    host_->on().time.after(wire->rng().between(soon, late), [wire, child = std::move(child)] {
      if (wire->near_over()) return;
      if (child) {
        wire->accept(child);
      } else {
        wire->refuse(0, "it cannot be started");
      }
    });
    return out;
  }

private:
  std::shared_ptr<process> host_;
  child_maker born_;
  std::uint64_t children_ = 0;
};

} // namespace

std::shared_ptr<child_port> make_child_port(std::shared_ptr<process> host, child_maker born) {
  return std::make_shared<sim_child_port>(std::move(host), std::move(born));
}

} // namespace relay::sim
