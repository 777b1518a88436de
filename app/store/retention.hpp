// How long settled things are remembered: by age and by number, oldest first. Pure; what a transaction does
// counts once it is committed.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <utility>
#include <vector>

namespace relay::store {

class retention {
public:
  struct entry {
    std::int64_t at = 0; ///< unix ms when it was settled
    std::uint64_t id = 0;
  };
  retention(std::int64_t window_ms, std::size_t most) : window_(window_ms), most_(most) {}

  /// What is there, in any order.
  void restore(std::vector<entry> all, std::int64_t now) {
    // A clock that stood wrong must not keep an entry in front of all others.
    for (auto& x : all) x.at = std::min(x.at, now);
    std::stable_sort(all.begin(), all.end(), [](auto& a, auto& b) { return a.at < b.at; });
    kept_.assign(all.begin(), all.end());
    rolled_back();
  }
  void settled(std::uint64_t id, std::int64_t at) { fresh_.push_back({at, id}); }
  /// How many are over by now.
  std::size_t overdue(std::int64_t now) const {
    auto beyond = kept_.size() > most_ ? kept_.size() - most_ : 0;
    auto old =
        std::partition_point(kept_.begin(), kept_.end(), [&](auto& x) { return age(x, now) > window_; });
    return std::max(beyond, static_cast<std::size_t>(old - kept_.begin()));
  }
  /// At most so many of them, in order of their ids; they are gone with the commit.
  std::vector<std::uint64_t> leave(std::int64_t now, std::size_t limit) {
    return leaving(std::min(overdue(now), limit));
  }
  /// The same of what is there beyond the newest `most`, however young it is.
  std::vector<std::uint64_t> leave_beyond(std::size_t most, std::size_t limit) {
    return leaving(std::min(kept_.size() - std::min(most, kept_.size()), limit));
  }
  void committed() {
    kept_.erase(kept_.begin(), kept_.begin() + static_cast<std::ptrdiff_t>(leaving_));
    kept_.insert(kept_.end(), fresh_.begin(), fresh_.end());
    rolled_back();
  }
  void rolled_back() {
    fresh_.clear();
    leaving_ = 0;
  }
  std::size_t size() const { return kept_.size(); }
  std::int64_t window_ms() const { return window_; }

  /// How old something is; never negative, whatever the clock did.
  static std::int64_t age_ms(std::int64_t at, std::int64_t now) {
    return std::max<std::int64_t>(now - at, 0);
  }

private:
  std::vector<std::uint64_t> leaving(std::size_t count) {
    leaving_ = count;
    std::vector<std::uint64_t> out(count);
    for (std::size_t i = 0; i < count; ++i) out[i] = kept_[i].id;
    std::sort(out.begin(), out.end());
    return out;
  }
  static std::int64_t age(const entry& x, std::int64_t now) { return age_ms(x.at, now); }
  std::int64_t window_;
  std::size_t most_;
  std::deque<entry> kept_; ///< oldest first, as long as the clock only went forward
  std::vector<entry> fresh_;
  std::size_t leaving_ = 0;
};

} // namespace relay::store
