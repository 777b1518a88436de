#include "relay_gateway/actors/inbound/event_log.hpp"

#include <optional>

namespace relay::event_log {

namespace {

log_field milliseconds_of(std::optional<std::chrono::nanoseconds> took) {
  if (!took) return {"ms", ""};
  return {"ms", std::chrono::duration_cast<milliseconds>(*took).count()};
}

} // namespace

void received(log_port& log, std::uint64_t epoch, const std::string& delivery, const std::string& session,
              const inbound_item& item, bool spilled) {
  const auto& from = item.event->source;
  log.write(severity::debug, "event.received",
            {{"delivery", delivery},
             {"platform", from.platform},
             {"profile", from.profile},
             {"chat", from.chat_id},
             {"session", session},
             {"message", item.event->message_id},
             {"buffer_id", item.buffer_id},
             {"epoch", epoch},
             {"next", spilled ? "waits on disk" : ""}});
}

void delivered(log_port& log, std::uint64_t epoch, const delivery& x, const core::handout& of) {
  log.write(severity::debug, "event.delivered",
            {{"delivery", x.id},
             {"platform", x.event->source.platform},
             {"chat", x.event->source.chat_id},
             {"session", x.session_key},
             {"attempt", of.attempt},
             {"redelivered", x.redelivered},
             {"epoch", epoch},
             milliseconds_of(of.waited)});
}

void acked(log_port& log, std::uint64_t epoch, const std::string& delivery, const inbound_event& x,
           const core::delivery_progress& progress, core::instant now) {
  std::optional<std::chrono::nanoseconds> took;
  if (progress.given != core::instant{}) took = now - progress.given;
  log.write(severity::debug, "event.acked",
            {{"delivery", delivery},
             {"platform", x.source.platform},
             {"chat", x.source.chat_id},
             unless_zero("attempt", progress.attempts),
             {"epoch", epoch},
             milliseconds_of(took)});
}

void consumed(log_port& log, const inbound_item& item, const char* verdict) {
  log.write(severity::debug, "event.consumed",
            {{"platform", item.event->source.platform},
             {"chat", item.event->source.chat_id},
             {"message", item.event->message_id},
             {"buffer_id", item.buffer_id},
             {"verdict", verdict}});
}

void buffer_acked(log_port& log, std::uint64_t epoch, const std::vector<std::string>& ids) {
  for (const auto& id : ids)
    log.write(severity::debug, "buffer.acked", {{"buffer_id", id}, {"epoch", epoch}});
}

} // namespace relay::event_log
