#include "relay_gateway/tests/net/loopback.hpp"

#include <openssl/evp.h>
#include <openssl/sha.h>

#include <arpa/inet.h>
#include <cerrno>
#include <cstdio>
#include <fstream>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

namespace relay::net_test {

// -- recorder -----------------------------------------------------------------------------------------

void recorder::on_open() {
  {
    std::lock_guard lock(mutex_);
    open_ = true;
    after_end_ |= end_.has_value();
  }
  if (opened) opened();
  changed_.notify_all();
}

void recorder::on_bytes(std::string_view piece) {
  {
    std::lock_guard lock(mutex_);
    if (keep) bytes_.append(piece);
    total_ += piece.size();
    ++pieces_;
    largest_ = std::max(largest_, piece.size());
    after_end_ |= end_.has_value();
  }
  if (reply) reply(piece);
  changed_.notify_all();
}

void recorder::on_batch_end() {
  std::lock_guard lock(mutex_);
  ++batches_;
  after_end_ |= end_.has_value();
  changed_.notify_all();
}

void recorder::on_end(const socket_end& why) {
  std::lock_guard lock(mutex_);
  after_end_ |= end_.has_value();
  ++ends_;
  end_ = why;
  changed_.notify_all();
}

bool recorder::wait_open() {
  return wait([this] { return open_ || end_; }) && open_;
}
std::string recorder::wait_bytes(std::size_t n) {
  wait([this, n] { return total_ >= n || end_; });
  return bytes();
}
bool recorder::wait_batch() {
  return wait([this] { return batches_ > 0 || end_; }) && batches_ > 0;
}
socket_end recorder::wait_end() {
  EXPECT_TRUE(wait([this] { return end_.has_value(); })) << "the socket did not end";
  std::lock_guard lock(mutex_);
  auto why = end_.value_or(socket_end{});
  EXPECT_FALSE(why.error.empty());
  return why;
}
bool recorder::ended() {
  std::lock_guard lock(mutex_);
  return end_.has_value();
}
std::string recorder::bytes() {
  std::lock_guard lock(mutex_);
  return bytes_;
}
std::size_t recorder::pieces() {
  std::lock_guard lock(mutex_);
  return pieces_;
}
std::size_t recorder::batches() {
  std::lock_guard lock(mutex_);
  return batches_;
}
std::size_t recorder::largest_piece() {
  std::lock_guard lock(mutex_);
  return largest_;
}
std::size_t recorder::ends() {
  std::lock_guard lock(mutex_);
  return ends_;
}
std::size_t recorder::total() {
  std::lock_guard lock(mutex_);
  return total_;
}
bool recorder::called_after_end() {
  std::lock_guard lock(mutex_);
  return after_end_;
}

// -- raw sockets --------------------------------------------------------------------------------------

namespace {

void set_deadlines(int fd) {
  timeval limit{patience.count(), 0};
  ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  ::setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
}

sockaddr_in loopback_address(std::uint16_t port) {
  sockaddr_in where{};
  where.sin_family = AF_INET;
  where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  where.sin_port = htons(port);
  return where;
}

} // namespace

raw_socket::~raw_socket() {
  if (fd_ >= 0) ::close(fd_);
}

raw_socket raw_socket::connect(std::uint16_t port) {
  auto fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  set_deadlines(fd);
  auto where = loopback_address(port);
  EXPECT_EQ(::connect(fd, reinterpret_cast<sockaddr*>(&where), sizeof where), 0);
  return raw_socket(fd);
}

bool raw_socket::send(std::string_view text) {
  while (!text.empty()) {
    auto n = ::send(fd_, text.data(), text.size(), MSG_NOSIGNAL);
    if (n <= 0) return false;
    text.remove_prefix(static_cast<std::size_t>(n));
  }
  return true;
}

std::string raw_socket::receive(std::size_t most) {
  if (!rest_.empty()) {
    auto some = rest_.substr(0, most);
    rest_.erase(0, some.size());
    return some;
  }
  std::string buffer(most, '\0');
  auto n = ::recv(fd_, buffer.data(), buffer.size(), 0);
  buffer.resize(n > 0 ? static_cast<std::size_t>(n) : 0);
  return buffer;
}

std::string raw_socket::receive_until(std::string_view mark) {
  std::string all;
  for (;;) {
    auto some = receive();
    if (some.empty()) return all;
    all += some;
    if (auto at = all.find(mark); at != std::string::npos) {
      rest_ = all.substr(at + mark.size()) + rest_;
      all.resize(at + mark.size());
      return all;
    }
  }
}

std::string raw_socket::receive_exactly(std::size_t n) {
  std::string all;
  while (all.size() < n) {
    auto some = receive(n - all.size());
    if (some.empty()) break;
    all += some;
  }
  return all;
}

std::string raw_socket::receive_all() {
  std::string all;
  for (auto some = receive(); !some.empty(); some = receive()) all += some;
  return all;
}

bool raw_socket::ends() {
  while (!receive().empty()) {
  }
  char c = 0;
  auto n = ::recv(fd_, &c, 1, MSG_DONTWAIT);
  return n == 0 || (n < 0 && errno != EAGAIN && errno != EWOULDBLOCK);
}

bool raw_socket::is_reset() {
  errno = 0;
  while (!receive().empty()) {
  }
  return errno == ECONNRESET;
}

bool raw_socket::quiet(std::chrono::milliseconds within) {
  pollfd who{fd_, POLLIN, 0};
  return rest_.empty() && ::poll(&who, 1, static_cast<int>(within.count())) == 0;
}

void raw_socket::shut() { ::shutdown(fd_, SHUT_WR); }

raw_server::raw_server() : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  set_deadlines(fd_);
  auto where = loopback_address(0);
  socklen_t size = sizeof where;
  EXPECT_EQ(::bind(fd_, reinterpret_cast<sockaddr*>(&where), size), 0);
  EXPECT_EQ(::listen(fd_, 64), 0);
  EXPECT_EQ(::getsockname(fd_, reinterpret_cast<sockaddr*>(&where), &size), 0);
  port_ = ntohs(where.sin_port);
}

