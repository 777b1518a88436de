#include "relay_gateway/app/commands/top/scrape.hpp"

#include <cmath>
#include <cstdlib>

namespace relay::commands::top {

namespace {

constexpr std::string_view start_time = "process_start_time_seconds", bucket = "_bucket";

bool ends_with(std::string_view text, std::string_view end) {
  return text.size() >= end.size() && text.substr(text.size() - end.size()) == end;
}

/// The bound of a sample like `name_bucket{le="0.5"}`; NaN when it has none.
double bound_of(std::string_view key) {
  constexpr std::string_view label = "le=\"";
  const auto found = key.rfind(label);
  if (found == std::string_view::npos) return std::nan("");
  return std::strtod(std::string{key.substr(found + label.size())}.c_str(), nullptr); // knows +Inf, too
}

void take_line(scrape& into, std::string_view line) {
  if (line.empty() || line.front() == '#') return;
  const auto open = line.find('{');
  const auto close = line.rfind('}');
  const auto labels = open != std::string_view::npos && close != std::string_view::npos && close > open;
  const auto end = labels ? close + 1 : line.find(' ');
  if (end == std::string_view::npos || end >= line.size()) return;
  const auto key = line.substr(0, end);
  const auto name = labels ? key.substr(0, open) : key;
  const std::string text{line.substr(end)};
  char* after = nullptr;
  const auto amount = std::strtod(text.c_str(), &after);
  if (after == text.c_str()) return;
  into.samples[std::string{key}] = amount;
  into.totals[std::string{name}] += amount;
  if (!labels || !ends_with(name, bucket)) return;
  if (const auto bound = bound_of(key); !std::isnan(bound))
    into.histograms[std::string{name.substr(0, name.size() - bucket.size())}].push_back({bound, amount});
}

bool restarted(const scrape& before, const scrape& now) {
  return total(before, start_time) != total(now, start_time);
}

latencies summary(const std::vector<histogram_bucket>& x) {
  if (x.empty()) return {};
  return {static_cast<std::uint64_t>(x.back().cumulative), quantile(x, 0.5), quantile(x, 0.99)};
}

} // namespace

scrape read_scrape(std::string_view text, double at) {
  scrape result;
  result.at = at;
  while (!text.empty()) {
    const auto end = text.find('\n');
    take_line(result, text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return result;
}

double total(const scrape& x, std::string_view name) {
  const auto found = x.totals.find(name);
  return found == x.totals.end() ? 0 : found->second;
}

double labelled(const scrape& x, std::string_view name, std::string_view label, std::string_view choice) {
  auto key = std::string{name} + "{" + std::string{label} + "=\"" + std::string{choice} + "\"}";
  const auto found = x.samples.find(key);
  return found == x.samples.end() ? 0 : found->second;
}

double rate(const scrape& before, const scrape& now, std::string_view counter) {
  const auto seconds = now.at - before.at;
  if (seconds <= 0) return 0;
  const auto earlier = restarted(before, now) ? 0 : total(before, counter);
  const auto grown = total(now, counter) - earlier;
  return grown > 0 ? grown / seconds : 0;
}

latencies latencies_of(const scrape& now, std::string_view histogram) {
  const auto found = now.histograms.find(histogram);
  return found == now.histograms.end() ? latencies{} : summary(found->second);
}

latencies latencies_between(const scrape& before, const scrape& now, std::string_view histogram) {
  const auto found = now.histograms.find(histogram), old = before.histograms.find(histogram);
  if (found == now.histograms.end()) return {};
  auto grown = found->second;
  const bool same =
      old != before.histograms.end() && !restarted(before, now) && old->second.size() == grown.size();
  if (same)
    for (std::size_t i = 0; i < grown.size(); ++i) grown[i].cumulative -= old->second[i].cumulative;
  return summary(grown);
}

} // namespace relay::commands::top
