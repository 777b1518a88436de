// What the actors need from outside. Implementations: app/ (sockets, disk), tests/ (simulated).
// Rules for all: calls never block and never throw; call-backs may come on any thread, also before the call
// returns; nothing is called back after the promise given at each function.
#pragma once

#include "relay_gateway/actors/queue_port.hpp"
#include "relay_gateway/config/resolve.hpp"
#include "relay_gateway/messages/records.hpp"
#include "relay_gateway/messages/secret.hpp"

#include <chrono>
#include <concepts>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace relay {

using std::chrono::milliseconds;

// -- one socket to the connector (protocol.md 3) --------------------------------------------------

/// Why a socket ended, or never opened.
struct socket_end {
  std::uint16_t close_code = 0; ///< of the peer's close frame; 0 = there was none
  std::string close_reason;     ///< of the peer's close frame
  int http_status = 0;          ///< of a refused upgrade; 0 = the upgrade was answered with 101 or not at all
  bool opened = false;          ///< the upgrade had succeeded
  bool oversized = false;       ///< the peer sent a message beyond `max_message`
  std::string error;            ///< one line for a person; never empty
  std::string retry_after{};    ///< of a refused upgrade: its Retry-After header
  std::string date{};           ///< of a refused upgrade: its Date header
  /// Frames whose bytes, at least in part, may have left this process. Those given to write() later did not.
  std::uint64_t frames_written = 0;
};

/// Hears about one socket, on a thread of the port. After on_end() nothing more is called.
class socket_listener {
public:
  virtual ~socket_listener() = default;
  virtual void on_open() = 0;
  /// A piece of the peer's text or binary messages, cut anywhere; valid during the call only.
  virtual void on_bytes(std::string_view piece) = 0;
  /// The bytes that were ready have been given out: a good moment to hand on what was decoded of them.
  virtual void on_batch_end() {}
  /// Whether so much of what it was given waits for somebody that nothing more should be read for now. Asked
  /// after each batch, and while it is so every few milliseconds. Silence of the peer then does not count.
  virtual bool behind() const { return false; }
  /// Exactly once, however the socket ends, also when it never opened.
  virtual void on_end(const socket_end& why) = 0;
};

/// One socket. Any thread may call; calls after the end do nothing.
class line_socket {
public:
  virtual ~line_socket() = default;
  /// Queues one frame (with its `\n`) as one text message. Frames leave in order.
  virtual void write(std::string frame) = 0;
  /// Frames that wait to leave, bounded by whoever writes.
  virtual std::size_t queued() const = 0;
  /// Close handshake with this code after what is queued has left; on_end() follows within `limit`.
  virtual void close(std::uint16_t code, std::string reason, milliseconds limit) = 0;
  /// No handshake; on_end() follows at once.
  virtual void drop(std::string why) = 0;
  /// Stops or resumes reading; while stopped, silence is not counted against the peer.
  virtual void read(bool on) = 0;
};

