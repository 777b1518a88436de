// A gateway whose agent is a child process; the test is the connector and the child.
#pragma once

#include "relay_gateway/actors/agents/exec.hpp"
#include "relay_gateway/tests/actors/fixture.hpp"

#include <memory>
#include <string>
#include <vector>

namespace relay::testing {

/// What the gateway did with one child.
struct fake_child {
  child_request request;
  std::shared_ptr<child_listener> listener;
  std::vector<std::string> written;
  std::size_t waiting = 0; ///< as the test says
  bool wants_room = false;
  bool closed = false;  ///< its input is to end
  bool dropped = false; ///< its handle went without a close(), or drop() was called
  milliseconds limit{0};

  void run() { listener->on_open(); }
  void end(std::string why) {
    socket_end x;
    x.error = std::move(why);
    std::exchange(listener, nullptr)->on_end(x);
  }
};

class fake_children final : public child_port {
public:
  std::vector<std::shared_ptr<fake_child>> all;
  std::shared_ptr<child_socket> start(child_request what, std::shared_ptr<child_listener> who) override {
    auto x = std::make_shared<fake_child>();
    x->request = std::move(what);
    x->listener = std::move(who);
    all.push_back(x);
    return std::make_shared<handle>(x);
  }

private:
  class handle final : public child_socket {
  public:
    explicit handle(std::shared_ptr<fake_child> x) : x_(std::move(x)) {}
    handle(const handle&) = delete;
    handle& operator=(const handle&) = delete;
    ~handle() override { x_->dropped = x_->dropped || !x_->closed; }
    void write(std::string frame) override { x_->written.push_back(std::move(frame)); }
    std::size_t queued() const override { return 0; }
    void close(std::uint16_t, std::string, milliseconds limit) override {
      x_->closed = true;
      x_->limit = limit;
    }
    void drop(std::string) override { x_->dropped = true; }
    void read(bool) override {}
    std::size_t waiting() const override { return x_->waiting; }
    void want_room() override { x_->wants_room = true; }

  private:
    std::shared_ptr<fake_child> x_;
  };
};

class exec_test : public gateway_test {
protected:
  std::shared_ptr<fake_children> children = std::make_shared<fake_children>();
  exec_setup what{.argv = {"agent", "--fast"}};

  void start_exec() {
    env.child = children;
    supervisor_setup setup;
    setup.settings = std::make_shared<const config::settings>(settings);
    setup.agent_name = "exec";
    setup.agent_present = false;
    setup.make_agent = [this, all = env.all()](caf::strong_actor_ptr parent) -> agent_actor {
      return sys.spawn(exec_agent, all, what, std::move(parent));
    };
    root = sys.spawn(supervisor, env.all(), std::move(setup));
    settle();
  }
  /// The gateway is connected and its first child runs.
  void start_running() {
    start_exec();
    handshake();
    run();
  }
  fake_child& child() { return *children->all.back(); }
  void run() {
    child().run();
    settle();
  }
  void end(const std::string& why = "exited with code 1") {
    child().end(why);
    settle();
  }
  void say(const std::string& text) {
    child().listener->on_bytes(text);
    child().listener->on_batch_end();
    settle();
  }
  void arrives(const std::string& chat, const std::string& text, const std::string& id) {
    env.link->last().say(event("discord", chat, text, id));
    settle();
  }
  std::vector<std::string> of(const std::string& type) {
    std::vector<std::string> out;
    for (auto& f : child().written)
      if (f.find("\"type\":\"" + type + "\"") != std::string::npos) out.push_back(f);
    return out;
  }
  void ack(const std::string& frame) {
    say(R"({"type":"ack","delivery_id":")" + field(frame, "delivery_id") + "\"}\n");
  }
};

} // namespace relay::testing
