// What the wire itself costs: echo turns with Beast and RapidJSON and nothing else. No order, no routes, no
// acks, no time-outs, one write per frame. relay-bench runs it in the gateway's place, with the gateway's
// environment.
#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>
#include <boost/beast/websocket.hpp>
#include <boost/beast/websocket/ssl.hpp>
#include <rapidjson/document.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <cstdio>
#include <cstdlib>
#include <deque>
#include <exception>
#include <string>
#include <string_view>
#include <vector>

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;

struct place {
  bool tls = false;
  std::string host, port;
};
place place_of(std::string_view url) {
  place out;
  out.tls = url.rfind("https:", 0) == 0;
  url.remove_prefix(url.find("//") + 2);
  const auto colon = url.find(':');
  out.host = url.substr(0, colon);
  out.port = url.substr(colon + 1);
  return out;
}
std::string setting(const char* name) {
  const auto* value = std::getenv(name); // NOLINT(concurrency-mt-unsafe)
  return value == nullptr ? std::string{} : value;
}

template <class Stream>
class echo_loop {
public:
  explicit echo_loop(Stream& socket) : socket_(socket) {
    socket_.text(true);
    pool_.resize(pool_bytes);
  }
  void hello(const std::string& platform) {
    write(R"({"type":"hello","platform":")" + platform + R"(","botId":""})" + "\n");
  }
  void read() {
    socket_.async_read(buffer_, [this](beast::error_code ec, std::size_t) {
      if (ec) return;
      const auto data = buffer_.cdata();
      take({static_cast<const char*>(data.data()), data.size()});
      buffer_.consume(buffer_.size());
      read();
    });
  }

private:
  using allocator = rapidjson::MemoryPoolAllocator<>;
  using document = rapidjson::GenericDocument<rapidjson::UTF8<>, allocator, allocator>;
  static constexpr std::size_t pool_bytes = 64UL << 10;

  void take(std::string_view text) {
    while (!text.empty()) {
      const auto end = text.find('\n');
      if (end != 0) on_line(text.substr(0, end));
      if (end == std::string_view::npos) return;
      text.remove_prefix(end + 1);
    }
  }
  void on_line(std::string_view line) {
    allocator values{pool_.data(), pool_.size() / 2},
        stack{pool_.data() + pool_.size() / 2, pool_.size() / 2};
    document frame{&values, pool_.size() / 4, &stack};
    frame.Parse(line.data(), line.size());
    if (frame.HasParseError() || !frame.IsObject()) std::abort();
    const std::string_view type{frame["type"].GetString(), frame["type"].GetStringLength()};
    if (type == "inbound") answer(frame["event"]);
    if (type == "outbound_result" && !frame["result"]["success"].GetBool()) std::abort();
  }
  void answer(const rapidjson::Value& event) {
    const auto& from = event["source"];
    out_.Clear();
    rapidjson::Writer<rapidjson::StringBuffer> to{out_};
    to.StartObject();
    text(to, "type", "outbound");
    text(to, "requestId", std::to_string(++requests_));
    to.Key("action");
    to.StartObject();
    text(to, "op", "send");
    text(to, "chat_id", string_of(from["chat_id"]));
    text(to, "content", string_of(event["text"]));
    to.EndObject();
    text(to, "platform", string_of(from["platform"]));
    to.EndObject();
    out_.Put('\n');
    write({out_.GetString(), out_.GetSize()});
  }
  static std::string_view string_of(const rapidjson::Value& x) {
    return {x.GetString(), x.GetStringLength()};
  }
  static void text(rapidjson::Writer<rapidjson::StringBuffer>& to, std::string_view key,
                   std::string_view value) {
    to.Key(key.data(), static_cast<rapidjson::SizeType>(key.size()));
    to.String(value.data(), static_cast<rapidjson::SizeType>(value.size()));
  }
  void write(std::string frame) {
    queue_.push_back(std::move(frame));
    if (queue_.size() == 1) write_next();
  }
  void write_next() {
    socket_.async_write(asio::buffer(queue_.front()), [this](beast::error_code ec, std::size_t) {
      if (ec) return;
      queue_.pop_front();
      if (!queue_.empty()) write_next();
    });
  }

  Stream& socket_;
  beast::flat_buffer buffer_;
  std::vector<char> pool_;
  rapidjson::StringBuffer out_;
  std::deque<std::string> queue_;
  std::uint64_t requests_ = 0;
};

template <class Stream>
void serve(asio::io_context& io, Stream& socket, const place& where) {
  socket.handshake(where.host + ":" + where.port, "/relay");
  echo_loop<Stream> loop{socket};
  auto platforms = setting("GATEWAY_RELAY_PLATFORMS");
  for (std::size_t at = 0; at != std::string::npos;) {
    const auto comma = platforms.find(',', at);
    loop.hello(platforms.substr(at, comma - at));
    at = comma == std::string::npos ? comma : comma + 1;
  }
  loop.read();
  io.run();
}

void run() {
  const auto where = place_of(setting("GATEWAY_RELAY_URL"));
  asio::io_context io{1};
  asio::ip::tcp::resolver names{io};
  const auto address = names.resolve(where.host, where.port);
  if (!where.tls) {
    beast::websocket::stream<beast::tcp_stream> socket{io};
    beast::get_lowest_layer(socket).connect(address);
    beast::get_lowest_layer(socket).socket().set_option(asio::ip::tcp::no_delay{true});
    return serve(io, socket, where);
  }
  asio::ssl::context tls{asio::ssl::context::tls_client};
  tls.load_verify_file(setting("GATEWAY_TLS_CA_FILE"));
  tls.set_verify_mode(asio::ssl::verify_peer);
  beast::websocket::stream<beast::ssl_stream<beast::tcp_stream>> socket{io, tls};
  beast::get_lowest_layer(socket).connect(address);
  beast::get_lowest_layer(socket).socket().set_option(asio::ip::tcp::no_delay{true});
  socket.next_layer().handshake(asio::ssl::stream_base::client);
  serve(io, socket, where);
}

} // namespace

int main() {
  try {
    run();
    return 0;
  } catch (const std::exception& x) {
    std::fprintf(stderr, "%s\n", x.what());
    return 1;
  }
}
