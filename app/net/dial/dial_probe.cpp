#include "relay_gateway/app/net/dial/dial_probe.hpp"

#include "relay_gateway/app/net/dial/dialler.hpp"

#include <boost/asio/post.hpp>

#include <utility>

namespace relay::net {

namespace {

dial_step_result::kind kind_of(dial_step x) {
  switch (x) {
  case dial_step::name: return dial_step_result::kind::name;
  case dial_step::address: return dial_step_result::kind::address;
  case dial_step::proxy: return dial_step_result::kind::proxy;
  case dial_step::tls: return dial_step_result::kind::tls;
  }
  return dial_step_result::kind::settings;
}

/// Kept alive by its timer's handler.
class dial_prober : public std::enable_shared_from_this<dial_prober> {
public:
  dial_prober(asio::io_context& io, std::function<void(std::vector<dial_step_result>)> done)
      : limit_(io), done_(std::move(done)) {}

  void start(asio::io_context& io, const client_options& how, const std::string& url, milliseconds limit) {
    std::string error;
    auto context = make_dial_context(io, how, error);
    auto where = wire::parse_url(url);
    if (context && !where.valid) error = "not a URL that can be dialled";
    // A bad file is a matter of the settings, also where this URL would not need it.
    if (context && where.valid) context->tls->get(error);
    if (!error.empty()) return fail(dial_step_result::kind::settings, error);
    dial_ = std::make_shared<dialler>(
        std::move(context), std::move(where), true, limit,
        [weak = weak_from_this()](const std::shared_ptr<transport>& below, const std::string& why) {
          if (below) below->abort();
          if (auto self = weak.lock()) self->over(why);
        });
    dial_->on_passed = [weak = weak_from_this()](dial_step step, const std::string& what) {
      if (auto self = weak.lock()) self->parts_.push_back({kind_of(step), true, what});
    };
    limit_.expires_after(limit);
    limit_.async_wait([self = shared_from_this()](error_code ec) {
      if (!ec) self->over("timed out while " + self->dial_->phase());
    });
    dial_->start();
  }

private:
  void over(const std::string& why) {
    limit_.cancel();
    if (!why.empty()) return fail(failed_kind(), why);
    end();
  }
  /// A proxy that cannot be reached is the proxy's fault and not the connector's.
  dial_step_result::kind failed_kind() const {
    const auto what = kind_of(dial_->step());
    const bool reaching = what == dial_step_result::kind::name || what == dial_step_result::kind::address;
    return reaching && dial_->proxy() != nullptr ? dial_step_result::kind::proxy : what;
  }
  void fail(dial_step_result::kind what, const std::string& why) {
    parts_.push_back({what, false, why});
    end();
  }
  void end() {
    if (dial_) dial_->cancel();
    if (auto done = std::exchange(done_, nullptr)) done(std::move(parts_));
  }

  asio::steady_timer limit_;
  std::function<void(std::vector<dial_step_result>)> done_;
  std::shared_ptr<dialler> dial_;
  std::vector<dial_step_result> parts_;
};

} // namespace

void dial_probe(asio::io_context& io, const client_options& how, const std::string& url, milliseconds limit,
                std::function<void(std::vector<dial_step_result>)> done) {
  auto one = std::make_shared<dial_prober>(io, std::move(done));
  asio::post(io, [one, &io, how, url, limit] { one->start(io, how, url, limit); });
}

} // namespace relay::net