raw_server::~raw_server() { ::close(fd_); }

raw_socket raw_server::accept() {
  auto fd = ::accept4(fd_, nullptr, nullptr, SOCK_CLOEXEC);
  EXPECT_GE(fd, 0) << "nobody came";
  if (fd >= 0) set_deadlines(fd);
  return raw_socket(fd);
}

// -- WebSocket by hand --------------------------------------------------------------------------------

std::string frame_text(int opcode, std::string_view payload, bool fin, bool mask) {
  std::string text(1, static_cast<char>((fin ? 0x80 : 0) | opcode));
  auto bit = mask ? 0x80 : 0;
  auto add_size = [&](int marker, int bytes) {
    text += static_cast<char>(bit | marker);
    for (int i = bytes - 1; i >= 0; --i) text += static_cast<char>(payload.size() >> (8 * i) & 0xFF);
  };
  if (payload.size() < 126)
    text += static_cast<char>(bit | static_cast<int>(payload.size()));
  else if (payload.size() < 65536)
    add_size(126, 2);
  else
    add_size(127, 8);
  constexpr char key[] = {1, 2, 3, 4};
  if (mask) text.append(key, 4);
  for (std::size_t i = 0; i < payload.size(); ++i)
    text += static_cast<char>(mask ? payload[i] ^ key[i % 4] : payload[i]);
  return text;
}

std::string close_text(std::uint16_t code, std::string_view reason, bool mask) {
  std::string payload{static_cast<char>(code >> 8), static_cast<char>(code & 0xFF)};
  return frame_text(8, payload.append(reason), true, mask);
}

raw_frame read_frame(raw_socket& from) {
  raw_frame result;
  auto head = from.receive_exactly(2);
  if (head.size() < 2) {
    result.opcode = -1;
    return result;
  }
  auto byte = [](char c) { return static_cast<unsigned char>(c); };
  result.opcode = byte(head[0]) & 0x0F;
  result.fin = (byte(head[0]) & 0x80) != 0;
  std::uint64_t size = byte(head[1]) & 0x7F;
  if (size >= 126) {
    auto more = from.receive_exactly(size == 126 ? 2 : 8);
    size = 0;
    for (auto c : more) size = size << 8 | byte(c);
  }
  auto key = (byte(head[1]) & 0x80) != 0 ? from.receive_exactly(4) : std::string(4, '\0');
  result.payload = from.receive_exactly(size);
  for (std::size_t i = 0; i < result.payload.size(); ++i)
    result.payload[i] = static_cast<char>(result.payload[i] ^ key[i % 4]);
  return result;
}

