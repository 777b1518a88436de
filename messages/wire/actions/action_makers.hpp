// Typed construction of actions: what an embedding program writes instead of JSON (protocol.md 6).
// Thread-safe, never throws.
#pragma once

#include "relay_gateway/messages/contract/action.hpp"
#include "relay_gateway/messages/contract/result.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace relay::wire {

// One function per op of protocol.md 6. What each returns would pass decode_action when
// its arguments do; check() says so. `metadata` is a JSON object text or empty.

action send(std::string chat_id, std::string content, std::string reply_to = {}, std::string metadata = {});
action edit(std::string chat_id, std::string message_id, std::string content, std::string metadata = {});
action typing(std::string chat_id, std::string metadata = {});
/// Takes the indicator back (`content` "").
action typing_clear(std::string chat_id, std::string metadata = {});
/// `kind`: `<platform>.<capability>`.
action follow_up(std::string session_key, std::string kind, std::string content, std::string metadata = {});
action get_chat_info(std::string chat_id);

enum class media_kind : std::uint8_t { image, voice, audio, video, document };
struct media_options {
  std::string content{}, filename{}, reply_to{}, metadata{};
};
/// `source_url`: http or https.
action send_media(std::string chat_id, media_kind kind, std::string source_url, media_options more = {});

/// `path`: of a file that is uploaded to the connector's store first; its name and type go by the path's end
/// unless said otherwise.
action send_file(std::string chat_id, media_kind kind, std::string path, media_options more = {},
                 std::string mime = {});

enum class prompt_kind : std::uint8_t { approval, clarify, choice };
struct prompt_option {
  std::string id, label, style; ///< id: 1 to 32 letters, digits, `_ . -`; style may be empty
};
struct prompt_extras {
  std::string prompt_id{};    ///< empty: the gateway mints one and tells it in the result
  std::int64_t timeout_s = 0; ///< 0 = not said
  std::string reply_to{}, metadata{};
};
action prompt(std::string chat_id, prompt_kind kind, std::string content,
              const std::vector<prompt_option>& options, prompt_extras more = {});

action react(std::string chat_id, std::string message_id, std::string_view emoji, bool remove = false);
action remove_message(std::string chat_id, std::string message_id, std::string metadata = {});
/// One state of a message that is being written; `final` seals it.
action draft(std::string chat_id, std::int64_t draft_id, std::string content, bool final,
             std::string metadata = {});
/// `chunks`: JSON array text.
action task_card(std::string chat_id, std::string card_id, std::string_view chunks,
                 std::string metadata = {});
/// `chunks`: JSON array text or empty.
action task_card_stop(std::string chat_id, std::string card_id, std::string_view chunks = {},
                      std::string metadata = {});
/// `message_id`: the message that the thread starts from; may be empty.
action thread_create(std::string chat_id, std::string thread_name, std::string message_id = {},
                     std::string metadata = {});
/// `chat_id`: the parent chat. `only_if_current_name`: not renamed when it has another name by now; may be
/// empty. `only_if_connector_created`: not renamed when a person opened the thread.
action thread_rename(std::string chat_id, std::string thread_id, std::string thread_name,
                     std::string only_if_current_name = {}, std::string metadata = {},
                     bool only_if_connector_created = false);

/// The metadata of an action that goes to this thread; empty without one.
std::string thread_metadata(std::string_view thread_id);
/// The answer to a get_chat_info that the gateway gives itself (routing 3).
action_result chat_info(std::string_view name, std::string_view type);

} // namespace relay::wire
