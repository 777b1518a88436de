// What can be told of a line that no parser accepts.
#pragma once

#include "relay_gateway/messages/wire/json/json_read.hpp"
#include "relay_gateway/messages/wire/json/json_scan.hpp"

#include <string>
#include <string_view>

namespace relay::wire {

/// A string or number member of such a line, so that even it can be acked or answered (F12, F32); empty when
/// it cannot be told.
inline std::string salvage(std::string_view line, std::string_view name) {
  json::document doc;
  std::string out;
  if (doc.parse(json::member_text(line, name))) json::to_id(doc.root(), out);
  return out;
}

} // namespace relay::wire
