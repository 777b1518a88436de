#include "relay_gateway/config/sections/media_section.hpp"

#include "relay_gateway/config/values/scalars.hpp"
#include "relay_gateway/config/values/units.hpp"

namespace relay::config {

namespace {

parsed<std::uint64_t> parse_disk(const std::string& text) {
  auto result = parse_size(text);
  if (!result.value || *result.value >= smallest_media_disk) return result;
  return parsed<std::uint64_t>::bad("is less than the " + size_text(smallest_media_disk) + " of one file");
}

} // namespace

media_settings read_media(reading& in) {
  media_settings x;
  auto number = [](std::uint64_t n) { return std::to_string(n); };
  x.disk = in.value(keys::media_disk, x.disk, parse_disk, size_text);
  x.at_once = in.value(keys::media_at_once, x.at_once, parse_count, number);
  x.per_event = in.value(keys::media_per_event, x.per_event, parse_count, number);
  x.wait = in.value(keys::media_wait, x.wait, parse_positive, duration_text);
  x.upload_timeout = in.value(keys::media_upload_timeout, x.upload_timeout, parse_positive, duration_text);
  return x;
}

} // namespace relay::config
