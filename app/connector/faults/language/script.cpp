#include "relay_gateway/app/connector/faults/language/read_rule.hpp"

#include <rapidjson/error/en.h>

#include <algorithm>

namespace relay::connector::faults {

namespace {

bool read_text(std::string_view text, json::document& out, problems& told) {
  if (json::parse(text, out)) return true;
  // Once more, for the place: the reader above only says no.
  json::document again;
  again.Parse<rapidjson::kParseIterativeFlag | rapidjson::kParseValidateEncodingFlag>(text.data(),
                                                                                      text.size());
  if (!again.HasParseError()) {
    told.push_back({"", "nested too deeply"});
    return false;
  }
  auto before = text.substr(0, again.GetErrorOffset());
  auto line = 1 + std::count(before.begin(), before.end(), '\n');
  auto column =
      before.size() - (before.rfind('\n') == std::string_view::npos ? 0 : before.rfind('\n') + 1) + 1;
  told.push_back({"", "not JSON, line " + std::to_string(line) + " column " + std::to_string(column) + ": " +
                          rapidjson::GetParseError_En(again.GetParseError())});
  return false;
}

/// What is said fits one kind of answer only.
void check_answer(const rule& x, const std::string& pointer, problems& told) {
  if (x.when.on != trigger::answer) return;
  const auto frames = {"hello", "outbound", "going_idle"};
  const auto to_all_of = [&](std::initializer_list<const char*> allowed) {
    return !x.when.to.empty() && std::all_of(x.when.to.begin(), x.when.to.end(), [&](const auto& to) {
      return std::find(allowed.begin(), allowed.end(), to) != allowed.end();
    });
  };
  const auto needs = [&](const char* key, const char* to) {
    told.push_back({step_into(step_into(pointer, "then"), key), std::string{"needs \"to\": \""} + to + "\""});
  };
  for (const auto& what : x.then) {
    if (std::holds_alternative<result>(what) && !to_all_of({"outbound"})) needs("result", "outbound");
    if (std::holds_alternative<descriptor>(what) && !to_all_of({"hello"})) needs("descriptor", "hello");
    if (std::holds_alternative<idle_anyway>(what) && !to_all_of({"going_idle"}))
      needs("idle_anyway", "going_idle");
    if (std::holds_alternative<duplicate>(what) && !to_all_of(frames))
      needs("duplicate", "hello, outbound or going_idle");
  }
}

void read_rule(const json::value& from, const std::string& pointer, problems& told, rule& out) {
  object_reader in{from, pointer, told};
  if (!in.usable()) return;
  out.source = json::write(from);
  in.text("name", out.name);
  std::string note;
  in.text("note", note); // for whoever reads the script
  if (const auto* when = in.get("when")) read_condition(*when, step_into(pointer, "when"), told, out.when);
  std::int64_t times = 0;
  if (in.number("times", times, 1, 1'000'000'000))
    out.times = static_cast<std::uint64_t>(times);
  else if (out.when.on == trigger::time && !out.when.every_ms)
    out.times = 1;
  if (const auto* then = in.get("then"))
    read_actions(*then, step_into(pointer, "then"), told, setting_of(out.when), out.then);
  else
    in.wrong("then", "is needed: what is to happen");
  check_answer(out, pointer, told);
  in.finish();
}

void read_rules(const json::value& from, const std::string& pointer, problems& told, script& out) {
  if (!from.IsArray()) {
    told.push_back({pointer, "must be an array of rules"});
    return;
  }
  for (rapidjson::SizeType i = 0; i < from.Size(); ++i)
    read_rule(from[i], step_into(pointer, std::to_string(i)), told, out.rules.emplace_back());
}

void read_script(const json::value& from, problems& told, script& out) {
  object_reader in{from, "", told};
  std::string note, clock = "load";
  in.text("note", note);
  std::int64_t seed = 1;
  in.number("seed", seed, 0, INT64_MAX);
  out.seed = static_cast<std::uint64_t>(seed);
  in.word("clock", clock, {"load", "first_open"});
  out.clock = clock == "load" ? clock_start::load : clock_start::first_open;
  if (const auto* rules = in.get("rules"))
    read_rules(*rules, "/rules", told, out);
  else
    in.wrong("rules", "is needed");
  in.finish();
}

} // namespace

std::string to_string(const problem& x) { return (x.where.empty() ? "" : x.where + ": ") + x.what; }

bool matches(const texts& wanted, std::string_view is) {
  return wanted.empty() || std::any_of(wanted.begin(), wanted.end(), [&](std::string_view x) {
           return x.back() == '*' ? is.substr(0, x.size() - 1) == x.substr(0, x.size() - 1) : is == x;
         });
}

std::optional<script> parse(std::string_view text, problems& told) {
  auto before = told.size();
  script out;
  json::document doc;
  if (!read_text(text, doc, told)) return std::nullopt;
  bool one_rule = json::member(doc, "then") || json::member(doc, "when");
  if (doc.IsArray())
    read_rules(doc, "", told, out);
  else if (one_rule && !json::member(doc, "rules"))
    read_rule(doc, "", told, out.rules.emplace_back());
  else
    read_script(doc, told, out);
  if (told.size() > before) return std::nullopt;
  return out;
}

std::optional<one_off> parse_one_off(std::string_view text, problems& told) {
  auto before = told.size();
  one_off out;
  json::document doc;
  if (!read_text(text, doc, told)) return std::nullopt;
  if (doc.IsObject()) {
    problems ignored; // read_actions tells of unknown keys
    object_reader in{doc, "", ignored};
    if (in.has("gateway") && !in.list("gateway", out.gateway)) told.push_back(ignored.front());
  }
  read_actions(doc, "", told, setting::by_hand, out.then, {"gateway"});
  if (told.size() > before) return std::nullopt;
  return out;
}

} // namespace relay::connector::faults
