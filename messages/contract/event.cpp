#include "relay_gateway/messages/contract/event.hpp"

namespace relay {

std::string to_string(message_type x) {
  switch (x) {
  case message_type::text: return "text";
  case message_type::location: return "location";
  case message_type::photo: return "photo";
  case message_type::video: return "video";
  case message_type::audio: return "audio";
  case message_type::voice: return "voice";
  case message_type::document: return "document";
  case message_type::sticker: return "sticker";
  case message_type::command: return "command";
  }
  return "text";
}

} // namespace relay
