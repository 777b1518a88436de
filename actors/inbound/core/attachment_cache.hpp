// Which attachments are fetched when, and how long their files stay (protocol.md 6, Media; F17, F31): a few
// at a time, a bounded total on disk, a bounded wait for each event.
#pragma once

#include "relay_gateway/actors/core/clock.hpp"
#include "relay_gateway/messages/contract/event.hpp"
#include "relay_gateway/messages/media.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace relay::core {

struct media_rules {
  std::uint64_t max_bytes = largest_media;     ///< of one file
  std::uint64_t max_total = 512ULL << 20;      ///< of all files together, those under way included
  std::size_t max_at_once = 8, max_items = 32; ///< downloads; files of one event
  milliseconds patience{60'000};               ///< an event waits no longer for its files
  milliseconds dead_letters_stay = std::chrono::hours{24 * 7}; ///< files of what was set aside
};

/// What to do, in order.
struct media_step {
  struct fetch {
    std::uint64_t call = 0;
    std::string delivery, url;
    std::string before; ///< the delivery as which the event was set aside
    milliseconds timeout{};
  };
  std::vector<fetch> start;
  std::vector<std::pair<std::string, media_ready>> ready; ///< by delivery
  std::vector<std::string> remove;                        ///< paths
};

class attachment_cache {
public:
  attachment_cache() = default;
  explicit attachment_cache(const media_rules& rules) : rules_(rules) {}

  /// Other rules from now on; what waits may have its turn. An event that waits keeps its time.
  void go_by(const media_rules& rules, instant now, media_step& out);
  /// A delivery's attachments; `base` is the connector's own store, and only what lies there is fetched
  /// (F49).
  void wanted(const media_wanted& x, const std::string& base, instant now, media_step& out);
  /// A fetch ended: with a path and its size, or with an error. `wait`: the store asks for no further fetch
  /// within that time; the same file is fetched again after it, if its event still waits then.
  void fetched(std::uint64_t call, std::string path, std::uint64_t bytes, std::string error, instant now,
               media_step& out, milliseconds wait = milliseconds{0});
  /// The agent has taken the event, or it was set aside.
  void released(const std::string& delivery_id, instant now, media_step& out);
  /// It was set aside and may be wanted again under another name: its files stay for a while, those of all
  /// such events together within a quarter of the disk that attachments may take. The oldest go first.
  void kept(const std::string& delivery_id, instant now, media_step& out);
  /// What was set aside is not wanted again.
  void forgotten(const std::string& delivery_id, instant now, media_step& out);
  /// Whoever asked is gone, but the same deliveries may be wanted again: their files stay until the patience
  /// is over, so that whoever fetches finds them (F31).
  void set_aside(instant now, media_step& out);
  /// Whoever asked is gone for good.
  void all_released(instant now, media_step& out);
  /// Lets events go that have waited long enough; what comes later is thrown away.
  void timer(instant now, media_step& out);
  deadline due() const;

  std::uint64_t bytes() const { return bytes_; } ///< on disk
  std::size_t running() const { return calls_.size(); }

private:
  struct item {
    media_file file;
    std::uint64_t bytes = 0;
    bool over = false;
  };
  struct event {
    std::vector<item> items;
    std::size_t open = 0; ///< items that are not over
    instant until{};
    std::string before;
  };
  /// Of an event that was set aside.
  struct dead_letter_files {
    std::string delivery;
    std::vector<std::string> paths;
    std::uint64_t bytes = 0;
    instant until{};
  };
  struct place {
    std::string delivery;
    std::size_t index = 0;
    bool aside = false; ///< its file may be wanted again
  };
  bool in_use(const std::string& path) const;
  void pump(instant now, media_step& out);
  void close(std::map<std::string, event>::iterator it, media_step& out);
  void drop_dead_letter(const std::deque<dead_letter_files>::iterator& it, media_step& out);
  void drop_dead_letter(const std::string& delivery_id, media_step& out);
  void settle(const std::string& delivery_id, event& x, media_step& out);

  media_rules rules_;
  std::map<std::string, event> events_;
  std::deque<place> waiting_;
  std::unordered_map<std::uint64_t, place> calls_; ///< an empty delivery: nobody waits for it any more
  deadline not_before_;                            ///< the store asked for this long a pause
  std::unordered_map<std::string, instant> aside_; ///< files that nobody has claimed yet, until when
  std::deque<dead_letter_files> dead_letters_;     ///< oldest first
  std::uint64_t next_call_ = 0, bytes_ = 0, dead_letter_bytes_ = 0;
};

/// All URLs of an event's attachments, each once.
std::vector<std::string> media_urls(const inbound_event& x);
/// The type of a file by the end of its name.
std::string mime_of(const std::string& path);

} // namespace relay::core
