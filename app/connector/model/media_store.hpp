// POST/GET /relay/media: bytes held in memory, for an hour or until there are too many (protocol.md 6,
// Media).
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>

namespace relay::connector {

struct media_bytes {
  std::string id, content_type, filename, body;
  std::int64_t stored_s = 0;
};

/// Not thread-safe. The oldest go when the total passes `max_total` bytes.
class media_store {
public:
  static constexpr std::size_t max_one = 25ULL << 20; ///< larger uploads are answered 413
  static constexpr std::int64_t lifetime_s = 3600;
  explicit media_store(std::size_t max_total = 256ULL << 20) : max_total_(max_total) {}

  void put(media_bytes x) {
    total_ += x.body.size();
    kept_.push_back(std::move(x));
    while (total_ > max_total_ && kept_.size() > 1) {
      total_ -= kept_.front().body.size();
      kept_.pop_front();
    }
  }
  /// Null when unknown or older than an hour.
  const media_bytes* find(std::string_view id, std::int64_t now_s) const {
    for (const auto& x : kept_)
      if (x.id == id && now_s - x.stored_s < lifetime_s) return &x;
    return nullptr;
  }

private:
  std::deque<media_bytes> kept_;
  std::size_t max_total_, total_ = 0;
};

} // namespace relay::connector
