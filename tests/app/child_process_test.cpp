// Real children behind child_port: their pipes, their end, and that none is left behind.
#include "relay_gateway/app/child/port.hpp"
#include "relay_gateway/app/child/spawn.hpp"
#include "relay_gateway/app/net/io/io_thread.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <csignal>
#include <fcntl.h>
#include <filesystem>
#include <functional>
#include <mutex>
#include <optional>
#include <poll.h>
#include <string>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <thread>
#include <unistd.h>

namespace relay::child {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;
using namespace std::chrono_literals;

/// A command that does nothing until it is ended. No test waits for it: its end is what they are about.
const std::string hangs = "tail -f /dev/null";

class no_notes final : public log_port {
public:
  bool wants(severity) const noexcept override { return false; }
  void write(severity, std::string_view, std::initializer_list<log_field>) noexcept override {}
};

/// Keeps what it hears; the test waits for it.
class heard final : public child_listener {
public:
  void on_open() override {
    change([this] { open_ = true; });
  }
  void on_bytes(std::string_view piece) override {
    change([&] { text_ += piece; });
  }
  void on_room() override {
    change([this] { ++rooms_; });
  }
  void on_end(const socket_end& why) override {
    change([&] { end_ = why; });
  }
  void until(const std::function<bool(heard&)>& probe, const char* what) {
    std::unique_lock held{lock_};
    ASSERT_TRUE(changed_.wait_for(held, 20s, [&] { return probe(*this); })) << what << ": " << text_;
  }
  void opened() {
    until([](heard& x) { return x.open_; }, "open");
  }
  std::string says(const std::string& text) {
    until([&](heard& x) { return x.text_.find(text) != std::string::npos; }, "text");
    std::lock_guard held{lock_};
    return text_;
  }
  socket_end ended() {
    until([](heard& x) { return x.end_.has_value(); }, "end");
    std::lock_guard held{lock_};
    return end_.value_or(socket_end{});
  }
  int rooms() {
    std::lock_guard held{lock_};
    return rooms_;
  }
  // For the probes, which have the lock.
  std::string text_;
  bool open_ = false;
  int rooms_ = 0;
  std::optional<socket_end> end_;

private:
  void change(const std::function<void()>& how) {
    {
      std::lock_guard held{lock_};
      how();
    }
    changed_.notify_all();
  }
  std::mutex lock_;
  std::condition_variable changed_;
};

/// Holds a child up (`read x < $GATE`) until the test lets it through.
class gate {
public:
  gate() { EXPECT_EQ(::mkfifo(path.c_str(), 0600), 0); }
  gate(const gate&) = delete;
  gate& operator=(const gate&) = delete;
  ~gate() { ::unlink(path.c_str()); }
  void open() const {
    int fd = ::open(path.c_str(), O_WRONLY | O_CLOEXEC); // waits for the child to be there
    EXPECT_EQ(::write(fd, "go\n", 3), 3);
    ::close(fd);
  }
  const std::string path =
      ::testing::TempDir() + "gate-" + std::to_string(::getpid()) + "-" + std::to_string(++made);

private:
  static inline int made = 0;
};

/// Somebody else's child: gone, or a zombie that nobody has reaped yet.
bool ends(pid_t pid) {
  int fd = static_cast<int>(::syscall(SYS_pidfd_open, pid, 0));
  if (fd < 0) return errno == ESRCH;
  pollfd over{fd, POLLIN, 0};
  auto n = ::poll(&over, 1, 20'000);
  ::close(fd);
  return n == 1;
}

struct running {
  std::shared_ptr<heard> ear = std::make_shared<heard>();
  std::shared_ptr<child_socket> socket;
};

class Child : public ::testing::Test {
protected:
  std::optional<net::io_thread> io{std::in_place};
  std::shared_ptr<child_port> port = make_child_port(
      io->context(), {std::make_shared<no_notes>(), {"PATH=/usr/bin:/bin", "GREETING=hello"}, {}});

  running start(child_request what) {
    running out;
    out.socket = port->start(std::move(what), out.ear);
    return out;
  }
  running shell(const std::string& script, std::size_t room = 1 << 20, milliseconds stall = 60s) {
    return start({{"sh", "-c", script}, room, stall});
  }
  /// The number that the child printed behind `name=`, at the end of a line.
  static pid_t number(const std::string& text, const std::string& name) {
    auto at = text.find(name + "=");
    return at == std::string::npos ? -1 : std::stoi(text.substr(at + name.size() + 1));
  }
};

TEST_F(Child, EchoesAndEndsWithItsInput) {
  auto x = start({{"cat"}});
  x.ear->opened();
  x.socket->write("one\n");
  x.socket->write("two\n");
  EXPECT_EQ(x.ear->says("two\n"), "one\ntwo\n");
  x.socket->write("last\n");
  x.socket->close(1000, "done", 10s);
  auto end = x.ear->ended();
  EXPECT_EQ(end.error, "exited with code 0");
  EXPECT_EQ(end.close_code, 1000);
  EXPECT_TRUE(end.opened);
  EXPECT_EQ(end.frames_written, 3U);
  EXPECT_THAT(x.ear->says("last"), HasSubstr("last\n")) << "what was queued still went";
}

TEST_F(Child, TellsHowItEnded) {
  auto code = shell("echo bye; exit 7");
  EXPECT_EQ(code.ear->ended().error, "exited with code 7");
  EXPECT_EQ(code.ear->says("bye"), "bye\n");
  EXPECT_EQ(shell("kill -SEGV $$").ear->ended().error, "ended by SIGSEGV");
}

TEST_F(Child, TellsWhyItDidNotStart) {
  auto none = start({{"no-such-program-here"}}).ear->ended();
  EXPECT_FALSE(none.opened);
  EXPECT_THAT(none.error, HasSubstr("no program no-such-program-here on PATH"));
  EXPECT_THAT(start({{"/etc/passwd"}}).ear->ended().error, HasSubstr("Permission denied"));
  EXPECT_THAT(start({{"/no/such/file"}}).ear->ended().error, HasSubstr("No such file"));
}

TEST_F(Child, GetsItsWordsAsTheyAreAndOnlyItsEnvironment) {
  auto x = start({{"sh", "-c", "printf '<%s>' \"$@\"; env", "sh", "a b", "", "$HOME", "*"}});
  x.ear->ended();
  auto text = x.ear->says("GREETING");
  EXPECT_THAT(text, StartsWith("<a b><><$HOME><*>"));
  EXPECT_THAT(text, HasSubstr("GREETING=hello\n"));
  EXPECT_THAT(text, Not(HasSubstr("USER=")));
}

TEST_F(Child, LeadsAGroupOfItsOwnWithDefaultSignalsAndNoFurtherFile) {
  auto before = std::signal(SIGPIPE, SIG_IGN);
  // Left open on purpose: a careless library would do so.
  int open = ::open("/dev/null", O_RDONLY); // NOLINT(android-cloexec-open)
  auto x = shell("echo pid=$$; cat /proc/$$/stat; grep Sig /proc/self/status; ls /proc/$$/fd; echo done");
  auto text = x.ear->says("done");
  x.ear->ended();
  ::close(open);
  std::signal(SIGPIPE, before);
  auto pid = std::to_string(number(text, "pid"));
  EXPECT_THAT(text, ::testing::ContainsRegex("\n" + pid + " [(]sh[)] [A-Z] [0-9]+ " + pid + " "))
      << "its group is its own; its parent is the keeper";
  EXPECT_THAT(text, HasSubstr("SigBlk:\t0000000000000000"));
  EXPECT_THAT(text, HasSubstr("SigIgn:\t0000000000000000"));
  EXPECT_THAT(text, Not(HasSubstr("\n" + std::to_string(open) + "\n")));
}

TEST_F(Child, ThatIgnoresEverythingIsKilledInTheEndWithItsWholeGroup) {
  auto x = shell("trap '' TERM; " + hangs + " & echo other=$!; echo ready; while :; do wait; done");
  auto other = number(x.ear->says("ready"), "other");
  x.socket->close(1000, "done", 300ms);
  x.socket.reset(); // the stop goes on without it
  EXPECT_EQ(x.ear->ended().error, "closed by this side; ended by SIGKILL");
  EXPECT_TRUE(ends(other));
}

TEST_F(Child, ThatDiesTakesItsGroupAlong) {
  auto x = shell(hangs + " < /dev/null > /dev/null 2>&1 & echo other=$!; exit 1");
  EXPECT_EQ(x.ear->ended().error, "exited with code 1");
  EXPECT_TRUE(ends(number(x.ear->says("other"), "other")));
}

TEST_F(Child, TakesSigtermBeforeTheEnd) {
  auto x =
      shell("trap 'echo terminated; exit 3' TERM; " + hangs + " & echo ready; wait"); // which a trap ends
  x.ear->says("ready");
  x.socket->close(1000, "done", 3s);
  EXPECT_EQ(x.ear->ended().error, "closed by this side; exited with code 3");
  EXPECT_THAT(x.ear->says("terminated"), HasSubstr("terminated\n"));
}

TEST_F(Child, GoesWithItsHandle) {
  auto x = start({{"tail", "-f", "/dev/null"}});
  x.ear->opened();
  x.socket.reset();
  EXPECT_EQ(x.ear->ended().error, "nobody holds it any more; ended by SIGKILL");
  auto never = start({{"tail", "-f", "/dev/null"}});
  never.socket.reset(); // before it can have been started
  EXPECT_THAT(never.ear->ended().error, HasSubstr("nobody holds it any more"));
}

TEST_F(Child, GoesWithTheThreadThatServesIt) {
  auto x = shell("echo pid=$$; exec " + hangs);
  auto pid = number(x.ear->says("pid"), "pid");
  x.socket->close(1000, "done", 60s); // nobody waits that long
  io.reset();
  EXPECT_EQ(::kill(pid, 0), -1);
  EXPECT_EQ(errno, ESRCH) << "killed and reaped";
}

TEST_F(Child, ThatDoesNotReadLetsWaitAndTellsWhenThereIsRoom) {
  gate g;
  auto x = shell("read x < " + g.path + "; cat > /dev/null", 100'000);
  x.ear->opened();
  for (int n = 0; n < 30; ++n) x.socket->write(std::string(9'999, 'x') + "\n");
  x.socket->want_room();
  io->run([] {}); // what was asked of it has been seen
  EXPECT_GE(x.socket->waiting(), 300'000U - (64U << 10));
  EXPECT_EQ(x.ear->rooms(), 0);
  g.open();
  x.ear->until([](heard& y) { return y.rooms_ == 1; }, "room");
  x.socket->want_room();
  x.ear->until([](heard& y) { return y.rooms_ == 2; }, "room at once");
}

TEST_F(Child, ThatHangsIsKilled) {
  auto x = shell("echo ready; " + hangs, 1'000'000, 200ms);
  x.ear->says("ready");
  x.socket->write(std::string(200'000, 'x') + "\n");
  auto end = x.ear->ended();
  EXPECT_THAT(end.error, HasSubstr("has not read its standard input for 200 ms; ended by SIGKILL"));
}

TEST_F(Child, IsKilledWhenFarTooMuchWaits) {
  auto x = shell("echo ready; " + hangs, 10'000);
  x.ear->says("ready");
  for (int n = 0; n < 80; ++n) x.socket->write(std::string(9'999, 'x') + "\n");
  EXPECT_THAT(x.ear->ended().error, HasSubstr("does not read its standard input; ended by SIGKILL"));
}

TEST_F(Child, ThatDoesNotReadIsNotReadFromEither) {
  gate g;
  auto x = shell("read x < " + g.path + "; head -c 1000000 /dev/zero | tr '\\0' x; cat > /dev/null", 10'000,
                 500ms);
  x.ear->opened();
  for (int n = 0; n < 13; ++n)
    x.socket->write(std::string(9'999, 'x') + "\n"); // a pipe, and more than four rooms
  io->run([] {});
  g.open();
  // It would read once all is said, but nobody listens, so it hangs: what it asks for cannot pile up.
  EXPECT_THAT(x.ear->ended().error, HasSubstr("has not read its standard input"));
}

TEST_F(Child, IsReadFromAgainOnceItReads) {
  gate g;
  auto x = shell(
      "read x < " + g.path +
          "; exec 3<&0; cat <&3 > /dev/null & head -c 1000000 /dev/zero | tr '\\0' x; echo the end; wait",
      10'000);
  x.ear->opened();
  for (int n = 0; n < 13; ++n) x.socket->write(std::string(9'999, 'x') + "\n");
  io->run([] {});
  g.open();
  EXPECT_GT(x.ear->says("the end").size(), 1'000'000U);
}

TEST_F(Child, ThatClosesItsInputIsGivenUpWithoutASignalForUs) {
  auto before = std::signal(SIGPIPE, SIG_DFL); // an embedding program need not ignore it
  auto x = shell("exec <&-; echo ready; " + hangs);
  x.ear->says("ready");
  x.socket->write("anything\n");
  EXPECT_EQ(x.ear->ended().error, "it closed its standard input; ended by SIGTERM");
  std::signal(SIGPIPE, before);
}

TEST_F(Child, LastWordsAreHeard) {
  for (int n = 0; n < 20; ++n) {
    auto x = shell("head -c 60000 /dev/zero | tr '\\0' x; echo the end");
    x.ear->ended();
    EXPECT_THAT(x.ear->says("the end"), HasSubstr("xthe end\n"));
  }
}

std::size_t files_of(pid_t process) {
  std::size_t n = 0;
  for (const auto& x : std::filesystem::directory_iterator{"/proc/" + std::to_string(process) + "/fd"})
    n += x.path().empty() ? 0 : 1;
  return n;
}

TEST(Spawn, WhoWaitsToRunHoldsNoOtherEndOfOurPipes) {
  // Else a gateway that is killed right then would leave it behind, and its keeper, for ever.
  constexpr std::size_t own = 3 + 5; // the standard ones, and those that it needs
  spawn_plan plan;
  plan.argv = {"/bin/true"};
  bool seen = false;
  auto x = spawn(plan, [&](pid_t process) {
    if (process == 0) return;
    const auto until = std::chrono::steady_clock::now() + 10s;
    while (!(seen = files_of(process) <= own) && std::chrono::steady_clock::now() < until)
      std::this_thread::yield();
  });
  EXPECT_EQ(x.error, "");
  EXPECT_TRUE(seen);
  EXPECT_EQ(x.kept_by.wait(), 0);
}

} // namespace
} // namespace relay::child
