#include "relay_gateway/messages/wire/http/iso8601.hpp"

#include <array>
#include <chrono>
#include <cstdio>

namespace relay::wire {

namespace {

/// Reads digits one after the other; a failure sticks.
class digits {
public:
  explicit digits(std::string_view text) : rest_(text) {}
  int number(std::size_t places) {
    int out = 0;
    for (; places > 0; --places) {
      if (rest_.empty() || rest_[0] < '0' || rest_[0] > '9') return fail();
      out = out * 10 + (rest_[0] - '0');
      rest_.remove_prefix(1);
    }
    return out;
  }
  bool take(std::string_view any_of) {
    if (rest_.empty() || any_of.find(rest_[0]) == std::string_view::npos) return false;
    last_ = rest_[0];
    rest_.remove_prefix(1);
    return true;
  }
  void must(std::string_view any_of) {
    if (!take(any_of)) fail();
  }
  void skip_digits() {
    while (take("0123456789")) {
    }
  }
  char last() const { return last_; }
  bool good() const { return good_; }
  bool empty() const { return rest_.empty(); }

private:
  int fail() {
    good_ = false;
    return 0;
  }
  std::string_view rest_;
  char last_ = 0;
  bool good_ = true;
};

} // namespace

std::int64_t read_iso8601(std::string_view text) {
  using namespace std::chrono;
  digits in{text};
  auto date = year{in.number(4)};
  in.must("-");
  auto month_of = in.number(2);
  in.must("-");
  auto day_of = in.number(2);
  in.must("T ");
  auto h = in.number(2);
  in.must(":");
  auto m = in.number(2);
  in.must(":");
  auto s = in.number(2);
  if (in.take(".,")) in.skip_digits();
  int offset = 0;
  if (in.take("+-")) {
    auto sign = in.last() == '-' ? -1 : 1;
    offset = in.number(2) * 60;
    in.take(":");
    if (!in.empty()) offset += in.number(2);
    offset *= sign;
  } else {
    in.take("Zz");
  }
  auto whole = date / month{static_cast<unsigned>(month_of)} / day{static_cast<unsigned>(day_of)};
  if (!in.good() || !in.empty() || !whole.ok() || h > 23 || m > 59 || s > 60) return 0;
  auto out = sys_days{whole}.time_since_epoch() + hours{h} + minutes{m - offset} + seconds{s};
  return duration_cast<seconds>(out).count();
}

std::string iso8601(std::int64_t unix_seconds) {
  using namespace std::chrono;
  auto at = sys_seconds{seconds{unix_seconds}};
  auto whole = floor<days>(at);
  const year_month_day date{whole};
  const hh_mm_ss time{at - whole};
  std::array<char, 40> out{};
  auto n = std::snprintf(out.data(), out.size(), "%04d-%02u-%02uT%02d:%02d:%02d+00:00", int{date.year()},
                         unsigned{date.month()}, unsigned{date.day()}, static_cast<int>(time.hours().count()),
                         static_cast<int>(time.minutes().count()), static_cast<int>(time.seconds().count()));
  return {out.data(), static_cast<std::size_t>(n)};
}

} // namespace relay::wire
