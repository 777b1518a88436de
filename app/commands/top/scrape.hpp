// What two looks at /metrics tell: values, rates, latencies. Pure.
#pragma once

#include "relay_gateway/app/metrics/quantile.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace relay::commands::top {

/// One look at the Prometheus text format.
struct scrape {
  double at = 0;                                        ///< seconds of a steady clock
  std::map<std::string, double, std::less<>> totals{};  ///< by name; all label sets together
  std::map<std::string, double, std::less<>> samples{}; ///< by `name{label="value"}`
  std::map<std::string, std::vector<histogram_bucket>, std::less<>>
      histograms{}; ///< by name, without `_bucket`
};

/// Lines that are no samples are skipped.
scrape read_scrape(std::string_view text, double at);

/// All label sets together; 0 for a name that is not there.
double total(const scrape& x, std::string_view name);
/// That one label set; 0 when it is not there.
double labelled(const scrape& x, std::string_view name, std::string_view label, std::string_view value);

/// By how much a counter grew between two looks, a second. A gateway that restarted meanwhile counts from 0.
double rate(const scrape& before, const scrape& now, std::string_view counter);

struct latencies {
  std::uint64_t count = 0;
  double p50 = 0, p99 = 0; ///< seconds
};
/// Since the gateway's start.
latencies latencies_of(const scrape& now, std::string_view histogram);
/// Between two looks.
latencies latencies_between(const scrape& before, const scrape& now, std::string_view histogram);

} // namespace relay::commands::top
