#include "relay_gateway/tests/app/raw_http.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <cstdlib>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

namespace relay::app_test {

namespace {

class connection {
public:
  explicit connection(std::uint16_t port) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    timeval limit{20, 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    sockaddr_in where{};
    where.sin_family = AF_INET;
    where.sin_port = htons(port);
    where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    open_ = ::connect(fd_, reinterpret_cast<const sockaddr*>(&where), sizeof where) == 0;
  }
  connection(const connection&) = delete;
  connection& operator=(const connection&) = delete;
  ~connection() { ::close(fd_); }

  bool send(const std::string& text) const {
    return open_ && ::send(fd_, text.data(), text.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(text.size());
  }
  bool more(std::string& into) const {
    char piece[4096];
    auto n = ::recv(fd_, piece, sizeof piece, 0);
    if (n > 0) into.append(piece, static_cast<std::size_t>(n));
    return n > 0;
  }

private:
  int fd_;
  bool open_ = false;
};

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

} // namespace

std::string raw_answer::header(const std::string& name) const {
  auto at = lower(head).find("\r\n" + lower(name) + ": ");
  if (at == std::string::npos) return {};
  at += name.size() + 4;
  return head.substr(at, head.find("\r\n", at) - at);
}

raw_answer raw_call(std::uint16_t port, const std::string& method, const std::string& path,
                    const raw_headers& headers, const std::string& body) {
  auto text = method + " " + path + " HTTP/1.1\r\n";
  bool has_host = false, upgrades = false;
  for (const auto& [name, value] : headers) {
    text += name + ": " + value + "\r\n";
    has_host = has_host || name == "Host";
    upgrades = upgrades || name == "Upgrade";
  }
  if (!has_host) text += "Host: 127.0.0.1:" + std::to_string(port) + "\r\n";
  if (!upgrades) text += "Connection: close\r\n";
  if (!body.empty()) text += "Content-Length: " + std::to_string(body.size()) + "\r\n";
  text += "\r\n" + body;
  raw_answer result;
  connection to{port};
  if (!to.send(text)) return result;
  std::string got;
  auto end = std::string::npos;
  while ((end = got.find("\r\n\r\n")) == std::string::npos)
    if (!to.more(got)) return result;
  result.head = got.substr(0, end + 2);
  result.status = std::atoi(result.head.c_str() + result.head.find(' '));
  result.body = got.substr(end + 4);
  if (result.status == 101) return result; // a socket from now on
  auto length = result.header("Content-Length");
  auto wanted = length.empty() || method == "HEAD" ? 0 : std::strtoul(length.c_str(), nullptr, 10);
  while (result.body.size() < wanted && to.more(result.body)) {
  }
  return result;
}

raw_headers upgrade_headers(raw_headers more) {
  more.insert(more.end(), {{"Connection", "Upgrade"},
                           {"Upgrade", "websocket"},
                           {"Sec-WebSocket-Version", "13"},
                           {"Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="}});
  return more;
}

} // namespace relay::app_test
