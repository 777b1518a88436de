#include "relay_gateway/messages/wire/actions/prompts.hpp"

#include "relay_gateway/messages/wire/frames/event_codec.hpp"
#include "relay_gateway/messages/wire/json/json_members.hpp"

#include <algorithm>

namespace relay::wire {

namespace {

constexpr std::string_view mark = "hp1:";

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
