#include "relay_gateway/tests/sim/ports/link.hpp"

#include <utility>

namespace relay::sim {

class sim_link_port final : public link_port {
public:
  sim_link_port(link_network& net, std::shared_ptr<process> host, usec latency, std::uint64_t max_line)
      : net_(net), host_(std::move(host)), latency_(latency), max_line_(max_line) {}
  std::shared_ptr<line_socket> dial(dial_request what, std::shared_ptr<socket_listener> who) override {
    return net_.dial(host_, latency_, max_line_, std::move(what), std::move(who));
  }

private:
  link_network& net_;
  std::shared_ptr<process> host_;
  usec latency_;
  std::uint64_t max_line_;
};

/// A run may end while a close is under way: then both ends still hold each other.
link_network::~link_network() {
  for (auto& [number, x] : cables_) x->forget();
}

std::shared_ptr<link_port> link_network::port(std::shared_ptr<process> host, usec latency,
                                              std::uint64_t max_line) {
  return std::make_shared<sim_link_port>(*this, std::move(host), latency, max_line);
}

std::map<std::uint64_t, std::shared_ptr<sim_socket>>& link_network::cables() {
  std::erase_if(cables_, [](auto& x) { return x.second->near_over() && x.second->far_over(); });
  return cables_;
}

std::shared_ptr<line_socket> link_network::dial(const std::shared_ptr<process>& host, usec latency,
                                                std::uint64_t max_line, dial_request what,
                                                std::shared_ptr<socket_listener> who) {
  auto number = ++sockets_;
  auto& faults = host->on().faults;
  socket_setup setup;
  setup.latency = latency;
  setup.max_line = max_line;
  setup.ping_interval = what.ping_interval;
  setup.ping_timeout = what.ping_timeout;
  setup.wrote = [this, number](std::string_view frame) {
    json_text doc{frame};
    who_.link_wrote(number, {frame, doc.root()});
  };
  setup.read = [this, number](std::string_view line) {
    json_text doc{line};
    if (server_.said(number, line))
      who_.link_read(number, {line, doc.root()});
    else
      who_.altered_read(number, {line, doc.root()});
    server_.line_read(number, line);
  };
  setup.ended = [this, number](const socket_end& why) { who_.link_ended(number, why); };
  setup.opened = [this, number] { who_.link_opened(number); };
  setup.given_up = [this, number] { who_.link_dropped(number); };
  auto x = std::make_shared<sim_socket>(host, std::move(setup),
                                        seeded_rng{host->on().seed, "cable " + std::to_string(number)});
  cables_.emplace(number, x);
  x->listen(std::move(who));
  auto handle = x->make_handle();
  if (host->alive()) who_.dialled(number, what);
  x->open_within(what.timeout);
  if (faults.hit(fault::dial_refused)) {
    if (faults.hit(fault::call_back_at_once)) {
      x->fail_now("connection refused");
    } else {
      x->refuse(0, "connection refused");
    }
  } else if (!faults.hit(fault::dial_hangs)) {
    auto there = x->rng().with_tail(latency * 2);
    host->on().time.after(there, [this, number, x, host, what = std::move(what)] {
      if (x->near_over()) return;
      auto answer = server_.upgrade(number, what, x);
      if (answer.silent) return;
      auto tell = [x, answer] {
        if (answer.far)
          x->accept(answer.far);
        else
          x->refuse(answer.http_status, answer.http_status ? "upgrade refused" : "connection refused");
      };
      if (answer.delay > usec{0})
        host->on().time.after(answer.delay, tell);
      else
        tell();
    });
  }
  return handle;
}

} // namespace relay::sim
