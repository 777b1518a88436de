// Bot ids as they stand in GATEWAY_RELAY_BOT_IDS (settings.md), and the other small texts that settings hold.
#include "relay_gateway/config/values/bot_ids.hpp"

#include "relay_gateway/config/sources/command_line.hpp"
#include "relay_gateway/config/sources/dotenv.hpp"
#include "relay_gateway/config/sources/substitution.hpp"
#include "relay_gateway/config/values/addresses/listener.hpp"
#include "relay_gateway/config/values/text.hpp"
#include "relay_gateway/config/values/units.hpp"
#include "relay_gateway/messages/wire/json/utf8.hpp"
#include "relay_gateway/tests/fuzz/fuzz.hpp"

#include <algorithm>

namespace relay::fuzz {
namespace bot_ids_target {

using namespace config;

void ids(const std::string& text) {
  const auto x = bot_ids_from_json(text);
  for (const auto& fault : x.faults) require_line(fault);
  for (const auto& [platform, bot] : x.by_platform) {
    require(trimmed(platform) == platform, "a platform is trimmed");
    for (const auto& word : {bot.id, bot.username})
      require(trimmed(word) == word && line_fault(word).empty(), "an id is one line of text");
  }
  if (!x.by_platform.empty()) require_line(to_string(x));
}

void units(std::string_view text) {
  const auto duration = parse_duration(text);
  require(duration.value.has_value() == duration.reason.empty(), "a value or a reason");
  if (duration.value) {
    require(duration.value->count() >= 0 && *duration.value <= std::chrono::hours{24 * 365},
            "a duration is bounded");
    require(parse_duration(duration_text(*duration.value)).value == duration.value, "a duration survives");
  }
  const auto size = parse_size(text);
  require(size.value.has_value() == size.reason.empty(), "a value or a reason");
  if (size.value) {
    require(*size.value >= 1 && *size.value <= 1ULL << 30, "a size is bounded");
    require(parse_size(size_text(*size.value)).value == size.value, "a size survives");
  }
}

void listeners(std::string_view text) {
  const auto x = parse_listener(text);
  if (!x.value) {
    require_line(x.reason);
    return;
  }
  const auto again = parse_listener(to_string(*x.value));
  require(again.value && again.value->host == x.value->host && again.value->port == x.value->port,
          "a listener survives");
  is_loopback(x.value->host);
}

void run(std::string_view input) {
  const std::string text{input};
  ids(text);
  units(input);
  listeners(input);
  require(is_loopback(input) == is_loopback(lowered(input)), "a host has no case");

  const auto env = parse_dotenv(input);
  const auto lines = 1 + std::count(input.begin(), input.end(), '\n');
  for (const auto& [name, value] : env.values)
    require(!name.empty() && value.line >= 1 && value.line <= lines, "a variable has a name and a line");
  for (const auto line : env.bad_lines) require(line >= 1 && line <= lines, "a bad line has a number");
  require(env.values.size() + env.bad_lines.size() <= static_cast<std::size_t>(lines), "one entry a line");

  const auto filled = substituted(input, [](const std::string&) { return std::string{"${X}"}; });
  require(filled.value.has_value() == filled.reason.empty(), "a value or a reason");
  if (filled.value && input.find("${") == std::string_view::npos)
    require(*filled.value == text, "text without a variable stays");

  const auto names = variables_in(input);
  require(names.size() <= input.size() / 4, "a variable takes some text");

  const auto words = parse_command_line(input);
  require(words.value.has_value() == words.reason.empty(), "a value or a reason");
  if (words.value) {
    require(!words.value->empty() && !words.value->front().empty(), "a command line names a program");
    // Quoted anew it is the same command.
    std::string quoted;
    for (const auto& word : *words.value) {
      quoted += '"';
      for (const char c : word) quoted.append(c == '"' || c == '\\' ? 1 : 0, '\\').append(1, c);
      quoted += "\" ";
    }
    require(parse_command_line(quoted).value == words.value, "words survive");
  }

  const auto seen = shown(input, 40);
  require(seen.size() <= 43 && wire::is_utf8(seen) && (seen.empty() || line_fault(seen).empty()),
          "what is shown fits a line");
  require(line_fault(input).empty() || !wire::is_utf8(input) ||
              std::any_of(input.begin(), input.end(),
                          [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }),
          "text without control characters is one line");
  for (const auto& item : split_list(input))
    require(!item.empty() && trimmed(item) == item, "items are trimmed");
}

const registration self{"bot_ids", run};

} // namespace bot_ids_target
} // namespace relay::fuzz
