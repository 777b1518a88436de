#include "relay_gateway/config/sections/media_section.hpp"

#include "relay_gateway/config/values/rows.hpp"

namespace relay::config {

media_settings read_media(reading& in) {
  media_settings x;
  read_rows(in, media_rows, x);
  return x;
}

} // namespace relay::config
