// One answer of a model on its way in: what was said so far, and how it ended.
#pragma once

#include "relay_gateway/actors/agents/core/sse_reader.hpp"
#include "relay_gateway/actors/core/clock.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace relay::core {

struct answer_limits {
  milliseconds first_token{120'000}; ///< from the request to the first token
  milliseconds idle{60'000};         ///< between two pieces of the answer
  milliseconds whole{600'000};       ///< from the request to the end
  std::size_t longest = 1U << 20;    ///< bytes of the answer
  bool streamed = true;              ///< it was asked for in pieces; otherwise only `whole` counts
};

/// How an answer ended. All but `complete` are told to the chat.
enum class answer_end : std::uint8_t {
  pending,
  complete,
  empty,       ///< it ended in order, and says nothing
  refused,     ///< an HTTP status that is no success
  busy,        ///< 429 or 503: later
  unreachable, ///< no connection, or none of HTTP
  broken,      ///< the stream ended, or was garbled, in the middle
  no_token,    ///< `first_token` is over
  silent,      ///< `idle` is over
  overdue,     ///< `whole` is over
  too_long
};
const char* to_string(answer_end x);

class model_answer {
public:
  model_answer() : model_answer({}, {}) {}
  model_answer(const answer_limits& limits, instant now) : limits_(limits), begun_(now), heard_(now) {}

  /// A successful answer begins. `content_type`: anything but an event stream is read as one whole answer.
  void head(std::string_view content_type);
  void bytes(std::string_view piece, instant now);
  /// The HTTP exchange is over: `status` 0 with an error when it broke off; `body` of an answer that is no
  /// success.
  void ended(int status, const std::string& error, std::string_view body);
  void timer(instant now);
  /// When timer() has something to do; none when it is over.
  deadline due() const;

  answer_end how() const { return how_; }
  bool over() const { return how_ != answer_end::pending; }
  const std::string& text() const { return text_; }
  /// When the first token came; none before.
  deadline first_token() const { return first_token_; }
  instant begun() const { return begun_; }
  /// For the log: status, error, what the server said. May repeat what the server was told.
  const std::string& detail() const { return detail_; }
  int status() const { return status_; }
  /// The server may have refused the images of the request.
  bool may_dislike_images() const;

private:
  void take(std::string_view data, instant now);
  void finish_stream();
  void end(answer_end how, std::string detail);

  answer_limits limits_;
  instant begun_, heard_;
  deadline first_token_;
  answer_end how_ = answer_end::pending;
  bool headed_ = false, streams_ = false, finished_ = false;
  int status_ = 0;
  sse_reader events_;
  std::string body_, text_, detail_;
};

} // namespace relay::core