struct dial_request {
  std::string url;              ///< ws or wss
  secret bearer;                ///< upgrade token; empty = no Authorization header
  milliseconds timeout{30'000}; ///< for name resolution, connect, TLS and upgrade together
  milliseconds ping_interval{10'000};
  milliseconds ping_timeout{25'000};      ///< this long without a received byte = dead
  std::uint64_t max_message = 8ULL << 20; ///< bytes of one WebSocket message
};

class link_port {
public:
  virtual ~link_port() = default;
  /// Starts one dial. The socket ends when its last handle is gone.
  virtual std::shared_ptr<line_socket> dial(dial_request what, std::shared_ptr<socket_listener> who) = 0;
};

// -- a child process that speaks lines (agent-link.md, `exec:`) ------------------------------------

struct child_request {
  std::vector<std::string> argv;    ///< never empty; looked up on PATH, and no shell has a hand in it
  std::size_t room = 1 << 20;       ///< bytes that may wait for a child before it counts as slow
  milliseconds stall_limit{60'000}; ///< this long without taking a byte of what waits = hung, and killed
};

/// Hears about one child.
class child_listener : public socket_listener {
public:
  /// At most half of `room` waits for the child; once per want_room().
  virtual void on_room() = 0;
};

/// A child's standard input and output. It is open while the child runs (on_open(): it was started) and ends
/// when the child is gone, and with it the rest of its process group. `error` of its end tells exit code or
/// signal.
///   close()  ends the child's input once what is queued has left, then sends SIGTERM, then, at `limit`,
///            SIGKILL. That goes on when the last handle is gone.
///   drop()   sends SIGKILL, as does the end of the last handle before a close().
/// A child that is slow is not read from until it reads, so what it asks for cannot pile up.
class child_socket : public line_socket {
public:
  /// Bytes that wait to be read by the child, but for those in its pipe.
  virtual std::size_t waiting() const = 0;
  /// on_room() follows, at once when there is room.
  virtual void want_room() = 0;
};

/// Its children do not survive this process, and hold none of its files and secrets.
class child_port {
public:
  virtual ~child_port() = default;
  virtual std::shared_ptr<child_socket> start(child_request what, std::shared_ptr<child_listener> who) = 0;
};

// -- HTTP calls to the connector and the identity provider (protocol.md 2) ------------------------

struct http_request {
  std::string method = "GET", url;
  std::vector<std::pair<std::string, std::string>> headers;
  std::vector<std::pair<std::string, secret>> secret_headers; ///< credentials that are no bearer
  secret bearer;                                              ///< sent as Authorization: Bearer; empty = none
  secret body; ///< may hold credentials, so it is treated as one
  milliseconds timeout{15'000};
  std::uint64_t max_body = 1ULL << 20, max_error_body = 64ULL << 10; ///< bytes of a 2xx, of any other answer
};
struct http_response {
  int status = 0;    ///< 0 = no answer; then `error` says why
  secret body;       ///< may hold credentials
  std::string error; ///< one line; never empty when status is 0
  /// Without an answer: whether the request may have reached the peer all the same.
  bool sent = false;
  std::string date;          ///< the answer's Date header, to compare clocks; empty without one
  std::string retry_after{}; ///< the answer's Retry-After header; empty without one
};
class http_port {
public:
  virtual ~http_port() = default;
  /// Calls `done` exactly once. Redirects are answers like any other: never followed (F48).
  virtual void call(http_request what, std::function<void(http_response)> done) = 0;
};

// -- answers that come in pieces: a model's (gateway.agent `openai:`) ---------------------------------

/// Hears about one exchange, on a thread of the port. After on_end(), or the end of the handle, nothing more
/// is called.
class http_exchange_listener {
public:
  virtual ~http_exchange_listener() = default;
  /// A 2xx answer begins.
  virtual void on_head(std::string content_type) = 0;
  /// A piece of its body, cut anywhere. The next one comes after more().
  virtual void on_piece(std::string piece) = 0;
  /// Exactly once: `status` 0 when it broke off, also in the middle. The body of a 2xx answer is not in it.
  virtual void on_end(http_response end) = 0;
};
/// One exchange. Any thread may call; the end of the handle ends it.
class http_exchange {
public:
  virtual ~http_exchange() = default;
  /// The last piece has been taken.
  virtual void more() = 0;
};
class http_stream_port {
public:
  virtual ~http_stream_port() = default;
  /// `timeout` is for the whole exchange. Redirects are answers like any other: never followed (F48).
  virtual std::shared_ptr<http_exchange> open(http_request what,
                                              std::shared_ptr<http_exchange_listener> who) = 0;
};

// -- attachments: the connector's media store and files of this machine (protocol.md 6, Media) --------

struct media_fetch {
  std::string url;
  secret bearer; ///< goes to this URL's host only: redirects are not followed (F48)
  milliseconds timeout{60'000};
  std::uint64_t max_bytes = 0; ///< a longer answer is an error and leaves no file
  /// What the file is called by whoever comes after a restart: it outlives the process, and the next fetch of
  /// that name and URL finds it instead of asking the connector, whose reference may have ended (F31). Empty
  /// = it goes with the port.
  std::string pin;
  std::string pin_before; ///< where it may be found, too; it has the new name then
};
struct media_fetched {
  std::string path; ///< absolute, not to be guessed, readable by this user alone; empty = failed
  std::uint64_t bytes = 0;
  std::string error;                 ///< one line; never empty without a path
  int status = 0;                    ///< of an answer that is no file; 0 = there was none
  std::string retry_after{}, date{}; ///< that answer's headers
};
struct media_upload {
  std::string url;
  secret bearer;
  std::string path, content_type, filename;
  milliseconds timeout{60'000};
  std::uint64_t max_bytes = 0; ///< a larger file is not sent
};
struct media_uploaded {
  enum class step : std::uint8_t { file_unreadable, file_too_large, not_reached, answered };
  step how = step::not_reached;
  int status = 0;                    ///< when answered
  std::string body;                  ///< when answered; at most 64 KiB
  std::string error;                 ///< one line; empty only when answered
  std::string retry_after{}, date{}; ///< the answer's headers
};
/// The content of a file.
struct media_bytes {
  std::string bytes;
  std::string error; ///< one line; empty: `bytes` is all of it
};
/// Bytes pass piece by piece between socket and disk; no file is ever held in memory, and the disk is never
/// waited for on a thread that serves sockets.
class media_port {
public:
  virtual ~media_port() = default;
  /// Calls `done` exactly once, unless the port ends first, as the others do.
  virtual void fetch(media_fetch what, std::function<void(media_fetched)> done) = 0;
  virtual void upload(media_upload what, std::function<void(media_uploaded)> done) = 0;
  /// Removes files that fetch() made or found. All that are left go with the port, but for pinned ones.
  virtual void remove(std::vector<std::string> paths) = 0;
  /// Removes what is pinned under this name for these URLs, also by a process before.
  virtual void unpin(std::string pin, std::vector<std::string> urls) = 0;
  /// Reads a file that fetch() made or found, when it has at most so many bytes. Calls `done` as the others
  /// do.
  virtual void read(std::string path, std::uint64_t max_bytes, std::function<void(media_bytes)> done) {
    (void)max_bytes;
    std::exchange(done, nullptr)({{}, std::move(path) + ": this port reads no files"});
  }
};

// -- what outlives the process (messages/records.hpp) ----------------------------------------------

/// Routes of chats; a million of them at once would take 400 MB.
struct chat_page {
  std::vector<route_seen> chats;
  std::uint64_t next = 0; ///< further ones are behind this use; 0: there are none
};

/// Calls take effect in the order in which they are made, and their call-backs come in that order. While the
/// disk refuses (full, read-only), everything waits and is tried again; watch() tells. Nothing is ever half
/// done.
class store_port {
public:
  virtual ~store_port() = default;
  /// False: memory only. Then nothing survives, nothing may be spilled, and of all records only dead letters
  /// are kept.
  virtual bool durable() const noexcept = 0;
  /// The facts as they stood when the store was opened. Any thread.
  virtual std::map<std::string, std::string> facts() const = 0;
  /// Writes these together; `done` (may be null) once they are on disk. Commits that arrive while another one
  /// runs share the next write.
  virtual void commit(std::vector<store_record> batch, std::function<void(store_receipt)> done) = 0;
  /// What was there when the calls before this one had been done. Each once per start of the actor that wants
  /// it.
  virtual void load_inbound(std::function<void(inbound_image)> done) = 0;
  virtual void load_outbound(std::function<void(outbound_image)> done) = 0;
  /// Routes of up to `limit` chats that were used after the one of this number, least recently used first. A
  /// store with few of them may bring them with load_outbound() instead.
  virtual void chats_after(std::uint64_t /*use*/, std::size_t /*limit*/,
                           std::function<void(chat_page)> done) {
    std::exchange(done, nullptr)({});
  }
  /// Takes up to `limit` spilled events of a session back into memory, oldest first, fewer when they are
  /// large (about 1 MiB). Their keys stay guarded until event_settled or event_dead.
  virtual void recall(std::string session, std::size_t limit, std::function<void(recalled_events)> done) = 0;
  /// Spilled events behind `after_seq`, oldest first.
  virtual void scan(std::uint64_t after_seq, std::size_t limit, std::function<void(spill_page)> done) = 0;
  /// Dead letters behind `after_seq`, oldest first.
  virtual void dead_letters(std::uint64_t after_seq, std::size_t limit,
                            std::function<void(std::vector<dead_letter>)> done) = 0;
  /// That session, or with an empty name all that have open questions.
  virtual void conversations(std::string session, std::function<void(std::vector<conversation_kept>)> done) {
    session.clear(); // a store that keeps none
    std::exchange(done, nullptr)({});
  }
  /// Calls `told` whenever the health changes, and once at once. The newest watcher counts; null ends it.
  virtual void watch(std::function<void(store_health)> told) = 0;
};

// -- clock, randomness, secret files ---------------------------------------------------------------------

/// The wall clock. Steady time is the actor clock's.
class clock_port {
public:
  virtual ~clock_port() = default;
  /// Unix time in milliseconds; may jump.
  virtual std::int64_t wall_ms() const = 0;
};
class random_port {
public:
  virtual ~random_port() = default;
  /// 64 random bits.
  virtual std::uint64_t bits() = 0;
};
struct secret_read {
  secret text;
  std::string error; ///< one line when it cannot be read
};
class secret_file_port {
public:
  virtual ~secret_file_port() = default;
  /// The trimmed content of a small regular file, at most 64 KiB; false with one line in `why` when it cannot
  /// be read. May wait for the file system, so not for a thread that serves sockets.
  virtual bool read(const std::string& path, secret& out, std::string& why) const = 0;
  /// The same for such a thread: `done` is called once, on any thread and perhaps at once. A file system that
  /// hangs is an error after some seconds.
  virtual void read_later(const std::string& path, std::function<void(secret_read)> done) const {
    secret_read x;
    read(path, x.text, x.error);
    done(std::move(x));
  }
};

// -- settings: where they come from -----------------------------------------------------------------------

class settings_port {
public:
  virtual ~settings_port() = default;
  /// Resolves the settings anew, from wherever they came. Calls `done` exactly once, unless the port ends
  /// first.
  virtual void resolve(std::function<void(config::resolution)> done) = 0;
};

// -- files that programs of this machine share ------------------------------------------------------

/// A small file whose lock is held until this object goes.
class locked_file {
public:
  virtual ~locked_file() = default;
  /// Puts `text` in the file's place: whole or not at all, readable by this user alone, and on the disk
  /// before `done` is called with an empty line; else with why not. Once.
  virtual void replace(secret text, std::function<void(std::string why)> done) = 0;
};
struct file_locked {
  std::shared_ptr<locked_file> file; ///< null: there is none, or it failed
  secret text;                       ///< at most 1 MiB
  bool missing = false;              ///< there is no such file; nothing was made
  std::string unwritable;            ///< why replace() cannot work; empty = it should
  std::string error;                 ///< one line when it failed
};
class file_port {
public:
  virtual ~file_port() = default;
  /// Locks the file by another one beside it (`auth.json` by `auth.lock`), waiting at most `patience` for
  /// other programs, and reads it. Calls `done` exactly once, unless the port ends first.
  virtual void lock(std::string path, milliseconds patience, std::function<void(file_locked)> done) = 0;
};

// -- log: what a person reads ------------------------------------------------------------------

enum class severity : std::uint8_t { debug, info, warn, error };
/// One member of a log event. An empty text is left out of the line; a number is written as one.
struct log_field {
  log_field(std::string_view name, std::string text) : key(name), value(std::move(text)) {}
  log_field(std::string_view name, const char* text) : key(name), value(text) {}
  log_field(std::string_view name, std::string_view text) : key(name), value(text) {}
  log_field(std::string_view name, bool flag) : key(name), value(flag ? "true" : "false"), literal(true) {}
  log_field(std::string_view name, std::integral auto number)
      : key(name), value(std::to_string(number)), literal(true) {}
  std::string_view key;
  std::string value;
  bool literal = false; ///< a number or a truth value: without quotes
};
/// A number of which 0 says nothing: then it is left out.
log_field unless_zero(std::string_view name, std::integral auto number) {
  return number == 0 ? log_field{name, ""} : log_field{name, number};
}
/// One event with a stable id (`link.lost`) and fields. Never blocks; drops and counts when it cannot keep
/// up.
class log_port {
public:
  virtual ~log_port() = default;
  virtual bool wants(severity level) const noexcept = 0;
  virtual void write(severity level, std::string_view id,
                     std::initializer_list<log_field> fields) noexcept = 0;
};

// -- metrics: all names are in actors/metrics.hpp --------------------------------------------------

enum class counter : std::uint8_t;
enum class gauge : std::uint8_t;
enum class histogram : std::uint8_t;
class metrics_port {
public:
  virtual ~metrics_port() = default;
  virtual void add(counter what, std::uint64_t n = 1) noexcept = 0;
  /// For counters with a label; `value` must come from a fixed set (reasons, outcomes, platforms).
  virtual void add(counter what, std::string_view value, std::uint64_t n = 1) noexcept = 0;
  virtual void set(gauge what, std::int64_t value) noexcept = 0;
  /// How long something took.
  virtual void observe(histogram what, std::chrono::nanoseconds took) noexcept = 0;
};

// -- bursts: how much one message carries -----------------------------------------------------------

/// For tests: cuts what would travel as one message (actors/bursts.hpp), for nothing may depend on what
/// travels together. Any thread.
class burst_port {
public:
  virtual ~burst_port() = default;
  /// How many items the next message may carry; at least 1.
  virtual std::size_t next_size() = 0;
};

/// All of them, as the actors get them.
struct ports {
  /// Released when the last actor that could use a port is gone. Declared first: it must go last.
  std::shared_ptr<void> lifetime;
  std::shared_ptr<link_port> link;
  std::shared_ptr<http_port> http;
  std::shared_ptr<clock_port> clock;
  std::shared_ptr<random_port> random;
  std::shared_ptr<secret_file_port> secrets;
  std::shared_ptr<log_port> log;
  std::shared_ptr<metrics_port> metrics;
  std::shared_ptr<media_port> media;
  std::shared_ptr<store_port> store;
  std::shared_ptr<child_port> child;
  std::shared_ptr<file_port> files;            ///< null: this program shares none
  std::shared_ptr<settings_port> settings;     ///< null: these settings come from no file; nothing to reload
  std::shared_ptr<http_stream_port> streams{}; ///< of the openai agent
  std::shared_ptr<queue_port> queue{};         ///< of the nats agent and of workers; null: not built in
  std::shared_ptr<burst_port> bursts{};        ///< null: nobody cuts them
};

} // namespace relay
