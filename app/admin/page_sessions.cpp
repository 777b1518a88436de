#include "relay_gateway/app/admin/page_sessions.hpp"

#include <algorithm>
#include <array>
#include <cstdio>

namespace relay::admin {

namespace {

constexpr std::chrono::minutes counted_within{1};

} // namespace

std::string page_sessions::open(clock::time_point now) {
  std::string id;
  for (int i = 0; i < 4; ++i) {
    std::array<char, 17> digits{};
    std::snprintf(digits.data(), digits.size(), "%016llx", static_cast<unsigned long long>(bits_()));
    id += digits.data();
  }
  std::erase_if(sessions_, [&](const session& x) { return x.until <= now; });
  if (sessions_.size() == most) sessions_.erase(sessions_.begin());
  sessions_.push_back({id, now + lifetime});
  return id;
}

bool page_sessions::valid(std::string_view id, clock::time_point now) const {
  return std::any_of(sessions_.begin(), sessions_.end(),
                     [&](const session& x) { return x.id == id && now < x.until; });
}

void page_sessions::close(std::string_view id) {
  std::erase_if(sessions_, [&](const session& x) { return x.id == id; });
}

bool page_sessions::may_try(clock::time_point now) const {
  return now - minute_ >= counted_within || failures_ < attempts;
}

void page_sessions::failed(clock::time_point now) {
  if (now - minute_ >= counted_within) {
    minute_ = now;
    failures_ = 0;
  }
  ++failures_;
}

std::string_view cookie(std::string_view header, std::string_view name) {
  while (!header.empty()) {
    auto pair = header.substr(0, header.find(';'));
    header.remove_prefix(std::min(header.size(), pair.size() + 1));
    while (pair.starts_with(' ')) pair.remove_prefix(1);
    if (pair.size() > name.size() && pair.starts_with(name) && pair[name.size()] == '=')
      return pair.substr(name.size() + 1);
  }
  return {};
}

} // namespace relay::admin
