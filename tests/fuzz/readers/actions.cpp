// Any action object (protocol.md 6), and what the gateway makes of prompts, drafts and files.
#include "relay_gateway/messages/wire/actions/actions.hpp"

#include "relay_gateway/messages/wire/actions/action_forms.hpp"
#include "relay_gateway/messages/wire/actions/prompts.hpp"
#include "relay_gateway/messages/wire/json/json_members.hpp"
#include "relay_gateway/tests/fuzz/fuzz.hpp"

namespace relay::fuzz {
namespace actions_target {

using namespace wire;

/// Every token of what is only passed on is in what is sent (design.md, rule 2). Half a surrogate pair is the
/// exception: the reader replaced it, so the comparison is with the text that was read.
void as_it_came(std::string_view line, const action& x) {
  json::document doc;
  if (!doc.parse(line)) return;
  const auto text = std::string_view{doc.text()};
  std::string kept = x.rest.empty() ? "{" : x.rest.text().substr(0, x.rest.size() - 1);
  kept += ',';
  json::for_each_member(
      doc.root(), text, [&](std::string_view name, const json::value& value, std::string_view as) {
        if (json::find(doc.root(), name) != &value || name == "metadata" ||
            !(value.IsDouble() || value.IsArray()))
          return;
        std::string member;
        json::append_string(member, name);
        member += ':';
        json::append_compact(member, as);
        member += ',';
        require(kept.find(member) != std::string::npos, "numbers and lists travel as they came");
      });
}

void as_prompt(const action& x) {
  const auto* ask = prompt_of(x);
  require((ask != nullptr) == (x.kind == op::prompt), "exactly a prompt reads as one");
  if (x.kind != op::prompt) return;
  for (const auto& option : ask->options) require(is_option_id(option.id), "options have ids");
  auto named = x;
  name_prompt(named, "n0nce.0000002a");
  auto as_named = *ask;
  as_named.id = "n0nce.0000002a";
  require(prompt_of(named) != nullptr && *prompt_of(named) == as_named, "a named prompt asks the same");
  const auto sent = decode_action(encode_action(named));
  require(bool(sent) && sent.value == named, "and says so");
  const auto plain = numbered_prompt(x);
  require(plain.kind == op::send && check(plain).empty(), "a prompt as text can be sent");
  json::document rest;
  require(plain.rest.empty() || rest.parse(plain.rest.text()), "a prompt as text is JSON");
  for (const char* name : {"prompt_kind", "prompt_id", "options", "timeout_s"})
    require(json::find(rest.root(), name) == nullptr, "a prompt as text is only text");
}

void as_draft(const action& x) {
  const auto* state = draft_of(x);
  require((state != nullptr) == (x.kind == op::draft), "exactly a draft reads as one");
  if (x.kind != op::draft) return;
  const auto seal = seal_draft(x);
  const auto* sealed = draft_of(seal);
  require(check(seal).empty() && sealed != nullptr && sealed->final && sealed->id == state->id,
          "a seal is the same draft");
  const auto sent = decode_action(encode_action(seal));
  require(bool(sent) && sent.value == seal, "and says so");
  const auto text = draft_as_text(x);
  require(check(text).empty() && text.content == x.content, "a draft as text can be sent");
}

void run(std::string_view text) {
  const auto read = decode_action(text);
  if (!read) {
    require_line(read.error);
    return;
  }
  const auto& x = read.value;
  require(check(x).empty(), "what was accepted is valid");
  as_it_came(text, x);
  require(x.rest.empty() || x.rest.text().starts_with('{'), "the rest is an object");
  const auto said = encode_action(x);
  require_json(said);
  if (file_of(x) == nullptr) {
    const auto again = decode_action(said);
    require(bool(again) && again.value == x, "an action survives");
  } else {
    auto stored = x;
    with_source(stored, "https://connector/relay/media/1");
    require(file_of(stored) == nullptr && check(stored).empty(), "an uploaded file can be sent");
    const auto again = decode_action(encode_action(stored));
    require(bool(again) && again.value == stored, "an uploaded file's action survives");
  }

  const discriminators who{"scope", "user", "profile"};
  const auto tagged = encode_action(x, who);
  require_json(tagged);
  json::document doc;
  require(doc.parse(tagged), "a tagged action is JSON");
  const auto* metadata = json::object(doc.root(), "metadata");
  require(metadata != nullptr && json::find(*metadata, "user_id") != nullptr &&
              json::find(*metadata, "profile") != nullptr &&
              (json::find(*metadata, "scope_id") != nullptr || json::find(*metadata, "guild_id") != nullptr),
          "discriminators are added where they lack (F35, F36)");
  if (file_of(x) == nullptr) {
    const auto once = decode_action(tagged);
    require(bool(once) && encode_action(once.value, {"other", "other", "other"}) == encode_action(once.value),
            "discriminators are never replaced");
  }
  as_prompt(x);
  as_draft(x);
}

const registration self{"actions", run};

} // namespace actions_target
} // namespace relay::fuzz
