#include "relay_gateway/app/child/spawn.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <linux/close_range.h>
#include <string_view>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

namespace relay::child {

namespace {

struct pipe_ends {
  descriptor read, write;
};

/// Above the three standard ones, which are about to be replaced in the child.
bool lift(descriptor& x) {
  if (x.get() > STDERR_FILENO) return true;
  x = descriptor{::fcntl(x.get(), F_DUPFD_CLOEXEC, STDERR_FILENO + 1)};
  return static_cast<bool>(x);
}

bool open_pipe(pipe_ends& out) {
  std::array<int, 2> fds{};
  if (::pipe2(fds.data(), O_CLOEXEC) != 0) return false;
  out = {descriptor{fds[0]}, descriptor{fds[1]}};
  return lift(out.read) && lift(out.write);
}

bool is_program(const std::string& path) {
  struct stat info {};
  return ::stat(path.c_str(), &info) == 0 && S_ISREG(info.st_mode) && ::access(path.c_str(), X_OK) == 0;
}

/// The path to run; empty when there is none on PATH.
std::string find_program(const spawn_plan& what) {
  const auto& name = what.argv.front();
  if (name.find('/') != std::string::npos) return name;
  std::string_view places = "/usr/local/bin:/usr/bin:/bin";
  for (const auto& x : what.environment)
    if (x.rfind("PATH=", 0) == 0) places = std::string_view{x}.substr(5);
  while (!places.empty()) {
    auto end = places.find(':');
    auto path = std::string{places.substr(0, end)};
    path += (path.empty() ? "./" : "/") + name;
    if (is_program(path)) return path;
    places.remove_prefix(end == std::string_view::npos ? places.size() : end + 1);
  }
  return {};
}

std::vector<char*> pointers(const std::vector<std::string>& all) {
  std::vector<char*> out;
  out.reserve(all.size() + 1);
  for (const auto& x : all) out.push_back(const_cast<char*>(x.c_str())); // execve() promises not to write
  out.push_back(nullptr);
  return out;
}

/// Everything that the child needs between fork() and execve(), where it may neither allocate nor lock.
struct prepared {
  const char* path;
  char* const* argv;
  char* const* environment;
  int input, output, errors, report, go;
};

void defaults_for_signals() noexcept {
  struct sigaction how {};
  how.sa_handler = SIG_DFL;
  for (int x = 1; x < NSIG; ++x) ::sigaction(x, &how, nullptr); // those that cannot be set say so, no more
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

void close_the_rest_on_exec() noexcept {
  // In the moment of the exec, so that `report` works until then.
  if (::close_range(STDERR_FILENO + 1, ~0U, CLOSE_RANGE_CLOEXEC) == 0) return;
  auto most = ::sysconf(_SC_OPEN_MAX);
  for (int fd = STDERR_FILENO + 1; fd < (most > 0 && most < (1 << 20) ? most : 1 << 20); ++fd)
    ::fcntl(fd, F_SETFD, FD_CLOEXEC);
}

/// All but the standard three and those of `kept`. Whoever waits for the end of a pipe would wait for ever
/// when a copy of the other end were left here.
void close_all_but(std::array<int, 5> kept) noexcept {
  std::sort(kept.begin(), kept.end());
  unsigned from = STDERR_FILENO + 1;
  for (const int x : kept) {
    const auto at = static_cast<unsigned>(x);
    if (at > from) ::close_range(from, at - 1, 0);
    from = at + 1;
  }
  ::close_range(from, ~0U, 0);
}

void become(const void* plan, pid_t parent) noexcept {
  const auto& x = *static_cast<const prepared*>(plan);
  close_all_but({x.input, x.output, x.errors, x.report, x.go});
  ::setpgid(0, 0);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(127); // it died before we asked to hear of that
  char known = 0;
  ssize_t n = 0;
  do n = ::read(x.go, &known, 1);
  while (n < 0 && errno == EINTR);
  if (n != 1) ::_exit(127); // nobody waits for it any more
  if (::dup2(x.input, STDIN_FILENO) >= 0 && ::dup2(x.output, STDOUT_FILENO) >= 0 &&
      ::dup2(x.errors, STDERR_FILENO) >= 0) {
    close_the_rest_on_exec();
    defaults_for_signals();
    ::execve(x.path, x.argv, x.environment);
  }
  int why = errno;
  [[maybe_unused]] auto told = ::write(x.report, &why, sizeof why);
  ::_exit(127);
}

/// The errno that the child could not go on with; 0 = the program runs.
int failure_of(const descriptor& report) {
  int why = 0;
  ssize_t n = 0;
  do n = ::read(report.get(), &why, sizeof why);
  while (n < 0 && errno == EINTR);
  return n == static_cast<ssize_t>(sizeof why) ? why : 0;
}

spawned failed(const std::string& what, int why) {
  spawned out;
  out.error = what + ": " + std::strerror(why);
  return out;
}

} // namespace

spawned spawn(const spawn_plan& what, const std::function<void(pid_t)>& forked) {
  spawned out;
  auto path = find_program(what);
  if (path.empty()) {
    out.error = "there is no program " + what.argv.front() + " on PATH";
    return out;
  }
  pipe_ends input, output, errors, report, go;
  if (!open_pipe(input) || !open_pipe(output) || !open_pipe(errors) || !open_pipe(report) || !open_pipe(go))
    return failed("no pipe", errno);
  auto argv = pointers(what.argv);
  auto environment = pointers(what.environment);
  prepared plan{path.c_str(),       argv.data(),        environment.data(), input.read.get(),
                output.write.get(), errors.write.get(), report.write.get(), go.read.get()};
  const auto pid = out.kept_by.start(become, &plan);
  if (pid == 0) return failed("no process", errno);
  forked(pid);
  report.write = {};
  auto why = ::write(go.write.get(), "", 1) == 1 ? 0 : errno;
  if (why == 0) why = failure_of(report.read);
  if (why != 0) {
    forked(0); // before its number is free for others
    return failed(path, why);
  }
  out.pid = pid;
  out.input = std::move(input.write);
  out.output = std::move(output.read);
  out.errors = std::move(errors.read);
  return out;
}

} // namespace relay::child
