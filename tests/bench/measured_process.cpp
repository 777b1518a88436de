#include "relay_gateway/tests/bench/measured_process.hpp"

#include <csignal>
#include <ctime>
#include <fcntl.h>
#include <fstream>
#include <iostream>
#include <sched.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

namespace relay::bench {

usage usage_of(pid_t pid) {
  usage out;
  clockid_t cpu{};
  timespec used{};
  if (clock_getcpuclockid(pid, &cpu) == 0 && clock_gettime(cpu, &used) == 0)
    out.cpu_s = static_cast<double>(used.tv_sec) + static_cast<double>(used.tv_nsec) * 1e-9;
  std::ifstream status{"/proc/" + std::to_string(pid) + "/status"};
  for (std::string line; std::getline(status, line);)
    if (line.rfind("VmRSS:", 0) == 0) out.rss_kib = std::stoul(line.substr(6));
  return out;
}

void pin_to(int processor) {
  const auto all = static_cast<int>(sysconf(_SC_NPROCESSORS_CONF));
  cpu_set_t set;
  CPU_ZERO(&set);
  for (int i = 0; i < all; ++i)
    if (processor < 0 || processor >= all || i == processor) CPU_SET(i, &set);
  sched_setaffinity(0, sizeof set, &set);
}

pid_t start(program what) {
  std::vector<char*> words, environment;
  for (auto& x : what.words) words.push_back(x.data());
  for (auto& x : what.environment) environment.push_back(x.data());
  words.push_back(nullptr);
  environment.push_back(nullptr);
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  if (what.silent) posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  cpu_set_t mine;
  sched_getaffinity(0, sizeof mine, &mine);
  pin_to(what.processor); // inherited, so that its threads are there from the first moment
  pid_t pid = 0;
  if (posix_spawn(&pid, words[0], &files, nullptr, words.data(), environment.data()) != 0) {
    std::cerr << "cannot start " << what.words[0] << "\n";
    pid = 0;
  }
  sched_setaffinity(0, sizeof mine, &mine);
  posix_spawn_file_actions_destroy(&files);
  return pid;
}

void stop(pid_t pid) {
  kill(pid, SIGTERM);
  int status = 0;
  waitpid(pid, &status, 0);
}

std::string beside(const std::string& self, const std::string& name) {
  return self.substr(0, self.rfind('/') + 1) + name;
}

} // namespace relay::bench
