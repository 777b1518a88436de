#include "relay_gateway/messages/wire/http/retry_after.hpp"

#include "relay_gateway/messages/wire/trimmed.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

namespace relay::wire {

using std::chrono::milliseconds;

namespace {

/// Takes the parts of a date from the front of its text; after a mismatch everything fails.
class date_reader {
public:
  explicit date_reader(std::string_view text) : rest_(text) {}
  bool good() const { return good_; }
  bool end() const { return good_ && rest_.empty(); }
  void expect(std::string_view what) {
    good_ = good_ && rest_.starts_with(what);
    if (good_) rest_.remove_prefix(what.size());
  }
  bool accept(std::string_view what) {
    if (!good_ || !rest_.starts_with(what)) return false;
    rest_.remove_prefix(what.size());
    return true;
  }
  int number(std::size_t digits) {
    int out = 0;
    good_ = good_ && rest_.size() >= digits;
    for (std::size_t i = 0; good_ && i < digits; ++i) {
      good_ = rest_[i] >= '0' && rest_[i] <= '9';
      out = out * 10 + (rest_[i] - '0');
    }
    if (good_) rest_.remove_prefix(digits);
    return good_ ? out : 0;
  }
  /// 1..12
  unsigned month() {
    constexpr std::array<std::string_view, 12> names{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    for (unsigned i = 0; i < names.size(); ++i)
      if (accept(names[i])) return i + 1;
    good_ = false;
    return 0;
  }
  /// The name of a day, of any length; dates are not checked against it.
  void weekday() {
    const auto letters = rest_.find_first_of(", ");
    good_ = good_ && letters != std::string_view::npos && letters >= 3;
    if (good_) rest_.remove_prefix(letters);
  }

private:
  std::string_view rest_;
  bool good_ = true;
};

struct date_parts {
  int year = 0, day = 0, hour = 0, minute = 0, second = 0;
  unsigned month = 0;
};

void read_time(date_reader& in, date_parts& out) {
  out.hour = in.number(2);
  in.expect(":");
  out.minute = in.number(2);
  in.expect(":");
  out.second = in.number(2);
}

std::int64_t unix_seconds(const date_parts& x) {
  using namespace std::chrono;
  const year_month_day date{year{x.year}, month{x.month}, day{static_cast<unsigned>(x.day)}};
  if (!date.ok() || x.hour > 23 || x.minute > 59 || x.second > 60) return 0;
  const auto time = sys_days{date} + hours{x.hour} + minutes{x.minute} + seconds{x.second};
  return std::max<std::int64_t>(duration_cast<seconds>(time.time_since_epoch()).count(), 0);
}

} // namespace

std::int64_t read_http_date(std::string_view text) noexcept {
  date_reader in{trimmed(text)};
  date_parts x;
  in.weekday();
  if (in.accept(", ")) {
    x.day = in.number(2);
    if (in.accept("-")) { // Sunday, 06-Nov-94 08:49:37 GMT
      x.month = in.month();
      in.expect("-");
      x.year = in.number(2);
      x.year += x.year < 70 ? 2000 : 1900;
    } else { // Sun, 06 Nov 1994 08:49:37 GMT
      in.expect(" ");
      x.month = in.month();
      in.expect(" ");
      x.year = in.number(4);
    }
    in.expect(" ");
    read_time(in, x);
    in.expect(" GMT");
  } else { // Sun Nov  6 08:49:37 1994
    in.expect(" ");
    x.month = in.month();
    in.expect(" ");
    x.day = in.accept(" ") ? in.number(1) : in.number(2);
    in.expect(" ");
    read_time(in, x);
    in.expect(" ");
    x.year = in.number(4);
  }
  return in.end() ? unix_seconds(x) : 0;
}

milliseconds wait_of_seconds(double seconds) noexcept {
  constexpr double longest = 1e9;             // 30 years
  if (!(seconds > 0)) return milliseconds{0}; // NaN, too
  return milliseconds{static_cast<std::int64_t>(std::ceil(std::min(seconds, longest) * 1000))};
}

milliseconds retry_after(int status, std::string_view retry_after, std::string_view date,
                         std::int64_t wall_ms) noexcept {
  constexpr int too_many_requests = 429, unavailable = 503;
  if (status != too_many_requests && status != unavailable) return milliseconds{0};
  const auto text = trimmed(retry_after);
  if (text.empty()) return milliseconds{0};
  milliseconds out{0};
  if (text.find_first_not_of("0123456789.") == std::string_view::npos) {
    double seconds = 0;
    const auto [end, err] =
        std::from_chars(text.data(), text.data() + text.size(), seconds, std::chars_format::fixed);
    if (end != text.data() + text.size()) return milliseconds{0};
    out = err == std::errc::result_out_of_range ? longest_retry_after : wait_of_seconds(seconds);
  } else if (const auto until = read_http_date(text); until > 0) {
    const auto now = read_http_date(date);
    out = milliseconds{now > 0 ? (until - now) * 1000 : until * 1000 - wall_ms};
  }
  return std::clamp(out, milliseconds{0}, longest_retry_after);
}

} // namespace relay::wire
