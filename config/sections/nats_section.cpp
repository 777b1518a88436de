#include "relay_gateway/config/sections/nats_section.hpp"

#include "relay_gateway/config/values/agent_choice.hpp"
#include "relay_gateway/config/values/scalars.hpp"
#include "relay_gateway/config/values/subject_prefix.hpp"
#include "relay_gateway/config/values/units.hpp"

namespace relay::config {

namespace {

parsed<std::string> parse_prefix(const std::string& text) {
  auto fault = prefix_fault(text);
  return fault.empty() ? parsed<std::string>::good(text) : parsed<std::string>::bad(std::move(fault));
}

parsed<std::uint64_t> parse_replicas(const std::string& text) {
  auto read = parse_count(text);
  if (read.value && *read.value > most_replicas) return parsed<std::uint64_t>::bad("must be 1 to 5");
  return read;
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
  const auto number = [](std::uint64_t n) { return std::to_string(n); };
  nats_settings x;
  x.url = in.value(keys::nats_url, x.url, parse_servers, shown_servers);
  x.prefix = in.value(keys::nats_prefix, x.prefix, parse_prefix, [](const std::string& y) { return y; });
  x.credentials_file = in.path(keys::nats_credentials_file);
  if (!x.credentials_file.empty() && !in.file(x.credentials_file))
    in.wrong(keys::nats_credentials_file.key, in.where(keys::nats_credentials_file),
             "names a file that cannot be read", "it is tried again with each connection");
  x.user = in.text(keys::nats_user);
  x.password = in.hidden_or_file(keys::nats_password);
  x.token = in.hidden_or_file(keys::nats_token);
  x.replicas = in.value(keys::nats_replicas, x.replicas, parse_replicas, number);
  x.ack_wait = in.value(keys::nats_ack_wait, x.ack_wait, parse_positive, duration_text);
  x.max_ack_pending = in.value(keys::nats_max_ack_pending, x.max_ack_pending, parse_count, number);
  x.room = in.value(keys::nats_room, x.room, parse_count, number);
  return x;
}

} // namespace relay::config
