#include "relay_gateway/messages/control.hpp"

namespace relay {

const char* to_string(platform_step x) {
  switch (x) {
  case platform_step::pending: return "pending";
  case platform_step::done: return "done";
  case platform_step::failed: return "failed";
  case platform_step::pinned: return "pinned";
  case platform_step::skipped: return "skipped";
  }
  return "unknown";
}

const char* to_string(link_phase x) {
  switch (x) {
  case link_phase::off: return "off";
  case link_phase::starting: return "starting";
  case link_phase::connecting: return "connecting";
  case link_phase::waiting: return "waiting";
  case link_phase::connected: return "connected";
  case link_phase::draining: return "draining";
  case link_phase::dormant: return "dormant";
  case link_phase::disabled: return "disabled";
  case link_phase::stopped: return "stopped";
  }
  return "unknown";
}

const char* to_string(command x) {
  switch (x) {
  case command::drain: return "drain";
  case command::dormant: return "dormant";
  case command::wake: return "wake";
  case command::reconnect: return "reconnect";
  }
  return "unknown";
}

} // namespace relay
