// Attachments for real: sockets, files, bounds.
#include "relay_gateway/app/net/http/media_files.hpp"
#include "relay_gateway/tests/net/loopback.hpp"

#include <filesystem>
#include <fstream>
#include <random>
#include <sys/stat.h>

namespace relay::net_test {
namespace {

namespace fs = std::filesystem;

class media : public loopback {
protected:
  media() {
    std::random_device any;
    room = fs::temp_directory_path() / ("media-test-" + std::to_string(any()) + std::to_string(any()));
    fs::create_directory(room);
    base = (room / "media").string();
    open();
  }
  ~media() override {
    port.reset();
    fs::remove_all(room);
  }
  void open() { port = net::make_media_port(io_.context(), {}, base); }
  template <class Answer, class Start>
  std::future<Answer> begin(Start start) {
    auto promise = std::make_shared<std::promise<Answer>>();
    auto future = promise->get_future();
    start([promise](Answer x) { promise->set_value(std::move(x)); });
    return future;
  }
  std::future<media_fetched> fetch(media_fetch what = {}) {
    what.url = url(server.port(), "/relay/media/m1");
    if (what.max_bytes == 0) what.max_bytes = largest;
    return begin<media_fetched>([&](auto done) { port->fetch(std::move(what), done); });
  }
  std::future<media_uploaded> upload(const std::string& path, std::uint64_t most = largest) {
    media_upload what;
    what.url = url(server.port(), "/relay/media");
    what.bearer = secret("token");
    what.path = path;
    what.content_type = "image/png";
    what.filename = "a\r\nb.png";
    what.max_bytes = most;
    return begin<media_uploaded>([&](auto done) { port->upload(std::move(what), done); });
  }
  template <class Answer>
  Answer result(std::future<Answer>& x) {
    if (x.wait_for(patience) == std::future_status::ready) return x.get();
    ADD_FAILURE() << "the transfer did not end";
    return {};
  }
  std::string file(const std::string& name, const std::string& content) {
    auto path = (room / name).string();
    std::ofstream{path, std::ios::binary} << content;
    return path;
  }
  static std::string content(const std::string& path) {
    std::ifstream in{path, std::ios::binary};
    return {std::istreambuf_iterator<char>{in}, {}};
  }
  /// Attachments on disk.
  std::size_t kept() const {
    std::size_t n = 0;
    if (!fs::exists(base)) return 0;
    for (auto& x : fs::recursive_directory_iterator{base})
      n += x.is_regular_file() && x.path().filename() != "lock" ? 1 : 0;
    return n;
  }

