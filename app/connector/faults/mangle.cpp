#include "relay_gateway/app/connector/faults/mangle.hpp"

#include "relay_gateway/app/connector/json.hpp"

#include <rapidjson/pointer.h>

#include <algorithm>
#include <set>

namespace relay::connector::faults {

std::string truncated(std::string_view text, const truncate& how) {
  auto keep = how.bytes >= 0 ? static_cast<std::size_t>(how.bytes)
                             : text.size() * static_cast<std::size_t>(how.percent) / 100;
  return std::string{text.substr(0, keep)};
}

std::string corrupted(std::string_view text, const corrupt& how, seeded_rng& rng) {
  std::string out{text};
  if (out.empty()) return out;
  auto wanted = std::min<std::size_t>(static_cast<std::size_t>(rng.in(how.bytes)), out.size());
  std::set<std::size_t> places; // distinct ones: a byte changed twice could be the old one again
  while (places.size() < wanted) places.insert(static_cast<std::size_t>(rng.below(out.size())));
  for (auto at : places) {
    auto old = static_cast<unsigned char>(out[at]);
    unsigned char fresh = 0xFF;
    if (!how.utf8) do
        fresh = static_cast<unsigned char>(rng.below(256));
      while (fresh == old || fresh == '\n');
    out[at] = static_cast<char>(fresh);
  }
  return out;
}

std::string rewritten(std::string_view line, const rewrite& how, bool& fine) {
  json::document doc;
  fine = json::parse_object(line, doc);
  if (!fine) return std::string{line};
  for (const auto& [where, text] : how.members) {
    json::document value;
    value.Parse(text.data(), text.size());
    json::value copy{value, doc.GetAllocator()};
    rapidjson::Pointer{where.data(), where.size()}.Set(doc, copy);
  }
  return json::write(doc);
}

std::vector<std::size_t> cuts_of(std::size_t size, const split& how, seeded_rng& rng) {
  constexpr std::size_t most = 10'000;
  std::set<std::size_t> cuts;
  if (how.bytes > 0) {
    for (auto at = static_cast<std::size_t>(how.bytes); at < size && cuts.size() < most;
         at += static_cast<std::size_t>(how.bytes))
      cuts.insert(at);
  } else if (size > 1) {
    auto wanted = std::min<std::size_t>(static_cast<std::size_t>(rng.in(how.into)) - 1, size - 1);
    while (cuts.size() < wanted) cuts.insert(1 + static_cast<std::size_t>(rng.below(size - 1)));
  }
  return {cuts.begin(), cuts.end()};
}

} // namespace relay::connector::faults
