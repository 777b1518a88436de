#include "relay_gateway/app/connector/conformance/process.hpp"

#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace relay::connector::conformance {

namespace {

/// A simple command replaces the shell, so that signals and the exit code are its own.
std::string as_shell_text(const std::string& command) {
  bool simple = command.find_first_of(";&|<>()`$\n=") == std::string::npos;
  return simple ? "exec " + command : command;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> out;
  out.reserve(texts.size() + 1);
  for (auto& x : texts) out.push_back(x.data());
  out.push_back(nullptr);
  return out;
}

} // namespace

process::process(const std::string& command, const std::string& directory,
                 const std::vector<std::string>& environment, const std::string& log_file) {
  // Everything is made before the fork: other threads may hold the allocator's lock at that moment.
  std::vector<std::string> argv{"/bin/sh", "-c", as_shell_text(command)};
  auto set = environment;
  auto arguments = pointers(argv), variables = pointers(set);
  int log = ::open(log_file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  int nothing = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  pid_ = ::fork();
  if (pid_ == 0) {
    ::setpgid(0, 0);
    ::prctl(PR_SET_PDEATHSIG, SIGKILL); // it must not outlive a run that is killed
    sigset_t none;
    sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    ::signal(SIGPIPE, SIG_DFL);
    ::dup2(nothing, 0);
    ::dup2(log, 1);
    ::dup2(log, 2);
    if (!directory.empty() && ::chdir(directory.c_str()) != 0) ::_exit(127);
    ::execve("/bin/sh", arguments.data(), variables.data());
    ::_exit(127);
  }
  if (log >= 0) ::close(log);
  if (nothing >= 0) ::close(nothing);
  if (pid_ < 0) return;
  ::setpgid(pid_, pid_); // here, too: whoever comes first
  watched_ = static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0));
  if (watched_ >= 0) ::fcntl(watched_, F_SETFD, FD_CLOEXEC);
}

process::~process() {
  if (pid_ <= 0) return;
  ::kill(-pid_, SIGKILL); // whatever is left of the group
  if (!code_) ::waitpid(pid_, nullptr, 0);
  if (watched_ >= 0) ::close(watched_);
}

void process::terminate() {
  if (pid_ > 0 && !code_) ::kill(-pid_, SIGTERM);
}

std::optional<int> process::wait(std::chrono::milliseconds limit) {
  if (code_ || pid_ <= 0) return code_;
  pollfd ended{watched_, POLLIN, 0};
  if (::poll(&ended, 1, static_cast<int>(limit.count())) <= 0) return std::nullopt;
  int status = 0;
  if (::waitpid(pid_, &status, WNOHANG) != pid_) return std::nullopt;
  code_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return code_;
}

} // namespace relay::connector::conformance
