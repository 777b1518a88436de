#include "relay_gateway/app/settings_source.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>

#include <exception>
#include <memory>
#include <mutex>
#include <utility>

namespace relay {

namespace {

class function_source final : public settings_port {
public:
  explicit function_source(std::function<config::resolution()> resolve)
      : work_(std::make_shared<const std::function<config::resolution()>>(std::move(resolve))) {}
  function_source(const function_source&) = delete;
  function_source& operator=(const function_source&) = delete;
  ~function_source() override {
    if (!pool_) return;
    pool_->stop();
    pool_->join();
  }

  void resolve(std::function<void(config::resolution)> done) override {
    std::lock_guard guard{lock_};
    if (!pool_) pool_ = std::make_unique<boost::asio::thread_pool>(1); // most gateways never reload
    boost::asio::post(*pool_, [work = work_, done = std::move(done)] { done(guarded(*work)); });
  }

private:
  static config::resolution guarded(const std::function<config::resolution()>& work) {
    try {
      return work();
    } catch (const std::exception& x) {
      config::resolution out;
      out.problems.push_back(
          {"the settings", "the settings", std::string{"cannot be read: "} + x.what(), {}, true});
      return out;
    }
  }

  std::shared_ptr<const std::function<config::resolution()>> work_;
  std::mutex lock_;
  std::unique_ptr<boost::asio::thread_pool> pool_;
};

} // namespace

std::shared_ptr<settings_port> make_settings_source(std::function<config::resolution()> resolve) {
  return std::make_shared<function_source>(std::move(resolve));
}

} // namespace relay
