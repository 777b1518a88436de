#include "relay_gateway/app/commands/top/top_command.hpp"

#include "relay_gateway/app/commands/running/running_gateway.hpp"
#include "relay_gateway/app/commands/say.hpp"
#include "relay_gateway/app/commands/top/page.hpp"
#include "relay_gateway/app/process.hpp"
#include "relay_gateway/config/values/units.hpp"

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <sys/ioctl.h>
#include <thread>
#include <unistd.h>

namespace relay::commands {

namespace {

constexpr milliseconds shortest_interval{100}, look_limit{5'000};

double steady_seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

/// Both answers of the gateway at one moment, or why there are none.
struct seen {
  std::string status{}, error{};
  top::scrape counts{};
};

seen look(const setting_options& from) {
  seen out;
  for (const auto* path : {"/v1/status", "/metrics"}) {
    auto answer = look_at_gateway(from, path, look_limit);
    if (answer.status == 200) {
      if (path == std::string_view{"/metrics"})
        out.counts = top::read_scrape(answer.body.reveal(), steady_seconds());
      else
        out.status = answer.body.reveal();
      continue;
    }
    out.error = answer.status == 0     ? answer.error
                : answer.status == 401 ? wrong_token
                                       : "the gateway answered " + std::to_string(answer.status);
    break;
  }
  return out;
}

bool variable_set(const char* name) {
  const auto* text = std::getenv(name);
  return text != nullptr && *text != '\0';
}

top::canvas canvas_of_output() {
  const auto* kind = std::getenv("TERM");
  top::canvas out;
  out.terminal = ::isatty(STDOUT_FILENO) == 1 && kind != nullptr && std::string_view{kind} != "dumb";
  out.colours = out.terminal && !variable_set("NO_COLOR");
  winsize size{};
  if (out.terminal && ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0) {
    out.columns = size.ws_col;
    out.rows = size.ws_row;
  }
  return out;
}

} // namespace

int top_command(const setting_options& from, const top_options& how) {
  const auto interval = config::parse_positive(how.interval);
  if (!interval.value || *interval.value < shortest_interval)
    return fail(exit_code::usage, "--interval takes a duration of 100ms or more, such as 2s");
  auto before = look(from);
  if (!before.error.empty()) return fail(exit_code::failure, before.error);
  auto canvas = canvas_of_output();
  if (how.once) canvas.terminal = false;
  if (canvas.terminal) print("\x1b[2J");
  for (bool first = true;; first = false) {
    std::this_thread::sleep_for(*interval.value);
    auto now = look(from);
    if (how.once && !now.error.empty()) return fail(exit_code::failure, now.error);
    if (!canvas.terminal && !first) print("\n");
    // One that is away, or starts anew, is waited for.
    const auto shown = now.error.empty() ? top::make_page(now.status, before.counts, now.counts)
                                         : top::page{{now.error, top::tone::bad}};
    const auto sized = how.once ? top::canvas{false, canvas.colours, 0, 0} : canvas_of_output();
    print(top::draw(shown, sized));
    if (how.once || std::ferror(stdout) != 0) return how.once ? exit_code::fine : exit_code::failure;
    if (now.error.empty()) before = std::move(now);
  }
}

} // namespace relay::commands
