// The chat completions API of OpenAI and of the many servers that speak it: requests and answers, streamed or
// whole. Thread-safe; never throws.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace relay::wire {

/// One message of a request. `content` is JSON text: a string, or a list of parts.
struct chat_message {
  std::string_view role;
  std::string content;
};
struct chat_request {
  std::string model; ///< empty: left out, and the server has only one
  std::vector<chat_message> messages;
  bool stream = true;
};
std::string encode_chat_request(const chat_request& x);

/// A file that the model may look at.
struct chat_image {
  std::string mime, bytes;
};
/// The content of a message: a JSON string, or with images a list of parts with data URLs.
std::string chat_content(std::string_view text, const std::vector<chat_image>& images = {});
/// The same content without its images; as it is when it has none.
std::string content_without_images(const std::string& content, std::string_view note);
/// Whether a content has images.
bool has_images(std::string_view content);
/// The type of a PNG, JPEG, GIF or WebP file by its first bytes; empty: it is none of these.
std::string_view image_type(std::string_view bytes);

/// What a piece of an answer says.
struct chat_piece {
  std::string text;
  bool token = false; ///< the model has produced something: text, reasoning, a call of a tool
  std::string finish; ///< why the model stopped; empty: it goes on
  std::string error;  ///< one line: the server gave up in the middle
  bool done = false;  ///< `[DONE]`: nothing comes any more
  bool readable = true;
};
/// `data`: of one server-sent event.
chat_piece decode_chat_chunk(std::string_view data);
/// A whole answer, as servers give it when they do not stream.
chat_piece decode_chat_answer(std::string_view body);
/// What an error answer says, in one line; empty when it says nothing.
std::string chat_error(std::string_view body);

} // namespace relay::wire
