#include "relay_gateway/app/queue/nats_port.hpp"

#include "relay_gateway/app/net/io/io_thread.hpp"
#include "relay_gateway/app/queue/nats_session.hpp"

#include <boost/asio/post.hpp>

#include <mutex>
#include <utility>

namespace relay::queue {

namespace {

/// Runs the sessions. It lives as long as the port or a handle, and is joined by neither on an actor's
/// thread: the port goes last.
class nats_handle final : public queue_session {
public:
  explicit nats_handle(std::shared_ptr<nats_session> to) : to_(std::move(to)) {}
  nats_handle(const nats_handle&) = delete;
  nats_handle& operator=(const nats_handle&) = delete;
  ~nats_handle() override {
    post([](nats_session& x) { x.end(); });
  }
  void publish(std::vector<queue_publication> what) override {
    post([what = std::move(what)](nats_session& x) mutable { x.publish(what); });
  }
  void note(std::vector<queue_note> what) override {
    post([what = std::move(what)](nats_session& x) { x.note(what); });
  }
  void limit(std::uint32_t most) override {
    post([most](nats_session& x) { x.limit(most); });
  }
  void settle(std::vector<queue_settlement> what) override {
    post([what = std::move(what)](nats_session& x) { x.settle(what); });
  }

private:
  template <class Job>
  void post(Job job) {
    boost::asio::post(to_->io(), [to = to_, job = std::move(job)]() mutable { job(*to); });
  }
  std::shared_ptr<nats_session> to_;
};

class nats_port final : public queue_port {
public:
  explicit nats_port(nats_options what) : options_(std::move(what)) {}
  std::shared_ptr<queue_session> open(queue_request what, std::shared_ptr<queue_listener> who) override {
    auto session =
        std::make_shared<nats_session>(thread_.context(), options_, std::move(what), std::move(who));
    boost::asio::post(thread_.context(), [session] { session->connect(); });
    return std::make_shared<nats_handle>(std::move(session));
  }

private:
  nats_options options_;
  net::io_thread thread_;
};

} // namespace

std::shared_ptr<queue_port> make_nats_port(nats_options what) {
  return std::make_shared<nats_port>(std::move(what));
}

std::string try_nats(const nats_options& what) {
  std::string why;
  const auto options = options_of(what, why);
  if (!options) return why;
  natsConnection* made = nullptr;
  const auto status = natsConnection_Connect(&made, options.get());
  const connection_handle connection{made};
  if (status != NATS_OK) return last_error(status);
  jsCtx* streams = nullptr;
  const auto ready = natsConnection_JetStream(&streams, connection.get(), nullptr);
  const stream_handle end{streams};
  if (ready != NATS_OK) return "JetStream: " + last_error(ready);
  jsAccountInfo* account = nullptr;
  jsErrCode code{};
  const auto asked = js_GetAccountInfo(&account, streams, nullptr, &code);
  jsAccountInfo_Destroy(account);
  return asked == NATS_OK ? std::string{} : "JetStream: " + last_error(asked);
}

std::string nats_library_version() { return nats_GetVersion(); }

} // namespace relay::queue