  static constexpr std::uint64_t largest = 25ULL << 20;
  raw_server server;
  fs::path room;
  std::string base;
  std::shared_ptr<media_port> port;
};

TEST_F(media, F67_AFetchedFileIsWholeAndPrivate) {
  std::string bytes;
  for (int i = 0; i < 1'000'000; ++i) bytes += static_cast<char>(i * 7 % 251);
  media_fetch what;
  what.bearer = secret("token");
  auto got = fetch(std::move(what));
  auto there = server.accept();
  auto head = there.receive_until("\r\n\r\n");
  for (const auto* line : {"GET /relay/media/m1 HTTP/1.1\r\n", "\r\nAuthorization: Bearer token\r\n",
                           "\r\nUser-Agent: relay-gateway\r\n"})
    EXPECT_NE(head.find(line), std::string::npos) << line << head;
  there.send("HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(bytes.size()) + "\r\n\r\n" + bytes);
  auto x = result(got);
  ASSERT_EQ(x.error, "");
  EXPECT_EQ(x.bytes, bytes.size());
  EXPECT_TRUE(content(x.path) == bytes);
  struct stat info {};
  ASSERT_EQ(::stat(x.path.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600U);
  ASSERT_EQ(::stat(fs::path{x.path}.parent_path().c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0700U);
  port.reset();
  EXPECT_EQ(kept(), 0U) << "nothing outlives the port";
}

TEST_F(media, AnEmptyOneIsAFileToo) {
  auto got = fetch();
  auto there = server.accept();
  there.receive_until("\r\n\r\n");
  there.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  auto x = result(got);
  EXPECT_EQ(x.error, "");
  EXPECT_TRUE(fs::exists(x.path));
}

TEST_F(media, F48_RedirectsAreNotFollowedAndTheBearerStays) {
  raw_server elsewhere;
  media_fetch what;
  what.bearer = secret("token");
  auto got = fetch(std::move(what));
  auto there = server.accept();
  there.receive_until("\r\n\r\n");
  there.send("HTTP/1.1 302 Found\r\nLocation: " + url(elsewhere.port(), "/x") +
             "\r\nContent-Length: 0\r\n\r\n");
  auto x = result(got);
  EXPECT_EQ(x.path, "");
  EXPECT_EQ(x.error, "HTTP status 302");
  EXPECT_EQ(kept(), 0U);
}

TEST_F(media, ALargerOneIsRefusedAndLeavesNoFile) {
  for (auto* head : {"Content-Length: 200000\r\n\r\n", "\r\n"}) { // told beforehand, or found out
    media_fetch what;
    what.max_bytes = 100'000;
    auto got = fetch(std::move(what));
    auto there = server.accept();
    there.receive_until("\r\n\r\n");
    there.send(std::string{"HTTP/1.1 200 OK\r\n"} + head + std::string(200'000, 'x'));
    there.shut();
    auto x = result(got);
    EXPECT_EQ(x.path, "");
    EXPECT_NE(x.error.find("larger than 100000 bytes"), std::string::npos) << x.error;
    EXPECT_EQ(kept(), 0U);
  }
}

TEST_F(media, HalfAFileIsNone) {
  auto got = fetch();
  {
    auto there = server.accept();
    there.receive_until("\r\n\r\n");
    there.send("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nabc");
  }
  auto x = result(got);
  EXPECT_EQ(x.path, "");
  EXPECT_NE(x.error, "");
  EXPECT_EQ(kept(), 0U);
}

TEST_F(media, RemovesItsOwnFilesAndNoOthers) {
  auto foreign = file("mine.txt", "x");
  auto got = fetch();
  auto there = server.accept();
  there.receive_until("\r\n\r\n");
  there.send("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx");
  auto path = result(got).path;
  port->remove({foreign, path});
  // One file after the other: when the next transfer is over, so is that.
  auto next = fetch();
  auto again = server.accept();
  again.receive_until("\r\n\r\n");
  again.send("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx");
  EXPECT_NE(result(next).path, path);
  EXPECT_FALSE(fs::exists(path));
  EXPECT_TRUE(fs::exists(foreign));
}

TEST_F(media, WhatADeadProcessLeftIsRemovedAndALivingOneIsLeftAlone) {
  auto got = fetch();
  auto there = server.accept();
  there.receive_until("\r\n\r\n");
  there.send("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx");
  auto living = result(got).path;
  fs::create_directory(base + "/dead");
  fs::create_directory(base + "/older");
  std::ofstream{base + "/dead/lock"};
  std::ofstream{base + "/dead/file"} << "x";
  std::ofstream{base + "/older/file"} << "x";
  auto second = net::make_media_port(io_.context(), {}, base);
  EXPECT_FALSE(fs::exists(base + "/dead"));
  EXPECT_FALSE(fs::exists(base + "/older"));
  EXPECT_TRUE(fs::exists(living));
}

class pinned_media : public media {
protected:
  std::future<media_fetched> fetch_pinned(const std::string& name) {
    media_fetch what;
    what.pin = name;
    return fetch(std::move(what));
  }
  media_fetched fetched_over_the_wire(const std::string& name, const std::string& bytes) {
    auto got = fetch_pinned(name);
    auto there = server.accept();
    there.receive_until("\r\n\r\n");
    there.send("HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(bytes.size()) + "\r\n\r\n" + bytes);
    return result(got);
  }
  void restart() {
    port.reset();
    open();
  }
};

TEST_F(pinned_media, F31_TheNextProcessFindsItWithoutTheConnector) {
  auto first = fetched_over_the_wire("d-1", "picture");
  ASSERT_EQ(first.error, "");
  struct stat info {};
  ASSERT_EQ(::stat(first.path.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600U);
  restart();
  auto asked = fetch_pinned("d-1"); // nobody answers a call
  auto second = result(asked);
  EXPECT_EQ(second.path, first.path);
  EXPECT_EQ(second.bytes, 7U);
  EXPECT_EQ(content(second.path), "picture");
  EXPECT_NE(fetched_over_the_wire("d-2", "another").path, first.path) << "of another delivery";
  port->remove({second.path});
  EXPECT_EQ(content(fetched_over_the_wire("d-1", "again").path), "again") << "removed is removed";
}

TEST_F(pinned_media, WhatNobodyCameForInAWeekIsRemoved) {
  auto old = fetched_over_the_wire("d-1", "old").path;
  auto used = fetched_over_the_wire("d-2", "used").path;
  const auto long_ago = fs::file_time_type::clock::now() - std::chrono::hours{8 * 24};
  for (auto& path : {old, used}) fs::last_write_time(path, long_ago);
  auto again = fetch_pinned("d-2");
  EXPECT_EQ(result(again).path, used);
  restart();
  EXPECT_FALSE(fs::exists(old));
  EXPECT_TRUE(fs::exists(used));
}

TEST_F(pinned_media, F31_WhatIsTriedAgainIsFoundUnderItsOldName) {
  auto first = fetched_over_the_wire("d-1", "picture");
  restart();
  media_fetch what;
  what.pin = "d-2";
  what.pin_before = "d-1";
  auto asked = fetch(std::move(what)); // nobody answers a call
  auto second = result(asked);
  EXPECT_EQ(content(second.path), "picture");
  EXPECT_EQ(second.bytes, 7U);
  EXPECT_FALSE(fs::exists(first.path));
  auto again = fetch_pinned("d-2");
  EXPECT_EQ(result(again).path, second.path) << "it has the new name now";
}

TEST_F(pinned_media, WhatIsDroppedGoesByItsName) {
  auto path = fetched_over_the_wire("d-1", "picture").path;
  auto other = fetched_over_the_wire("d-2", "another").path;
  restart();
  port->unpin("d-1", {url(server.port(), "/relay/media/m1"), url(server.port(), "/relay/media/m2")});
  auto after = fetch_pinned("d-2");
  EXPECT_EQ(result(after).path, other);
  EXPECT_FALSE(fs::exists(path));
}

TEST_F(pinned_media, AFailedOneIsNotKept) {
  auto got = fetch_pinned("d-1");
  {
    auto there = server.accept();
    there.receive_until("\r\n\r\n");
    there.send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf");
  }
  EXPECT_NE(result(got).error, "");
  EXPECT_EQ(kept(), 0U);
  EXPECT_EQ(content(fetched_over_the_wire("d-1", "whole").path), "whole");
}

TEST_F(media, ADirectoryThatOthersMayEnterIsNotUsed) {
  fs::create_directory(base);
  fs::permissions(base, fs::perms::all);
  auto got = fetch();
  auto there = server.accept();
  there.receive_until("\r\n\r\n");
  there.send("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx");
  auto x = result(got);
  EXPECT_EQ(x.path, "");
  EXPECT_NE(x.error.find("not this user's alone"), std::string::npos) << x.error;
}

TEST_F(media, AnUploadIsStreamedWithItsHead) {
  std::string bytes(3'000'000, 'p');
  bytes += "the end";
  auto up = upload(file("a.png", bytes));
  auto there = server.accept();
  auto head = there.receive_until("\r\n\r\n");
  for (const auto* line : {"POST /relay/media HTTP/1.1\r\n", "\r\nAuthorization: Bearer token\r\n",
                           "\r\nContent-Type: image/png\r\n", "\r\nContent-Length: 3000007\r\n",
                           "\r\nX-Media-Filename: ab.png\r\n"})
    EXPECT_NE(head.find(line), std::string::npos) << line << head;
  EXPECT_TRUE(there.receive_exactly(bytes.size()) == bytes);
  there.send("HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n{\"id\":\"m1\"}");
  auto x = result(up);
  EXPECT_EQ(x.how, media_uploaded::step::answered);
  EXPECT_EQ(x.status, 200);
  EXPECT_EQ(x.body, "{\"id\":\"m1\"}");
}

TEST_F(media, ARefusalInTheMiddleEndsAnUpload) {
  auto up = upload(file("a.png", std::string(20'000'000, 'p')));
  auto there = server.accept();
  there.receive_until("\r\n\r\n");
  there.send("HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\n{}");
  auto x = result(up);
  EXPECT_EQ(x.how, media_uploaded::step::answered);
  EXPECT_EQ(x.status, 413);
}

TEST_F(media, WhatIsNoReadableFileOfThatSizeIsNotSent) {
  auto missing = upload((room / "none").string());
  EXPECT_EQ(result(missing).how, media_uploaded::step::file_unreadable);
  auto directory = upload(room.string());
  EXPECT_EQ(result(directory).how, media_uploaded::step::file_unreadable);
  auto pipe = (room / "pipe").string();
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  auto endless = upload(pipe);
  EXPECT_EQ(result(endless).how, media_uploaded::step::file_unreadable);
  auto large = upload(file("large", std::string(11, 'x')), 10);
  auto x = result(large);
  EXPECT_EQ(x.how, media_uploaded::step::file_too_large);
  EXPECT_NE(x.error, "");
}

TEST_F(media, APortThatEndsInTheMiddleLeavesNothing) {
  auto got = fetch();
  auto there = server.accept();
  there.receive_until("\r\n\r\n");
  there.send("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n" + std::string(300'000, 'x'));
  port.reset();
  EXPECT_EQ(kept(), 0U);
}

} // namespace
} // namespace relay::net_test
