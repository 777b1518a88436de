// One byte stream, plain TCP or TLS, client or server: everything above it is written once for all four.
// Private to app/net. All members on the io_context's thread.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace relay::net {

namespace asio = boost::asio;
using error_code = boost::system::error_code;
using steady = std::chrono::steady_clock;

/// Reads up to 64 KB at a time into a buffer of its own and gathers what is written until flush(), because a
/// system call for each small WebSocket message costs more than all other work on it together.
class transport : public std::enable_shared_from_this<transport> {
public:
  using executor_type = asio::io_context::executor_type;
  using socket_type = asio::basic_stream_socket<asio::ip::tcp, executor_type>;
  using done = std::function<void(error_code)>;

  static constexpr std::size_t block = 64UL * 1024;

  explicit transport(asio::io_context& io);
  transport(const transport&) = delete;
  transport& operator=(const transport&) = delete;
  ~transport();

  executor_type get_executor() noexcept { return socket_.get_executor(); }
  socket_type& socket() noexcept { return socket_; }

  /// To be called once the socket is connected, before anything else.
  void connected();

  /// Turns the connected socket into a TLS one. As a client `host` is verified and sent as SNI.
  void start_tls_client(std::shared_ptr<asio::ssl::context> context, const std::string& host, done then);
  void start_tls_server(std::shared_ptr<asio::ssl::context> context, done then);

  /// Why the peer's certificate was not accepted; empty when that was not the trouble.
  std::string verify_error() const;
  /// For a person: `TLSv1.3, certificate valid until Jan  1 00:00:00 2027 GMT`. Empty without TLS.
  std::string tls_text() const;
  /// Until when the certificates of this connection are valid, in unix seconds; 0: there is none.
  struct certificate_ends {
    std::int64_t peer = 0, own = 0;
  };
  certificate_ends certificates() const;

  // -- reading: fill(), then look at unread() and consume() ----------------------------------------

  std::string_view unread() const noexcept { return {in_.get() + begin_, end_ - begin_}; }
  void consume(std::size_t n) noexcept { begin_ += n; }
  /// The buffer holds `block` unread bytes: fill() could add none.
  bool full() const noexcept { return end_ - begin_ == block; }
  /// Waits for more bytes behind the unread ones. Flushes first; never calls `then` before it returns.
  void fill(done then);
  bool filling() const noexcept { return filling_; }
  /// How long the peer has sent no byte at all. Also asks the kernel, so that bytes which wait to be read, or
  /// a slowly arriving TLS record, count.
  std::chrono::milliseconds silence() const;
  /// Bytes that the peer has sent, those included that are no whole TLS record yet.
  std::uint64_t received() const;

  // -- writing: append(), then flush() -------------------------------------------------------------

  void append(const void* data, std::size_t size) { out_.append(static_cast<const char*>(data), size); }
  void append(std::string_view text) { out_.append(text); }
  /// Hands what was appended to the kernel, as far as it takes it; the rest follows by itself.
  void flush();
  /// Nothing of what is appended leaves any more (on), or all of it does. Bytes of TLS that are on their way
  /// go on.
  void hold(bool on);
  bool held() const noexcept { return held_; }
  /// Grows whenever the peer takes bytes of what waits, also those that the kernel has already.
  std::uint64_t taken() const;
  /// Bytes that wait here.
  std::size_t unsent() const noexcept { return out_.size() - sent_ + flight_.size(); }
  /// Position in the stream of the byte that append() puts next, and of the first that has surely not left.
  std::uint64_t appended() const noexcept { return departed_ + out_.size() - sent_; }
  std::uint64_t departed() const noexcept { return departed_; }
  /// The error that ended writing. The reader is left alone: the peer's last words may still be unread.
  const error_code& broken() const noexcept { return broken_; }

  // -- the end -------------------------------------------------------------------------------------

  /// Sends what waits, says goodbye, reads until the peer has closed (so that it gets our last bytes instead
  /// of a reset), two seconds at most. Needs no further attention.
  void finish();
  /// Closes now.
  void abort();
  /// Closes now, with a TCP reset: the peer's read fails instead of ending.
  void reset();

  /// Before the reader waits: what was received has been given out.
  std::function<void()> on_waiting;
  /// After a blocked flush has ended, well or not; never from inside flush().
  std::function<void()> on_flushed;

private:
  void filled(const error_code& ec, std::size_t n, const done& then);
  void flush_plain();
  void flush_tls();
  void flushed(const error_code& ec);
  void fail(const error_code& ec);
  void say_goodbye();
  void discard();

  socket_type socket_;
  std::shared_ptr<asio::ssl::context> context_; // outlives tls_
  std::optional<asio::ssl::stream<socket_type&>> tls_;
  asio::steady_timer linger_;
  struct unmap {
    void operator()(char* x) const noexcept;
  };
  /// Fresh from the kernel and not cleared, so its pages become real only as far as data reaches into them;
  /// what an allocator gives may be real all over.
  static std::unique_ptr<char[], unmap> fresh_block();

  std::unique_ptr<char[], unmap> in_;
  std::size_t begin_ = 0, end_ = 0, touched_ = 0;
  std::string out_;    // appended; the first sent_ bytes have left (plain TCP)
  std::string flight_; // being written (TLS)
  std::size_t sent_ = 0;
  std::uint64_t departed_ = 0, filled_ = 0;
  steady::time_point last_byte_;
  error_code broken_;
  bool filling_ = false, writing_ = false, held_ = false, finishing_ = false, aborted_ = false;
};

} // namespace relay::net
