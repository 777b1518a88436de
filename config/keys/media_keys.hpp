// Settings of attachments.
#pragma once

#include "relay_gateway/config/keys/setting_row.hpp"
#include "relay_gateway/config/settings.hpp"
#include "relay_gateway/config/values/units.hpp"

#include <array>

namespace relay::config::keys {

inline constexpr entry media_disk{.key = "gateway.media.disk",
                                  .variable = "GATEWAY_MEDIA_DISK",
                                  .flag = "media.disk",
                                  .section = section::media,
                                  .what = "Bytes of all attachments together; 25MiB at least",
                                  .by_default = "512MiB"};
inline constexpr entry media_at_once{.key = "gateway.media.at_once",
                                     .variable = "GATEWAY_MEDIA_AT_ONCE",
                                     .flag = "media.at_once",
                                     .section = section::media,
                                     .what = "Downloads at a time",
                                     .by_default = "8"};
inline constexpr entry media_per_event{.key = "gateway.media.per_event",
                                       .variable = "GATEWAY_MEDIA_PER_EVENT",
                                       .flag = "media.per_event",
                                       .section = section::media,
                                       .what = "Files of one event; further ones stay URLs",
                                       .by_default = "32"};
inline constexpr entry media_wait{.key = "gateway.media.wait",
                                  .variable = "GATEWAY_MEDIA_WAIT",
                                  .flag = "media.wait",
                                  .section = section::media,
                                  .what = "How long an event waits for its files",
                                  .by_default = "1m"};
inline constexpr entry media_upload_timeout{.key = "gateway.media.upload_timeout",
                                            .variable = "GATEWAY_MEDIA_UPLOAD_TIMEOUT",
                                            .flag = "media.upload_timeout",
                                            .section = section::media,
                                            .what = "Time limit of one upload",
                                            .by_default = "1m"};

/// In the order of settings.md.
inline constexpr std::array media_entries{&media_disk, &media_at_once, &media_per_event, &media_wait,
                                          &media_upload_timeout};

} // namespace relay::config::keys

namespace relay::config {

inline parsed<std::uint64_t> parse_media_disk(const std::string& text) {
  auto result = parse_size(text);
  if (!result.value || *result.value >= smallest_media_disk) return result;
  return parsed<std::uint64_t>::bad("is less than the " + size_text(smallest_media_disk) + " of one file");
}

/// In the order of settings.md.
inline constexpr std::array media_rows{
    form_row<&media_settings::disk, parse_media_disk, size_text>(keys::media_disk),
    count_row(keys::media_at_once, &media_settings::at_once),
    count_row(keys::media_per_event, &media_settings::per_event),
    duration_row(keys::media_wait, &media_settings::wait),
    duration_row(keys::media_upload_timeout, &media_settings::upload_timeout)};

} // namespace relay::config
