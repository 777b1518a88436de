// The I/O thread that the library owns when it lives in somebody else's program, and that the connector and
// the tests use. `run` drives its io_context on the main thread instead.
#pragma once

#include <functional>
#include <memory>

namespace boost::asio {
class io_context;
}

namespace relay::net {

/// Runs an io_context on a thread of its own until destroyed; the destructor stops and joins.
class io_thread {
public:
  io_thread();
  io_thread(const io_thread&) = delete;
  io_thread& operator=(const io_thread&) = delete;
  ~io_thread();
  boost::asio::io_context& context();
  /// Runs `job` on the thread and waits for its end. Not from the thread itself.
  void run(const std::function<void()>& job);

private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

} // namespace relay::net
