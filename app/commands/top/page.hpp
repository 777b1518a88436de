// The page that `relay-gateway top` shows. Pure.
#pragma once

#include "relay_gateway/app/commands/top/scrape.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace relay::commands::top {

enum class tone : std::uint8_t { plain, title, good, bad };

struct line {
  std::string text; ///< no control characters
  tone how = tone::plain;
  friend bool operator==(const line&, const line&) = default;
};
using page = std::vector<line>;

/// `status` is the body of /v1/status. An answer that is none of a gateway's gives a page of one line.
page make_page(std::string_view status, const scrape& before, const scrape& now);

struct canvas {
  bool terminal = false; ///< drawn over the last page, with escape sequences; else page after page
  bool colours = false;
  std::size_t columns = 0, rows = 0; ///< 0: no limit
};
std::string draw(const page& x, const canvas& on);

} // namespace relay::commands::top
