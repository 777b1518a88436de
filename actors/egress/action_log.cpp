#include "relay_gateway/actors/egress/action_log.hpp"

namespace relay::action_log {

namespace {

log_field since(core::instant accepted, core::instant now) {
  if (accepted == core::instant{}) return {"ms", ""}; // by an earlier process
  return {"ms", std::chrono::duration_cast<milliseconds>(now - accepted).count()};
}

} // namespace

void accepted(log_port& log, std::uint64_t epoch, const egress_state::open_action& x) {
  log.write(severity::debug, "action.accepted",
            {{"request", x.request_id},
             {"delivery", x.delivery},
             {"platform", x.chat.platform},
             {"chat", x.chat.chat_id},
             {"op", to_string(x.kind)},
             unless_zero("epoch", epoch)});
}

void sent(log_port& log, std::uint64_t epoch, const egress_state::open_action& x,
          const core::sent_piece& piece, core::instant now) {
  log.write(severity::debug, "action.sent",
            {{"request", x.request_id},
             {"delivery", x.delivery},
             {"platform", x.chat.platform},
             {"chat", x.chat.chat_id},
             {"op", to_string(x.kind)},
             {"attempt", x.attempt},
             unless_zero("piece", piece.pieces > 1 ? piece.piece : 0),
             unless_zero("pieces", piece.pieces > 1 ? piece.pieces : 0),
             unless_zero("epoch", epoch),
             since(x.since, now)});
}

void settled(log_port& log, std::uint64_t epoch, const egress_state::open_action& x,
             const action_result& result, core::instant now) {
  const auto level = result.how == outcome::done ? severity::debug : severity::warn;
  log.write(level, "action.settled",
            {{"request", x.request_id},
             {"delivery", x.delivery},
             {"platform", x.chat.platform},
             {"chat", x.chat.chat_id},
             {"op", to_string(x.kind)},
             {"outcome", to_string(result.how)},
             {"code", result.code},
             {"error", result.error},
             unless_zero("attempt", x.attempt),
             unless_zero("epoch", epoch),
             since(x.since, now)});
}

void refused(log_port& log, const action_request& x, const std::string& code, const std::string& error) {
  log.write(severity::warn, "action.refused",
            {{"request", x.request_id},
             {"delivery", x.delivery_id},
             {"platform", x.platform},
             {"chat", x.act.chat_id},
             {"op", to_string(x.act.kind)},
             {"code", code},
             {"error", error},
             {"next", "nothing was sent; its agent was told"}});
}

} // namespace relay::action_log
