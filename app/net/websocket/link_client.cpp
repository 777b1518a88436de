#include "relay_gateway/app/net/websocket/link_client.hpp"

#include "relay_gateway/app/net/dial/dialler.hpp"
#include "relay_gateway/app/net/http/http_text.hpp"
#include "relay_gateway/app/net/websocket/ws_session.hpp"

#include <boost/asio/post.hpp>

#include <utility>

namespace relay::net {

namespace {

void dial_with(const std::shared_ptr<const dial_context>& context, const dial_request& what,
               const std::shared_ptr<ws_session>& session) {
  if (session->ended()) return;
  auto where = wire::parse_url(what.url);
  if (!where.valid) return session->fail("not a URL that can be dialled: " + what.url);
  if (!header_safe(what.bearer.reveal())) return session->fail("the upgrade token cannot stand in a header");
  auto target = std::make_shared<upgrade_target>();
  target->host = authority(where, false);
  target->target = where.target;
  target->headers.emplace_back("User-Agent", context->user_agent);
  if (what.bearer) target->headers.emplace_back("Authorization", "Bearer " + what.bearer.reveal());

  auto done = [session, target](std::shared_ptr<transport> below, std::string error) {
    if (below)
      session->upgrade(std::move(below), *target);
    else
      session->fail(std::move(error));
    for (auto& [name, value] : target->headers) secret wiped(std::move(value));
  };
  auto dial = std::make_shared<dialler>(context, std::move(where), true, what.timeout, std::move(done));
  // Weakly, here and below: the dialler holds the session, and what is under way holds the dialler.
  session->on_ended = [weak = std::weak_ptr(dial)] {
    if (auto alive = weak.lock()) alive->cancel();
  };
  // One limit over all phases.
  session->open_within(what.timeout, [weak = std::weak_ptr(dial)] {
    auto alive = weak.lock();
    return alive ? alive->phase() : std::string("waiting for the upgrade");
  });
  dial->start();
}

class beast_link_port final : public link_port {
public:
  explicit beast_link_port(std::shared_ptr<const dial_context> context) : context_(std::move(context)) {}

  std::shared_ptr<line_socket> dial(dial_request what, std::shared_ptr<socket_listener> who) override {
    auto session = std::make_shared<ws_session>(
        context_->io, std::move(who),
        ws_session::options{what.ping_interval, what.ping_timeout, what.max_message});
    auto handle = session->make_handle();
    asio::post(context_->io,
               [context = context_, what = std::move(what), session] { dial_with(context, what, session); });
    return handle;
  }

private:
  std::shared_ptr<const dial_context> context_;
};

} // namespace

std::shared_ptr<link_port> make_link_port(asio::io_context& io, const client_options& what,
                                          std::string& error) {
  auto context = make_dial_context(io, what, error);
  return context ? std::make_shared<beast_link_port>(std::move(context)) : nullptr;
}

} // namespace relay::net
