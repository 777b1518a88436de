#include "relay_gateway/config/sections/media_section.hpp"

#include "relay_gateway/config/values/plain_rows.hpp"

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
  x.disk = in.value(keys::media_disk, x.disk, parse_disk, size_text);
  read_rows(in, media_rows, x);
  return x;
}

} // namespace relay::config
