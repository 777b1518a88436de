#include "relay_gateway/messages/wire/actions/prompts.hpp"

#include "relay_gateway/messages/wire/actions/action_codec.hpp"
#include "relay_gateway/messages/wire/actions/action_rules.hpp"
#include "relay_gateway/messages/wire/frames/event_codec.hpp"
#include "relay_gateway/messages/wire/json/json_members.hpp"
#include "relay_gateway/messages/wire/json/utf8.hpp"

#include <algorithm>
#include <array>

namespace relay::wire {

namespace {

constexpr std::string_view mark = "hp1:";

/// Members that only a prompt has; they mean nothing in the text that stands for it.
constexpr std::array<std::string_view, 4> prompt_only{"prompt_kind", "prompt_id", "options", "timeout_s"};

/// The members of an object text but for some; empty when nothing is left.
template <class Dropped>
std::string without(std::string_view object_text, Dropped dropped) {
  std::string out;
  json::document doc;
  if (!doc.parse(object_text) || !doc.root().IsObject()) return out;
  json::object_writer to{out};
  json::append_members(to, out, doc.root(), object_text,
                       [&](std::string_view name) { return !dropped(name); });
  to.end();
  if (out == "{}") out.clear();
  return out;
}

std::uint64_t milliseconds_of(const json::value* seconds) {
  constexpr double longest_s = 1e9; // beyond every lifetime, and safe to convert
  if (seconds == nullptr || !seconds->IsNumber()) return 0;
  const auto s = std::clamp(seconds->GetDouble(), 0.0, longest_s);
  return s > 0 ? std::max<std::uint64_t>(1, static_cast<std::uint64_t>(s * 1000)) : 0;
}

} // namespace

bool is_option_id(std::string_view x) {
  constexpr std::size_t longest = 32;
  const auto allowed = [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '.' || c == '-';
  };
  return !x.empty() && x.size() <= longest && std::all_of(x.begin(), x.end(), allowed);
}

bool prompt_token_fits(std::string_view prompt_id, std::string_view option_id) {
  constexpr std::size_t longest = 64;
  return mark.size() + prompt_id.size() + 1 + option_id.size() <= longest;
}

bool read_prompt_token(std::string_view token, prompt_response& out) {
  if (!token.starts_with(mark)) return false;
  token.remove_prefix(mark.size());
  const auto colon = token.find(':');
  if (colon == std::string_view::npos || colon == 0) return false;
  const auto prompt = token.substr(0, colon), option = token.substr(colon + 1);
  if (!is_option_id(option) || !prompt_token_fits(prompt, option)) return false;
  out.prompt_id = prompt;
  out.option_id = option;
  out.present = true;
  return true;
}

bool read_prompt(const action& x, prompt_ask& out) {
  const auto whole = encode_action(x);
  json::document doc;
  if (x.kind != op::prompt || !doc.parse(whole) || !check_action(op::prompt, doc.root()).empty())
    return false;
  prompt_ask ask;
  ask.id = json::text(doc.root(), "prompt_id");
  for (const auto& option : json::find(doc.root(), "options")->GetArray())
    ask.options.push_back({json::text(option, "id"), json::text(option, "label")});
  ask.timeout_ms = milliseconds_of(json::find(doc.root(), "timeout_s"));
  ask.approval = json::text(doc.root(), "prompt_kind") == "approval";
  if (const auto* metadata = json::object(doc.root(), "metadata")) {
    ask.thread_id = json::id(*metadata, "thread_id");
    ask.profile = json::id(*metadata, "profile");
  }
  out = std::move(ask);
  return true;
}

void name_prompt(action& x, std::string_view id) {
  const auto others = without(x.rest, [](std::string_view name) { return name == "prompt_id"; });
  x.rest.clear();
  json::object_writer{x.rest}.text("prompt_id", id).members(others).end();
}

action numbered_prompt(const action& x, const prompt_ask& ask) {
  action out = x;
  out.kind = op::send;
  out.rest = without(x.rest, [](std::string_view name) {
    return std::find(prompt_only.begin(), prompt_only.end(), name) != prompt_only.end();
  });
  std::size_t number = 0;
  for (const auto& option : ask.options) {
    if (!out.content.empty()) out.content += number == 0 ? "\n\n" : "\n";
    out.content += std::to_string(++number) + ". ";
    out.content += option.label.empty() ? option.id : on_one_line(option.label);
  }
  return out;
}

inbound_event with_answer(const inbound_event& x, prompt_response answer) {
  auto out = x;
  out.prompt = std::move(answer);
  out.prompt.present = true;
  if (x.raw.empty()) return out; // written from its fields anyway
  const auto others = without(x.raw, [](std::string_view name) { return name == "prompt_response"; });
  out.raw.clear();
  json::object_writer to{out.raw};
  to.members(others).key("prompt_response");
  append_prompt_response(out.raw, out.prompt);
  to.end();
  return out;
}

} // namespace relay::wire
