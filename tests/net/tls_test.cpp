// TLS both ways: what is accepted, what is refused, and that it carries as much as plain TCP does.
#include "relay_gateway/app/net/dial/client_tls.hpp"
#include "relay_gateway/app/net/dial/tls.hpp"
#include "relay_gateway/tests/net/certificates.hpp"
#include "relay_gateway/tests/net/loopback.hpp"

#include <openssl/ssl.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <future>
#include <sys/stat.h>

namespace relay::net_test {
namespace {

class tls : public loopback {
protected:
  void listen(const authority::pair& shown, const std::string& client_ca_file = {}) {
    net::server_options what;
    what.tls_client_ca_file = client_ca_file;
    what.tls_cert_file = shown.cert_file;
    what.tls_key_file = shown.key_file;
    auto who = acceptor_.handlers();
    who.on_request = [](const net::server_request& x, const std::shared_ptr<net::responder>& to) {
      net::server_response answer;
      answer.body = x.method + x.body;
      to->answer(std::move(answer));
    };
    server_ = serve(std::move(what), std::move(who));
  }
  net::client_options trusting(const authority& whom) const {
    net::client_options what;
    what.tls.ca_file = whom.ca_file();
    return what;
  }
  socket_end refused(const net::client_options& what, std::string_view host) {
    auto heard = std::make_shared<recorder>();
    auto socket = links(what)->dial(to(server_->port(), "wss", host), heard);
    auto why = heard->wait_end();
    EXPECT_FALSE(why.opened);
    return why;
  }

