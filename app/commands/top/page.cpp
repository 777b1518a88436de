#include "relay_gateway/app/commands/top/page.hpp"

#include "relay_gateway/actors/metrics.hpp"
#include "relay_gateway/config/values/text.hpp"
#include "relay_gateway/config/values/units.hpp"
#include "relay_gateway/messages/wire/json/json_read.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <ctime>

namespace relay::commands::top {

namespace {

using wire::json::value;

struct look {
  const value& status;
  const scrape &before, &now;
};

std::string_view name_of(counter x) { return describe(x).name; }
std::string text_of(const value& x, std::string_view name) {
  return config::shown(wire::json::text(x, name));
}
double gauge_of(const look& x, gauge what) { return total(x.now, describe(what).name); }
std::string whole(double x) { return fmt::format("{:.0f}", x); }

std::string bytes(double x) {
  constexpr std::array units{"B", "KiB", "MiB", "GiB", "TiB"};
  std::size_t unit = 0;
  for (; x >= 1024 && unit + 1 < units.size(); ++unit) x /= 1024;
  if (unit == 0) return fmt::format("{:.0f} B", x);
  return fmt::format("{:.1f} {}", x, units.at(unit));
}

std::string duration(double seconds) {
  if (seconds < 0.001) return fmt::format("{:.2f} ms", seconds * 1000);
  if (seconds < 1) return fmt::format("{:.1f} ms", seconds * 1000);
  if (seconds < 120) return fmt::format("{:.1f} s", seconds);
  if (seconds < 7200) return fmt::format("{:.0f} min", seconds / 60);
  return fmt::format("{:.1f} h", seconds / 3600);
}

std::string uptime(double seconds) {
  const auto whole_seconds = static_cast<long>(std::max(seconds, 0.0));
  if (whole_seconds < 120) return std::to_string(whole_seconds) + " s";
  return duration(seconds);
}

void add_head(page& out, const look& x) {
  const auto state = text_of(x.status, "state"), reason = text_of(x.status, "reason"),
             since = text_of(x.status, "since"), next = text_of(x.status, "next_dial");
  const auto up = static_cast<double>(std::time(nullptr)) - total(x.now, "process_start_time_seconds");
  out.push_back({fmt::format("relay-gateway {}  {}  up {}  cpu {:.0f} %  memory {}",
                             text_of(x.status, "version"), text_of(x.status, "gateway_id"), uptime(up),
                             100 * rate(x.before, x.now, "process_cpu_seconds_total"),
                             bytes(total(x.now, "process_resident_memory_bytes"))),
                 tone::title});
  const auto ready = wire::json::flag(x.status, "ready");
  out.push_back({"state       " + state + (since.empty() ? "" : " since " + since) +
                     (ready ? ", ready" : ", not ready") + (reason.empty() ? "" : " (" + reason + ")") +
                     (next.empty() ? "" : ", next dial " + next),
                 ready ? tone::good : tone::bad});
  out.push_back({"connector   " + text_of(x.status, "connector")});
  const auto agents = gauge_of(x, gauge::agents_now);
  out.push_back({"agent       " + text_of(x.status, "agent") + ", " + whole(agents) + " attached",
                 agents > 0 ? tone::plain : tone::bad});
}

std::string stage(const value& of, std::string_view name, std::string_view error) {
  const auto why = text_of(of, error);
  return text_of(of, name) + (why.empty() ? "" : " (" + why + ")");
}

void add_platforms(page& out, const look& x) {
  out.push_back({});
  out.push_back(
      {fmt::format("{:<14} {:<20} {:<12} {}", "PLATFORM", "BOT", "PROVISIONED", "POLICY"), tone::title});
  const auto* all = wire::json::array(x.status, "platforms");
  if (all == nullptr) return;
  for (const auto& one : all->GetArray()) {
    const auto provisioning = stage(one, "provisioning", "provisioning_error"),
               policy = stage(one, "policy", "policy_error");
    const bool failed = text_of(one, "provisioning") == "failed" || text_of(one, "policy") == "failed";
    out.push_back({fmt::format("{:<14} {:<20} {:<12} {}", text_of(one, "name"), text_of(one, "bot_id"),
                               provisioning, policy),
                   failed ? tone::bad : tone::plain});
  }
}

struct counted {
  const char* label;
  counter what;
};
constexpr std::array rates{counted{"events received", counter::events_received},
                           counted{"events delivered", counter::events_delivered},
                           counted{"  redelivered", counter::events_redelivered},
                           counted{"  repeats dropped", counter::events_duplicate},
                           counted{"events taken", counter::events_acked},
                           counted{"actions accepted", counter::actions_accepted},
                           counted{"  refused", counter::actions_refused},
                           counted{"actions settled", counter::actions_settled},
                           counted{"dials", counter::dials}};

void add_rates(page& out, const look& x) {
  out.push_back({});
  out.push_back({fmt::format("{:<18} {:>12} {:>14}", "RATES", "/s", "since start"), tone::title});
  for (const auto& row : rates) {
    const auto name = name_of(row.what);
    out.push_back({fmt::format("{:<18} {:>12.1f} {:>14}", row.label, rate(x.before, x.now, name),
                               whole(total(x.now, name)))});
    if (row.what != counter::actions_settled) continue;
    for (const auto* outcome : {"definite", "unknown"}) {
      const auto count = labelled(x.now, name, "outcome", outcome);
      const auto before = std::min(labelled(x.before, name, "outcome", outcome), count);
      const auto seconds = x.now.at - x.before.at;
      out.push_back({fmt::format("{:<18} {:>12.1f} {:>14}",
                                 outcome == std::string_view{"definite"} ? "  failed" : "  unknown",
                                 seconds > 0 ? (count - before) / seconds : 0, whole(count)),
                     count > before ? tone::bad : tone::plain});
    }
  }
}

struct timed {
  const char* label;
  histogram what;
};
constexpr std::array times{timed{"receive to ack", histogram::receive_to_ack},
                           timed{"delivery to ack", histogram::delivery_to_ack},
                           timed{"action to result", histogram::action_to_result},
                           timed{"store commit", histogram::store_commit},
                           timed{"dial", histogram::dial},
                           timed{"model first token", histogram::model_first_token}};

void add_latencies(page& out, const look& x) {
  out.push_back({});
  out.push_back({fmt::format("{:<18} {:>12} {:>14} {:>14} {:>14} {:>10}", "LATENCY", "p50 now", "p99 now",
                             "p50 all", "p99 all", "samples"),
                 tone::title});
  for (const auto& row : times) {
    const auto name = describe(row.what).name;
    const auto fresh = latencies_between(x.before, x.now, name), all = latencies_of(x.now, name);
    const auto show = [](const latencies& of, double seconds) {
      return of.count > 0 ? duration(seconds) : std::string{"-"};
    };
    out.push_back({fmt::format("{:<18} {:>12} {:>14} {:>14} {:>14} {:>10}", row.label, show(fresh, fresh.p50),
                               show(fresh, fresh.p99), show(all, all.p50), show(all, all.p99), all.count)});
  }
}

void add_queues(page& out, const look& x) {
  const auto at = [&](gauge what) { return whole(gauge_of(x, what)); };
  const auto oldest = gauge_of(x, gauge::events_oldest), dead = gauge_of(x, gauge::dead_letters);
  out.push_back({});
  out.push_back({"QUEUES", tone::title});
  out.push_back({"events      " + at(gauge::events_pending) + " pending (" +
                 bytes(gauge_of(x, gauge::events_pending_bytes)) + "), " + at(gauge::events_in_flight) +
                 " with an agent, " + at(gauge::events_unstored) + " wait for the disk"});
  out.push_back(
      {"oldest      " + (gauge_of(x, gauge::events_pending) > 0 ? duration(oldest) : std::string{"-"}),
       oldest >= 60 ? tone::bad : tone::plain});
  out.push_back({"set aside   " + whole(dead), dead > 0 ? tone::bad : tone::plain});
  out.push_back({"actions     " + at(gauge::actions_pending) + " pending, " + at(gauge::actions_unstored) +
                 " wait for the disk, " + at(gauge::chats_active) + " chats with an actor"});
  const auto store = text_of(x.status, "store"), problem = text_of(x.status, "store_problem");
  out.push_back({"store       " + store + (problem.empty() ? "" : " (" + problem + ")") + ", " +
                     at(gauge::store_queue) + " queued, " + bytes(gauge_of(x, gauge::store_bytes)) + ", " +
                     bytes(gauge_of(x, gauge::state_free_bytes)) + " free",
                 problem.empty() ? tone::plain : tone::bad});
}

void add_restart(page& out, const value& status) {
  const auto* waiting = wire::json::array(status, "waiting_for_restart");
  if (waiting == nullptr || waiting->Empty()) return;
  std::string names;
  for (const auto& x : waiting->GetArray())
    if (x.IsString()) names += (names.empty() ? "" : ", ") + config::shown(wire::json::view(x));
  out.push_back({});
  out.push_back({"waits for a restart: " + names, tone::bad});
}

/// The first `columns` characters of UTF-8 text.
std::string cut(const std::string& text, std::size_t columns) {
  std::size_t seen = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool begins = (static_cast<unsigned char>(text[i]) & 0xC0U) != 0x80U;
    if (begins && seen++ == columns) return text.substr(0, i);
  }
  return text;
}

std::string_view colour(tone x) {
  switch (x) {
  case tone::title: return "\x1b[1m";
  case tone::good: return "\x1b[32m";
  case tone::bad: return "\x1b[31m";
  case tone::plain: break;
  }
  return {};
}

} // namespace

page make_page(std::string_view status, const scrape& before, const scrape& now) {
  wire::json::document doc;
  if (!doc.parse(std::string{status}) || !doc.root().IsObject())
    return {{"what answers at the listener is not a relay-gateway; check --listen", tone::bad}};
  const look x{doc.root(), before, now};
  page out;
  add_head(out, x);
  add_restart(out, doc.root());
  add_platforms(out, x);
  add_rates(out, x);
  add_latencies(out, x);
  add_queues(out, x);
  return out;
}

std::string draw(const page& x, const canvas& on) {
  const auto lines = on.terminal && on.rows > 1 ? std::min(x.size(), on.rows - 1) : x.size();
  std::string out = on.terminal ? "\x1b[H" : "";
  for (std::size_t i = 0; i < lines; ++i) {
    const auto begin = on.colours ? colour(x[i].how) : std::string_view{};
    out += begin;
    out += on.columns > 0 ? cut(x[i].text, on.columns) : x[i].text;
    if (!begin.empty()) out += "\x1b[0m";
    out += on.terminal ? "\x1b[K\n" : "\n";
  }
  // Below the page nothing is left of a longer one before.
  return out + (on.terminal ? "\x1b[J" : "");
}

} // namespace relay::commands::top
