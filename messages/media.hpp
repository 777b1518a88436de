// Attachments on their way between the connector's store and files of this machine (protocol.md 6, Media).
#pragma once

#include <caf/meta/type_name.hpp>

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace relay {

/// An attachment of an event as a local file, or why there is none.
struct media_file {
  std::string url;   ///< as in the event
  std::string path;  ///< absolute; gone after the delivery's ack. Empty: there is none
  std::string error; ///< one line; empty when there is a path
  friend bool operator==(const media_file&, const media_file&) = default;
};
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, media_file& x) {
  return f(caf::meta::type_name("media_file"), x.url, x.path, x.error);
}

/// A file of the agent's that has to be in the connector's store before an action can go out.
struct local_file {
  std::string path; ///< absolute; empty = no file
  std::string mime, name;
  bool empty() const { return path.empty(); }
  friend bool operator==(const local_file&, const local_file&) = default;
};
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, local_file& x) {
  return f(caf::meta::type_name("local_file"), x.path, x.mime, x.name);
}

/// media -> chat: where an uploaded file is now, or why it is nowhere.
struct media_reference {
  std::string url;
  std::string code, error; ///< set when `url` is empty
  /// Of a failure: the store asks for the file again after this time; 0 = it does not.
  std::int64_t retry_after_ms = 0;
  friend bool operator==(const media_reference&, const media_reference&) = default;
};
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, media_reference& x) {
  return f(caf::meta::type_name("media_reference"), x.url, x.code, x.error, x.retry_after_ms);
}

/// inbound -> media: this delivery's attachments; answered by media_ready.
struct media_wanted {
  std::string delivery_id;
  std::vector<std::string> urls;
  std::string before{}; ///< the delivery as which it was set aside: its files are kept under that name
  friend bool operator==(const media_wanted&, const media_wanted&) = default;
};
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, media_wanted& x) {
  return f(caf::meta::type_name("media_wanted"), x.delivery_id, x.urls, x.before);
}
struct media_ready {
  std::vector<media_file> files; ///< of the URLs that lie in the connector's store
  friend bool operator==(const media_ready&, const media_ready&) = default;
};
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, media_ready& x) {
  return f(caf::meta::type_name("media_ready"), x.files);
}

/// inbound -> media: the files of these deliveries may go.
struct media_released {
  std::vector<std::string> delivery_ids;
  bool set_aside = false; ///< not yet: an operator may want them again (media_wanted::before)
  friend bool operator==(const media_released&, const media_released&) = default;
};
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, media_released& x) {
  return f(caf::meta::type_name("media_released"), x.delivery_ids, x.set_aside);
}

/// inbound -> media: what was set aside as this delivery, perhaps by a process before, is not wanted again.
struct media_forgotten {
  std::string delivery_id;
  std::vector<std::string> urls;
  friend bool operator==(const media_forgotten&, const media_forgotten&) = default;
};
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, media_forgotten& x) {
  return f(caf::meta::type_name("media_forgotten"), x.delivery_id, x.urls);
}

/// supervisor -> inbound: whether some agent wants its attachments as files.
struct media_wish {
  bool paths = false;
  std::chrono::milliseconds patience{75'000}; ///< longer than fetching for one event may take
  friend bool operator==(const media_wish&, const media_wish&) = default;
};
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, media_wish& x) {
  return f(caf::meta::type_name("media_wish"), x.paths, x.patience);
}

inline constexpr std::uint64_t largest_media = 25ULL << 20; ///< bytes, both ways (protocol.md 6)

} // namespace relay