  authority ours_;
  acceptor acceptor_;
  std::shared_ptr<net::http_server> server_;
};

TEST_F(tls, CarriesSocketsByNameAndByAddress) {
  listen(ours_.issue("DNS:localhost,IP:127.0.0.1"));
  for (const auto* host : {"localhost", "127.0.0.1"}) {
    auto heard = std::make_shared<recorder>();
    auto socket = links(trusting(ours_))->dial(to(server_->port(), "wss", host), heard);
    ASSERT_TRUE(heard->wait_open()) << host << heard->wait_end().error;
    auto there = acceptor_.next();
    std::string expected;
    for (int i = 0; i < 1000; ++i) {
      auto line = "line " + std::to_string(i) + std::string(300, 'x') + "\n";
      socket->write(line);
      there.socket->write(line);
      expected += line;
    }
    EXPECT_EQ(there.heard->wait_bytes(expected.size()), expected);
    EXPECT_EQ(heard->wait_bytes(expected.size()), expected);
    socket->close(1000, "bye", patience);
    EXPECT_EQ(there.heard->wait_end().close_code, 1000);
    EXPECT_EQ(heard->wait_end().frames_written, 1000u);
  }
}

TEST_F(tls, CarriesLargeFramesAndAPausedReader) {
  listen(ours_.issue("DNS:localhost"));
  auto heard = std::make_shared<recorder>();
  auto socket = links(trusting(ours_))->dial(to(server_->port(), "wss", "localhost"), heard);
  ASSERT_TRUE(heard->wait_open());
  auto there = acceptor_.next();
  there.socket->read(false);
  for (int i = 0; i < 40; ++i) socket->write(std::string(1 << 20, 'x'));
  io_.run([] {});
  EXPECT_GT(socket->queued(), 0u);
  there.socket->read(true);
  there.heard->wait_bytes(std::size_t{40} << 20);
  EXPECT_EQ(there.heard->total(), std::size_t{40} << 20);
}

TEST_F(tls, CarriesCalls) {
  listen(ours_.issue("DNS:localhost"));
  http_request what;
  what.method = "POST";
  what.url = "https://localhost:" + std::to_string(server_->port()) + "/x";
  what.body = secret(std::string(500'000, 'b'));
  auto port = https(trusting(ours_));
  auto answer = call(*port, what);
  EXPECT_EQ(answer.status, 200) << answer.error;
  EXPECT_EQ(answer.body.reveal(), "POST" + std::string(500'000, 'b'));
}

TEST_F(tls, AnotherHostsCertificateIsRefused) {
  listen(ours_.issue("DNS:elsewhere.example,IP:127.0.0.2"));
  for (const auto* host : {"localhost", "127.0.0.1"}) {
    auto why = refused(trusting(ours_), host);
    EXPECT_NE(why.error.find("mismatch"), std::string::npos) << why.error;
  }
}

TEST_F(tls, AnotherAuthoritysCertificateIsRefused) {
  listen(ours_.issue("DNS:localhost"));
  authority other;
  EXPECT_NE(refused(trusting(other), "localhost").error.find("certificate"), std::string::npos);
  EXPECT_NE(refused({}, "localhost").error.find("certificate"), std::string::npos); // the system's store
}

TEST_F(tls, AnExpiredCertificateIsRefused) {
  listen(ours_.issue("DNS:localhost", true));
  EXPECT_NE(refused(trusting(ours_), "localhost").error.find("expired"), std::string::npos);
}

TEST_F(tls, CallsVerifyLikewise) {
  listen(ours_.issue("DNS:elsewhere.example"));
  http_request what;
  what.url = "https://localhost:" + std::to_string(server_->port()) + "/";
  what.bearer = secret("token");
  auto port = https(trusting(ours_));
  auto answer = call(*port, what);
  EXPECT_EQ(answer.status, 0);
  EXPECT_NE(answer.error.find("mismatch"), std::string::npos) << answer.error;
}

TEST_F(tls, APeerThatSpeaksPlainFails) {
  raw_server plain;
  auto heard = std::make_shared<recorder>();
  auto socket = links(trusting(ours_))->dial(to(plain.port(), "wss", "localhost"), heard);
  auto there = plain.accept();
  there.receive();
  there.send("HTTP/1.1 400 Bad Request\r\n\r\n");
  EXPECT_FALSE(heard->wait_end().opened);
}

TEST_F(tls, APlainClientAtATlsServerIsDropped) {
  listen(ours_.issue("DNS:localhost"));
  auto peer = raw_socket::connect(server_->port());
  peer.send("GET / HTTP/1.1\r\n\r\n");
  EXPECT_TRUE(peer.ends());
}

TEST_F(tls, TheLimitCoversAHandshakeThatHangs) {
  raw_server silent;
  auto what = to(silent.port(), "wss", "localhost");
  what.timeout = milliseconds(200);
  auto heard = std::make_shared<recorder>();
  auto socket = links(trusting(ours_))->dial(what, heard);
  auto there = silent.accept();
  EXPECT_NE(heard->wait_end().error.find("timed out while the TLS handshake"), std::string::npos);
}

TEST_F(tls, VersionsBefore12AreRefused) {
  listen(ours_.issue("DNS:localhost"));
  std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context(SSL_CTX_new(TLS_client_method()), SSL_CTX_free);
  SSL_CTX_set_min_proto_version(context.get(), TLS1_VERSION);
  SSL_CTX_set_max_proto_version(context.get(), TLS1_1_VERSION);
  SSL_CTX_set_security_level(context.get(), 0); // our side must be able to offer it
  std::unique_ptr<SSL, decltype(&SSL_free)> ssl(SSL_new(context.get()), SSL_free);
  std::unique_ptr<BIO, decltype(&BIO_free_all)> wire(
      BIO_new_connect(("127.0.0.1:" + std::to_string(server_->port())).c_str()), BIO_free_all);
  ASSERT_EQ(BIO_do_connect(wire.get()), 1);
  BIO_up_ref(wire.get());
  SSL_set_bio(ssl.get(), wire.get(), wire.get());
  EXPECT_NE(SSL_connect(ssl.get()), 1);
}

TEST_F(tls, ABadFileIsOneLine) {
  listen(ours_.issue("DNS:localhost"));
  auto pair = ours_.issue("DNS:localhost");
  auto other = ours_.issue("DNS:localhost");
  auto bad = [this](config::tls_settings files) {
    net::client_options what;
    what.tls = std::move(files);
    auto heard = std::make_shared<recorder>();
    auto socket = links(what)->dial(to(server_->port(), "wss", "localhost"), heard);
    auto error = heard->wait_end().error;
    EXPECT_FALSE(error.empty());
    EXPECT_EQ(error.find('\n'), std::string::npos);
    return error;
  };
  EXPECT_NE(bad({"/no/such/ca.pem", "", ""}).find("/no/such/ca.pem"), std::string::npos);
  bad({pair.key_file, "", ""});                           // no certificate in it
  bad({ours_.ca_file(), pair.cert_file, ""});             // half a pair
  bad({ours_.ca_file(), pair.cert_file, other.key_file}); // halves of two
  net::server_options shown;
  shown.tls_cert_file = pair.cert_file;
  shown.tls_key_file = other.key_file;
  std::string error;
  EXPECT_FALSE(net::listen(io_.context(), shown, {}, error));
  EXPECT_FALSE(error.empty());
}

TEST_F(tls, PortsOfOneSettingShareAContext) {
  net::client_tls a{trusting(ours_).tls}, b{trusting(ours_).tls}, other{trusting(authority{}).tls};
  std::string error;
  auto first = a.get(error);
  ASSERT_TRUE(first) << error;
  EXPECT_EQ(first, b.get(error));
  EXPECT_EQ(first, a.get(error));
  EXPECT_NE(first, other.get(error));
}

// As on a file system that hangs: whoever dials is not held up, no second thread hangs, and it heals.
TEST_F(tls, FilesThatCannotBeReadHoldNobodyUp) {
  std::promise<void> go_on;
  auto hangs = go_on.get_future().share();
  std::atomic<int> reads = 0;
  net::client_tls some{trusting(ours_).tls, [&](const config::tls_settings& what, std::string& error) {
                         ++reads;
                         hangs.wait();
                         return net::make_client_tls(what, error);
                       }};
  auto first = some.load();
  EXPECT_FALSE(first->ended());
  EXPECT_EQ(some.load(), first);
  std::string error;
  EXPECT_FALSE(first->take(error));
  EXPECT_NE(error.find("in time"), std::string::npos) << error;
  const authority theirs;
  net::client_tls other{trusting(theirs).tls};
  EXPECT_TRUE(other.get(error)) << error;
  go_on.set_value();
  EXPECT_TRUE(first->ended(patience));
  EXPECT_TRUE(first->take(error)) << error;
  EXPECT_TRUE(error.empty());
  EXPECT_EQ(some.get(error), first->take(error));
  EXPECT_EQ(reads, 1);
}

TEST_F(tls, APipeIsNoFileOfCertificates) {
  auto shown = ours_.issue("DNS:localhost");
  auto pipe = shown.cert_file + ".pipe";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  std::string error;
  EXPECT_FALSE(net::make_server_tls(shown.cert_file, shown.key_file, error, pipe));
  EXPECT_NE(error.find("not a regular file"), std::string::npos) << error;
  for (const auto& files : {config::tls_settings{pipe, "", ""},
                            {ours_.ca_file(), pipe, shown.key_file},
                            {ours_.ca_file(), shown.cert_file, pipe}}) {
    EXPECT_FALSE(net::make_client_tls(files, error));
    EXPECT_NE(error.find(pipe + ": not a regular file"), std::string::npos) << error;
  }
}

TEST_F(tls, EachCertificateOfTheFileIsTrusted) {
  // A certificate of another name stands before that of the authority.
  auto both = ours_.ca_file() + ".both";
  auto shown = ours_.issue("DNS:localhost");
  std::ofstream{both} << std::ifstream{shown.cert_file}.rdbuf() << std::ifstream{ours_.ca_file()}.rdbuf();
  net::client_options what;
  what.tls.ca_file = both;
  listen(shown);
  auto heard = std::make_shared<recorder>();
  auto socket = links(what)->dial(to(server_->port(), "wss", "localhost"), heard);
  EXPECT_TRUE(heard->wait_open()) << heard->wait_end().error;
}

TEST_F(tls, AFileThatChangesIsUsedAtTheNextDial) {
  listen(ours_.issue("DNS:localhost"));
  authority theirs;
  auto what = trusting(theirs);
  auto port = links(what);
  auto dial = [&] {
    auto heard = std::make_shared<recorder>();
    auto socket = port->dial(to(server_->port(), "wss", "localhost"), heard);
    auto opened = heard->wait_open();
    return opened;
  };
  EXPECT_FALSE(dial());
  std::filesystem::copy_file(ours_.ca_file(), what.tls.ca_file,
                             std::filesystem::copy_options::overwrite_existing);
  EXPECT_TRUE(dial());
}

TEST_F(tls, APlainUrlNeedsNoTlsFiles) {
  server_ = serve({}, acceptor_.handlers());
  net::client_options what;
  what.tls.ca_file = "/no/such/ca.pem";
  auto heard = std::make_shared<recorder>();
  auto socket = links(what)->dial(to(server_->port(), "ws", "127.0.0.1"), heard);
  EXPECT_TRUE(heard->wait_open()) << heard->wait_end().error;
}

TEST_F(tls, AClientCertificateIsAccepted) {
  listen(ours_.issue("DNS:localhost"));
  auto mine = ours_.issue("DNS:client");
  auto what = trusting(ours_);
  what.tls.cert_file = mine.cert_file;
  what.tls.key_file = mine.key_file;
  auto heard = std::make_shared<recorder>();
  auto socket = links(what)->dial(to(server_->port(), "wss", "localhost"), heard);
  EXPECT_TRUE(heard->wait_open());
}

TEST_F(tls, AServerMayDemandAClientCertificateOfItsAuthority) {
  authority theirs;
  listen(ours_.issue("DNS:localhost"), theirs.ca_file());
  auto with = [&](const authority::pair& shown) {
    auto what = trusting(ours_);
    what.tls.cert_file = shown.cert_file;
    what.tls.key_file = shown.key_file;
    return what;
  };
  refused(trusting(ours_), "localhost");                 // none
  refused(with(ours_.issue("DNS:client")), "localhost"); // of somebody else
  auto heard = std::make_shared<recorder>();
  auto socket = links(with(theirs.issue("DNS:client")))->dial(to(server_->port(), "wss", "localhost"), heard);
  EXPECT_TRUE(heard->wait_open());
}

TEST_F(tls, AClientAuthorityThatCannotBeReadIsAnError) {
  auto shown = ours_.issue("DNS:localhost");
  net::server_options what;
  what.tls_cert_file = shown.cert_file;
  what.tls_key_file = shown.key_file;
  what.tls_client_ca_file = "/no/such/ca.pem";
  std::string error;
  EXPECT_FALSE(net::listen(io_.context(), what, {}, error));
  EXPECT_NE(error.find("/no/such/ca.pem"), std::string::npos) << error;
}

} // namespace
} // namespace relay::net_test