namespace {

std::string header_value(const std::string& head, const std::string& name) {
  auto at = head.find("\r\n" + name + ": ");
  if (at == std::string::npos) return {};
  at += name.size() + 4;
  return head.substr(at, head.find("\r\n", at) - at);
}

std::string accept_key(const std::string& key) {
  auto text = key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
  unsigned char digest[SHA_DIGEST_LENGTH];
  SHA1(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest);
  std::string result(32, '\0');
  result.resize(static_cast<std::size_t>(
      EVP_EncodeBlock(reinterpret_cast<unsigned char*>(result.data()), digest, SHA_DIGEST_LENGTH)));
  return result;
}

} // namespace

std::string accept_upgrade(raw_socket& with, std::string_view more_headers, std::string_view frames_after) {
  auto head = with.receive_until("\r\n\r\n");
  std::string answer = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n";
  answer += "Sec-WebSocket-Accept: " + accept_key(header_value(head, "Sec-WebSocket-Key")) + "\r\n";
  answer.append(more_headers).append("\r\n").append(frames_after);
  EXPECT_TRUE(with.send(answer));
  return head;
}

std::string request_upgrade(raw_socket& with, std::string_view target, std::string_view headers) {
  std::string text = "GET ";
  text.append(target).append(" HTTP/1.1\r\nHost: test\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n");
  text.append("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n");
  text.append(headers).append("\r\n");
  EXPECT_TRUE(with.send(text));
  return with.receive_until("\r\n\r\n");
}

// -- fixtures -----------------------------------------------------------------------------------------

std::shared_ptr<link_port> loopback::links(const net::client_options& what) {
  std::string error;
  auto port = net::make_link_port(io_.context(), what, error);
  EXPECT_TRUE(port) << error;
  return port;
}

std::shared_ptr<http_port> loopback::https(const net::client_options& what) {
  std::string error;
  auto port = net::make_http_port(io_.context(), what, error);
  EXPECT_TRUE(port) << error;
  return port;
}

std::shared_ptr<net::http_server> loopback::serve(net::server_options what, net::server_handlers who) {
  std::string error;
  auto server = net::listen(io_.context(), std::move(what), std::move(who), error);
  EXPECT_TRUE(server) << error;
  return {server.release(), [this](net::http_server* x) { io_.run([x] { delete x; }); }};
}

http_response loopback::call(http_port& port, http_request what) {
  auto answer = std::make_shared<std::promise<http_response>>();
  auto future = answer->get_future();
  port.call(std::move(what), [answer](http_response x) { answer->set_value(std::move(x)); });
  if (future.wait_for(patience) != std::future_status::ready) {
    ADD_FAILURE() << "the call did not end";
    return {};
  }
  return future.get();
}

dial_request loopback::to(std::uint16_t port, std::string_view scheme, std::string_view host) {
  dial_request what;
  what.url.append(scheme)
      .append("://")
      .append(host)
      .append(":")
      .append(std::to_string(port))
      .append("/relay");
  what.timeout = patience;
  return what;
}

std::string loopback::url(std::uint16_t port, std::string_view path, std::string_view scheme) {
  return std::string(scheme) + "://127.0.0.1:" + std::to_string(port) + std::string(path);
}

net::server_handlers acceptor::handlers() {
  net::server_handlers who;
  who.on_upgrade = [this](net::server_request request, const std::shared_ptr<net::upgrade>& upgrade) {
    accepted one;
    one.request = std::move(request);
    one.socket = upgrade->accept(one.heard);
    if (prepare) prepare(*one.heard, *one.socket);
    std::lock_guard lock(mutex_);
    waiting_.push_back(std::move(one));
    changed_.notify_all();
  };
  return who;
}

acceptor::accepted acceptor::next() {
  std::unique_lock lock(mutex_);
  if (!changed_.wait_for(lock, patience, [this] { return !waiting_.empty(); })) {
    ADD_FAILURE() << "nobody came";
    return {};
  }
  auto one = std::move(waiting_.front());
  waiting_.pop_front();
  return one;
}

std::size_t resident_bytes() {
  std::ifstream in("/proc/self/statm");
  std::size_t all = 0, resident = 0;
  in >> all >> resident;
  return resident * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

} // namespace relay::net_test
