// Attachments between the connector's store and files of this machine: executes what its cache decides
// (actors/inbound/core/attachment_cache).
#pragma once

#include "relay_gateway/actors/core/alarm.hpp"
#include "relay_gateway/actors/inbound/core/attachment_cache.hpp"
#include "relay_gateway/actors/interfaces.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <caf/typed_response_promise.hpp>

#include <string>
#include <unordered_map>

namespace relay {

struct media_state {
  static inline const char* name = "media";
  explicit media_state(media_actor::pointer ptr) : self(ptr) {}

  caf::result<media_ready> wanted(const media_wanted& x);
  caf::result<media_reference> upload(const local_file& x);
  void uploaded(upload_done& x);
  void use(media_access x);
  void execute(core::media_step& step);
  secret token() const; ///< minted anew for each call: an old one may have expired (F8)

  media_actor::pointer self;
  ports env;
  media_access access;
  core::attachment_cache cache;
  std::unordered_map<std::string, caf::typed_response_promise<media_ready>> waiting; ///< by delivery
  std::unordered_map<std::uint64_t, caf::typed_response_promise<media_reference>> uploads;
  std::uint64_t next_upload = 0;
  core::deadline uploads_from; ///< the store asked for this long a pause
  core::alarm alarm;
};

/// `parent`: its supervisor.
media_actor::behavior_type media(media_actor::stateful_pointer<media_state> self, ports env,
                                 const caf::strong_actor_ptr& parent);

} // namespace relay
