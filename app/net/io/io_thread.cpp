#include "relay_gateway/app/net/io/io_thread.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include <exception>
#include <future>
#include <thread>

namespace relay::net {

namespace asio = boost::asio;

struct io_thread::impl {
  // One thread runs it, so Asio may drop its locks between handlers; posting from elsewhere stays allowed.
  asio::io_context io{1};
  asio::executor_work_guard<asio::io_context::executor_type> work = asio::make_work_guard(io);
  std::thread thread{[this] { io.run(); }};
};

io_thread::io_thread() : impl_(std::make_unique<impl>()) {}

io_thread::~io_thread() {
  impl_->io.stop();
  impl_->thread.join();
}

asio::io_context& io_thread::context() { return impl_->io; }

void io_thread::run(const std::function<void()>& job) {
  std::promise<void> done;
  asio::post(impl_->io, [&] {
    try {
      job();
      done.set_value();
    } catch (...) {
      done.set_exception(std::current_exception()); // the caller's job, so the caller's exception
    }
  });
  done.get_future().get();
}

} // namespace relay::net
