#include "relay_gateway/app/connector/faults/language/read_rule.hpp"

#include <algorithm>
#include <array>

namespace relay::connector::faults {

namespace {

constexpr std::array<std::pair<trigger, std::string_view>, 6> names{{{trigger::frame, "frame"},
                                                                     {trigger::call, "call"},
                                                                     {trigger::upgrade, "upgrade"},
                                                                     {trigger::poke, "poke"},
                                                                     {trigger::time, "time"},
                                                                     {trigger::answer, "answer"}}};

void read_trigger(object_reader& in, condition& out) {
  std::string word = "frame";
  in.word("on", word, {"frame", "call", "upgrade", "poke", "time", "answer"});
  for (const auto& [value, name] : names)
    if (name == word) out.on = value;
}

/// Keys that only some triggers have. Asking for one elsewhere is a mistake of thought, so it is told as
/// such.
void read_matches(object_reader& in, condition& out) {
  struct field {
    std::string_view key;
    texts& to;
    std::vector<trigger> on;
  };
  auto frame = trigger::frame, call = trigger::call, upgrade = trigger::upgrade, answer = trigger::answer;
  const std::array<field, 7> lists{{{"type", out.type, {frame}},
                                    {"platform", out.platform, {frame, call, answer}},
                                    {"chat", out.chat, {frame, answer}},
                                    {"op", out.op, {frame, answer}},
                                    {"to", out.to, {answer}},
                                    {"path", out.path, {call, upgrade}},
                                    {"method", out.method, {call}}}};
  auto here = [&](const std::vector<trigger>& on) { return std::count(on.begin(), on.end(), out.on) > 0; };
  auto elsewhere = [&](std::string_view key, const std::vector<trigger>& on) {
    std::string which;
    for (auto x : on) which += (which.empty() ? "" : " or ") + std::string{to_string(x)};
    in.wrong(key, "is for rules on " + which + ", this one is on " + std::string{to_string(out.on)});
  };
  for (const auto& x : lists)
    if (in.list(x.key, x.to) && !here(x.on)) elsewhere(x.key, x.on);
  for (const auto& x : out.to)
    if (std::find(answerable.begin(), answerable.end(), x) == answerable.end())
      in.wrong("to",
               "'" + x + "' is not one of these; " + suggestion(x, {answerable.begin(), answerable.end()}));
  in.list("gateway", out.gateway);
  std::string direction;
  if (in.word("direction", direction, {"in", "out"})) {
    out.direction = direction == "in" ? way::in : way::out;
    if (!here({frame})) elsewhere("direction", {frame});
  }
  if (in.text("contains", out.contains) && !here({frame, call, answer}))
    elsewhere("contains", {frame, call, answer});
  if (in.flag("per_connection", out.per_connection) && !here({frame})) elsewhere("per_connection", {frame});
}

void read_nth(object_reader& in, condition& out) {
  const auto* x = in.get("nth");
  if (!x) return;
  auto fits = [](const json::value& n) { return n.IsUint64() && n.GetUint64() > 0; };
  if (fits(*x)) {
    out.nth = {x->GetUint64()};
  } else if (x->IsArray() && !x->Empty() && std::all_of(x->Begin(), x->End(), fits)) {
    for (const auto& n : x->GetArray()) out.nth.push_back(n.GetUint64());
  } else {
    in.wrong("nth", "must be a whole number from 1 on, or an array of them");
  }
}

void read_times(object_reader& in, condition& out) {
  in.span("after_ms", out.after_ms, 0, longest_ms);
  if (out.on != trigger::time && out.after_ms.low != out.after_ms.high)
    in.wrong("after_ms", "is drawn from a range for rules on time only");
  range window;
  if (in.span("between_ms", window, 0, longest_ms)) {
    if (in.has("after_ms")) in.wrong("between_ms", "says 'after_ms', too");
    if (window.low == window.high) in.wrong("between_ms", "must be [from, to]");
    // For the clock a window is where the moment is drawn from, for everything else how long the rule counts.
    if (out.on == trigger::time) {
      out.after_ms = window;
    } else {
      out.after_ms = {window.low, window.low};
      out.before_ms = milliseconds{window.high};
    }
  }
  range every;
  if (in.span("every_ms", every, 1, longest_ms)) {
    out.every_ms = every;
    if (out.on != trigger::time) in.wrong("every_ms", "is for rules on time");
  }
}

} // namespace

std::string_view to_string(trigger x) {
  for (const auto& [value, name] : names)
    if (value == x) return name;
  return "unknown";
}

std::string_view to_string(way x) { return x == way::in ? "in" : "out"; }

void read_condition(const json::value& from, const std::string& pointer, problems& told, condition& out) {
  object_reader in{from, pointer, told};
  if (!in.usable()) return;
  read_trigger(in, out);
  read_matches(in, out);
  read_times(in, out);
  read_nth(in, out);
  std::int64_t n = 0;
  if (in.number("every_n", n, 1, 1'000'000'000)) out.every_n = static_cast<std::uint64_t>(n);
  if (in.number("after_n", n, 1, 1'000'000'000)) out.after_n = static_cast<std::uint64_t>(n);
  in.fraction("probability", out.probability);
  if (out.on == trigger::time && (in.has("nth") || in.has("every_n") || in.has("after_n")))
    in.wrong("on", "rules on time count nothing: use 'every_ms' and 'times'");
  in.finish();
}

setting setting_of(const condition& x) {
  switch (x.on) {
  case trigger::frame: return x.direction == way::out ? setting::frame_out : setting::frame_in_or_any;
  case trigger::call: return setting::call;
  case trigger::upgrade: return setting::upgrade;
  case trigger::poke: return setting::poke;
  case trigger::answer: return setting::answer;
  case trigger::time: break;
  }
  return setting::time;
}

} // namespace relay::connector::faults
