#include "relay_gateway/actors/agents/core/model_answer.hpp"

#include "relay_gateway/messages/wire/chat/chat_completion.hpp"
#include "relay_gateway/messages/wire/json/utf8.hpp"

#include <algorithm>
#include <cctype>
#include <utility>

namespace relay::core {

namespace {

constexpr std::size_t longest_body = 4U << 20; // of an answer that is not streamed

bool is_event_stream(std::string_view type) {
  constexpr std::string_view wanted = "text/event-stream";
  return type.size() >= wanted.size() &&
         std::equal(wanted.begin(), wanted.end(), type.begin(),
                    [](char a, char b) { return a == std::tolower(static_cast<unsigned char>(b)); });
}

} // namespace

const char* to_string(answer_end x) {
  switch (x) {
  case answer_end::pending: return "pending";
  case answer_end::complete: return "complete";
  case answer_end::empty: return "empty";
  case answer_end::refused: return "refused";
  case answer_end::busy: return "busy";
  case answer_end::unreachable: return "unreachable";
  case answer_end::broken: return "broken";
  case answer_end::no_token: return "no_token";
  case answer_end::silent: return "silent";
  case answer_end::overdue: return "overdue";
  case answer_end::too_long: return "too_long";
  }
  return "?";
}

void model_answer::end(answer_end how, std::string detail) {
  if (over()) return;
  how_ = how;
  detail_ = std::move(detail);
}

void model_answer::head(std::string_view content_type) {
  headed_ = true;
  streams_ = is_event_stream(content_type);
}

void model_answer::bytes(std::string_view piece, instant now) {
  if (over()) return;
  if (!streams_) {
    heard_ = now;
    body_ += piece;
    if (body_.size() > longest_body) end(answer_end::too_long, "the answer's body is too long");
    return;
  }
  std::vector<std::string> events;
  const bool fine = events_.read(piece, events);
  for (const auto& data : events) take(data, now);
  if (!fine) end(answer_end::broken, "an event of the stream is too long");
}

void model_answer::take(std::string_view data, instant now) {
  if (over()) return;
  auto said = wire::decode_chat_chunk(data);
  if (!said.readable) return end(answer_end::broken, "the stream has an event that is no JSON object");
  if (!said.error.empty()) return end(answer_end::broken, "the server gave up: " + said.error);
  heard_ = now;
  if (said.token && !first_token_) first_token_ = now;
  text_ += said.text;
  if (text_.size() > limits_.longest) {
    text_ = wire::utf8_prefix(text_, limits_.longest);
    return end(answer_end::too_long,
               "the answer is longer than " + std::to_string(limits_.longest) + " bytes");
  }
  finished_ = finished_ || said.done || !said.finish.empty();
  if (said.done) finish_stream();
}

void model_answer::finish_stream() {
  if (!finished_) return end(answer_end::broken, "the stream ended before the answer did");
  end(wire::is_blank(text_) ? answer_end::empty : answer_end::complete, {});
}

void model_answer::ended(int status, const std::string& error, std::string_view body) {
  if (over()) return;
  status_ = status;
  if (status == 0) {
    // The model has said why it stopped: the answer is complete, only the end of the stream is missing.
    if (finished_) return finish_stream();
    return end(headed_ ? answer_end::broken : answer_end::unreachable, error);
  }
  if (status < 200 || status > 299) {
    auto why = wire::chat_error(body);
    end(status == 429 || status == 503 ? answer_end::busy : answer_end::refused,
        "status " + std::to_string(status) + (why.empty() ? "" : ": " + why));
    return;
  }
  if (streams_) {
    std::vector<std::string> events;
    events_.finish(events);
    for (const auto& data : events) take(data, heard_);
    if (!over()) finish_stream();
    return;
  }
  auto said = wire::decode_chat_answer(body_);
  if (!said.readable) return end(answer_end::broken, "the answer is no chat completion");
  if (!said.error.empty()) return end(answer_end::refused, "the server answered: " + said.error);
  first_token_ = heard_;
  text_ = wire::utf8_prefix(said.text, limits_.longest);
  end(text_.size() < said.text.size() ? answer_end::too_long
      : wire::is_blank(text_)         ? answer_end::empty
                                      : answer_end::complete,
      {});
}

deadline model_answer::due() const {
  if (over()) return {};
  if (!limits_.streamed || (headed_ && !streams_)) return begun_ + limits_.whole;
  const auto next = first_token_ ? heard_ + limits_.idle : begun_ + limits_.first_token;
  return std::min(next, begun_ + limits_.whole);
}

void model_answer::timer(instant now) {
  if (over() || now < *due()) return;
  if (now >= begun_ + limits_.whole)
    end(answer_end::overdue, "max_turn is over");
  else if (first_token_)
    end(answer_end::silent, "idle_timeout is over");
  else
    end(answer_end::no_token, "first_token_timeout is over");
}

bool model_answer::may_dislike_images() const {
  constexpr int statuses[] = {400, 404, 413, 415, 422, 500, 501};
  return how_ == answer_end::refused && text_.empty() &&
         std::find(std::begin(statuses), std::end(statuses), status_) != std::end(statuses);
}

} // namespace relay::core
