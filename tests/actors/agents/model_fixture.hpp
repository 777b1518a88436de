// A gateway whose agent asks a model; the test is the connector, the people and the model's server.
#pragma once

#include "relay_gateway/actors/agents/openai.hpp"
#include "relay_gateway/tests/actors/durable_fixture.hpp"

#include <deque>
#include <memory>
#include <string>
#include <vector>

namespace relay::testing {

/// Requests to the model, which the test answers by hand.
class fake_streams final : public http_stream_port {
public:
  struct exchange_t {
    http_request what;
    std::shared_ptr<http_exchange_listener> listener;
    bool dropped = false; ///< the gateway hung up
    int taken = 0;        ///< pieces

    void begin(const std::string& type = "text/event-stream") { listener->on_head(type); }
    /// One event of the stream.
    void say(const std::string& text, const std::string& finish = "null") {
      listener->on_piece(R"(data: {"choices":[{"delta":{"content":")" + text + R"("},"finish_reason":)" +
                         finish + "}]}\n\n");
    }
    void end(int status = 200, std::string body = {}, std::string retry_after = {}) {
      http_response x;
      x.status = status;
      x.body = secret{std::move(body)};
      x.retry_after = std::move(retry_after);
      if (status == 0) x.error = "connection reset";
      listener->on_end(std::move(x));
    }
    void answer(const std::string& text) {
      begin();
      say(text);
      say("", R"("stop")");
      end();
    }
  };
  std::deque<std::shared_ptr<exchange_t>> all;

  std::shared_ptr<http_exchange> open(http_request what,
                                      std::shared_ptr<http_exchange_listener> who) override {
    all.push_back(std::make_shared<exchange_t>(exchange_t{std::move(what), std::move(who)}));
    return std::make_shared<handle>(all.back());
  }

private:
  class handle final : public http_exchange {
  public:
    explicit handle(std::shared_ptr<exchange_t> x) : x_(std::move(x)) {}
    handle(const handle&) = delete;
    handle& operator=(const handle&) = delete;
    ~handle() override { x_->dropped = true; }
    void more() override { ++x_->taken; }

  private:
    std::shared_ptr<exchange_t> x_;
  };
};

class model_test : public durable_test {
protected:
  std::shared_ptr<fake_streams> streams = std::make_shared<fake_streams>();
  openai_setup what;

  model_test() {
    what.url = "http://model.example/v1";
    what.model = "tiny";
    what.limits = {10s, 5s, 60s};
  }
  /// A gateway that is connected, and asks a model.
  void start_model(bool durable = true) {
    if (!durable) env.store = make_memory_store();
    supervisor_setup setup;
    setup.settings = std::make_shared<const config::settings>(settings);
    setup.agent_name = "openai";
    auto all = env.all();
    all.streams = streams;
    setup.make_agent = [this, all](caf::strong_actor_ptr parent) -> agent_actor {
      return sys.spawn(openai_agent, all, what, std::move(parent));
    };
    root = sys.spawn(supervisor, all, std::move(setup));
    settle();
    handshake();
  }
  /// Its typing status is answered: the chat is free.
  void says(const std::string& text, const std::string& id, const std::string& chat = "1") {
    env.link->last().say(event("discord", chat, text, id));
    settle();
    answer_all();
  }
  fake_streams::exchange_t& asked(std::size_t n) { return *streams->all.at(n); }
  /// The texts of the frames with this op, in order.
  std::vector<std::string> texts(const std::string& op) {
    std::vector<std::string> out;
    for (auto& x : sent())
      if (x.find("\"op\":\"" + op + "\"") != std::string::npos) out.push_back(field(x, "content"));
    return out;
  }
  using strings = std::vector<std::string>;
};

} // namespace relay::testing
