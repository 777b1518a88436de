#include "relay_gateway/config/sections/nats_section.hpp"

#include "relay_gateway/config/sources/read_file.hpp"
#include "relay_gateway/config/values/agent_choice.hpp"
#include "relay_gateway/config/values/rows.hpp"
#include "relay_gateway/config/values/subject_prefix.hpp"

namespace relay::config {

namespace {

parsed<std::string> parse_prefix(const std::string& text) {
  auto fault = prefix_fault(text);
  return fault.empty() ? parsed<std::string>::good(text) : parsed<std::string>::bad(std::move(fault));
}

parsed<std::string> parse_servers(const std::string& text) {
  auto read = parse_nats_servers(text);
  if (!read.value) return parsed<std::string>::bad(std::move(read.reason));
  return parsed<std::string>::good(std::move(read.value->argument));
}

std::string shown_servers(const std::string& text) {
  constexpr std::string_view kind = "nats:";
  return text.empty() ? text : shown_agent({agent_kind::nats, text}).substr(kind.size());
}

} // namespace

nats_settings read_nats(reading& in) {
  nats_settings x;
  x.url = in.value(keys::nats_url, x.url, parse_servers, shown_servers);
  x.prefix = in.value(keys::nats_prefix, x.prefix, parse_prefix, [](const std::string& y) { return y; });
  x.credentials_file = in.path(keys::nats_credentials_file);
  if (!x.credentials_file.empty())
    if (const auto found = in.file(x.credentials_file); !found.text)
      in.wrong(keys::nats_credentials_file.key, in.where(keys::nats_credentials_file), unreadable_file(found),
               "it is tried again with each connection");
  read_rows(in, nats_rows, x);
  return x;
}

} // namespace relay::config
