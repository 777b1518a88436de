#include "app/net/survey.hpp"

#include "app/net/dialler.hpp"

#include <boost/asio/post.hpp>

#include <utility>

namespace relay::net {

namespace {

way_part::kind kind_of(dial_step x) {
  switch (x) {
  case dial_step::name: return way_part::kind::name;
  case dial_step::address: return way_part::kind::address;
  case dial_step::proxy: return way_part::kind::proxy;
  case dial_step::tls: return way_part::kind::tls;
  }
  return way_part::kind::settings;
}

/// Kept alive by its timer's handler.
class surveyor : public std::enable_shared_from_this<surveyor> {
public:
  surveyor(asio::io_context& io, std::function<void(std::vector<way_part>)> done)
      : limit_(io), done_(std::move(done)) {}

  void start(asio::io_context& io, const client_options& how, const std::string& url, milliseconds limit) {
    std::string error;
    auto context = make_dial_context(io, how, error);
    auto where = wire::parse_url(url);
    if (context && !where.valid) error = "not a URL that can be dialled";
    if (!error.empty()) return fail(way_part::kind::settings, error);
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
    if (!why.empty()) return fail(kind_of(dial_->step()), why);
    end();
  }
  void fail(way_part::kind what, const std::string& why) {
    parts_.push_back({what, false, why});
    end();
  }
  void end() {
    if (dial_) dial_->cancel();
    if (auto done = std::exchange(done_, nullptr)) done(std::move(parts_));
  }

  asio::steady_timer limit_;
  std::function<void(std::vector<way_part>)> done_;
  std::shared_ptr<dialler> dial_;
  std::vector<way_part> parts_;
};

} // namespace

void survey(asio::io_context& io, const client_options& how, const std::string& url, milliseconds limit,
            std::function<void(std::vector<way_part>)> done) {
  auto one = std::make_shared<surveyor>(io, std::move(done));
  asio::post(io, [one, &io, how, url, limit] { one->start(io, how, url, limit); });
}

} // namespace relay::net
