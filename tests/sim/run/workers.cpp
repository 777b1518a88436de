#include "relay_gateway/tests/sim/run/workers.hpp"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <memory>
#include <poll.h>
#include <sstream>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

namespace relay::sim {

namespace {

using steady = std::chrono::steady_clock;

std::string one_line(std::string text) {
  std::replace_if(
      text.begin(), text.end(), [](char c) { return c == '\n' || c == '\t'; }, ' ');
  return text;
}

std::string encode(const run_result& x) {
  std::ostringstream out;
  out << "end\t" << x.seed << '\t' << x.hash << '\t' << x.lines << '\t' << x.steps << '\t' << x.messages
      << '\t' << x.lasted.count() << '\t' << x.fired.to_string() << '\t' << x.armed.to_string() << '\t'
      << x.script_uses.size();
  for (auto n : x.script_uses) out << ' ' << n;
  out << '\t' << x.reached.count() << ' ';
  for (std::size_t i = 0; i < x.reached.size(); ++i)
    if (x.reached.test(i)) out << i << ' ';
  for (auto& y : x.violations) out << '\t' << y.rule << '\t' << one_line(y.what) << '\t' << y.at.count();
  out << '\n';
  return out.str();
}

run_result decode(const std::string& line) {
  std::vector<std::string> parts;
  std::istringstream in{line};
  for (std::string x; std::getline(in, x, '\t');) parts.push_back(std::move(x));
  run_result out;
  constexpr std::size_t fixed = 11;
  if (parts.size() < fixed) return out;
  out.seed = std::stoull(parts[1]);
  out.hash = std::stoull(parts[2]);
  out.lines = std::stoull(parts[3]);
  out.steps = std::stoull(parts[4]);
  out.messages = std::stoull(parts[5]);
  out.lasted = usec{std::stoll(parts[6])};
  out.fired = fault_mask{parts[7]};
  out.armed = fault_mask{parts[8]};
  std::istringstream uses{parts[9]};
  std::uint64_t n = 0;
  uses >> n; // how many there are
  while (uses >> n) out.script_uses.push_back(n);
  std::istringstream pairs{parts[10]};
  pairs >> n;
  while (pairs >> n) out.reached.set(n);
  for (auto i = fixed; i + 2 < parts.size(); i += 3)
    out.violations.push_back({parts[i], parts[i + 1], usec{std::stoll(parts[i + 2])}});
  return out;
}

void add_uses(std::vector<std::uint64_t>& to, const std::vector<std::uint64_t>& more) {
  if (to.size() < more.size()) to.resize(more.size());
  for (std::size_t i = 0; i < more.size(); ++i) to[i] += more[i];
}

class worker {
public:
  worker(const campaign& what, std::uint64_t from) : campaign_(what), next_(from) { start(); }
  worker(const worker&) = delete;
  worker& operator=(const worker&) = delete;
  ~worker() {
    if (pid_ > 0) {
      kill(pid_, SIGKILL);
      waitpid(pid_, nullptr, 0);
    }
    if (in_ >= 0) close(in_);
  }
  int in() const { return in_; }
  bool over() const { return in_ < 0; }

  /// Takes what came; false at the end of the pipe.
  void read_some(const std::function<void(run_result)>& told) {
    char bytes[65536];
    auto n = read(in_, bytes, sizeof bytes);
    if (n <= 0) {
      ended(told, "the process died");
      return;
    }
    text_.append(bytes, static_cast<std::size_t>(n));
    for (auto at = text_.find('\n'); at != std::string::npos; at = text_.find('\n')) {
      auto line = text_.substr(0, at);
      text_.erase(0, at + 1);
      since_ = steady::now();
      auto x = decode(line);
      next_ = x.seed + campaign_.jobs;
      told(std::move(x));
    }
  }
  void look_at_clock(const std::function<void(run_result)>& told) {
    if (steady::now() - since_ < std::chrono::seconds{campaign_.patience_s}) return;
    kill(pid_, SIGKILL);
    ended(told, "the run hangs");
  }

private:
  bool more() const { return next_ < campaign_.first + campaign_.seeds; }
  void start() {
    if (!more()) return;
    int ends[2];
    if (pipe(ends) != 0) return;
    since_ = steady::now();
    std::cout.flush();
    pid_ = fork();
    if (pid_ == 0) {
      close(ends[0]);
      for (; more(); next_ += campaign_.jobs) {
        auto line = encode(campaign_.play(next_));
        for (std::size_t done = 0; done < line.size();) {
          auto n = write(ends[1], line.data() + done, line.size() - done);
          if (n <= 0) _exit(1);
          done += static_cast<std::size_t>(n);
        }
      }
      std::exit(0); // not _exit(): a coverage build writes what it counted
    }
    close(ends[1]);
    in_ = ends[0];
  }
  void ended(const std::function<void(run_result)>& told, const char* why) {
    int status = 0;
    waitpid(pid_, &status, 0);
    pid_ = -1;
    close(in_);
    in_ = -1;
    if (!more()) return;
    run_result x;
    x.seed = next_;
    auto how = WIFSIGNALED(status) ? " (signal " + std::to_string(WTERMSIG(status)) + ")" : std::string{};
    x.violations.push_back({"crash", why + how, usec{0}});
    told(std::move(x));
    next_ += campaign_.jobs;
    start();
  }
  const campaign& campaign_;
  std::uint64_t next_;
  pid_t pid_ = -1;
  int in_ = -1;
  std::string text_;
  steady::time_point since_;
};

} // namespace

campaign_result run_all(const campaign& what, const std::function<void(const run_result&)>& told) {
  campaign_result sum;
  auto add = [&](const run_result& x) {
    ++sum.seeds;
    sum.steps += x.steps;
    sum.messages += x.messages;
    sum.lasted += x.lasted;
    add_uses(sum.script_uses, x.script_uses);
    sum.reached |= x.reached;
    if (!x.violations.empty()) ++sum.violations;
    for (std::size_t i = 0; i < fault_count; ++i)
      if (x.fired.test(i)) ++sum.fired[std::string{describe(static_cast<fault>(i)).name}];
    told(x);
  };
  std::vector<std::unique_ptr<worker>> all;
  for (unsigned i = 0; i < what.jobs && i < what.seeds; ++i)
    all.push_back(std::make_unique<worker>(what, what.first + i));
  while (!all.empty() && sum.violations < what.stop_after) {
    std::vector<pollfd> fds;
    for (auto& x : all) fds.push_back({x->in(), POLLIN, 0});
    constexpr int tick_ms = 500;
    if (poll(fds.data(), fds.size(), tick_ms) < 0 && errno != EINTR) break;
    for (std::size_t i = 0; i < all.size(); ++i) {
      if (fds[i].revents != 0) {
        all[i]->read_some(add);
      } else {
        all[i]->look_at_clock(add);
      }
    }
    std::erase_if(all, [](auto& x) { return x->over(); });
  }
  return sum;
}

} // namespace relay::sim
