#include "relay_gateway/config/sections/openai_section.hpp"

#include "relay_gateway/config/sources/file_locations.hpp"
#include "relay_gateway/config/sources/read_file.hpp"
#include "relay_gateway/config/values/rows.hpp"
#include "relay_gateway/config/values/text.hpp"

#include <algorithm>

namespace relay::config {

namespace {

/// May have several lines.
std::string read_prompt(reading& in) {
  constexpr std::size_t most_shown = 200;
  auto from = in.any(keys::openai_system);
  auto fault = from.reason;
  if (from.what == given::kind::node) fault = "is a list or a map, not a text";
  if (from.what == given::kind::text) {
    auto in_one_line = from.text;
    std::replace_if(
        in_one_line.begin(), in_one_line.end(), [](char c) { return c == '\n' || c == '\r' || c == '\t'; },
        ' ');
    fault = line_fault(in_one_line);
  }
  const bool usable = from.what == given::kind::text && fault.empty();
  if (!fault.empty()) in.wrong(keys::openai_system.key, from.where, fault, "treated as unset");
  in.row(keys::openai_system.key, usable ? shown(from.text, most_shown) : "",
         usable ? from.source : "default");
  return usable ? from.text : std::string{};
}

/// A value wins over a file.
secret_source read_key(reading& in) {
  auto key = in.hidden_or_file(keys::openai_api_key);
  const auto file = in.path(keys::openai_api_key_file);
  if (file.empty() || key.configured()) return key;
  if (const auto found = in.file(file); !found.text)
    in.wrong(keys::openai_api_key_file.key, in.where(keys::openai_api_key_file), unreadable_file(found),
             "it is tried again at each use");
  return {secret{}, file};
}

} // namespace

openai_settings read_openai(reading& in) {
  openai_settings x;
  x.model = in.text(keys::openai_model);
  x.system = read_prompt(in);
  x.api_key = read_key(in);
  read_rows(in, openai_rows, x);
  return x;
}

} // namespace relay::config
