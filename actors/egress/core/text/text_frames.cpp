#include "relay_gateway/actors/egress/core/text/text_frames.hpp"

#include "relay_gateway/actors/egress/core/text/splitter.hpp"
#include "relay_gateway/messages/contract/op_traits.hpp"
#include "relay_gateway/messages/wire/actions/action_forms.hpp"

#include <algorithm>
#include <utility>

namespace relay::core {

namespace {

/// What stays of a message that cannot be deleted: a message needs a text.
constexpr const char* nothing_left = "\xE2\x80\xA6";

std::vector<std::string> pieces_of(const action& x, const descriptor& to) {
  // No more bytes than units means that it fits, whatever they are.
  if (x.content.size() <= to.max_message_length) return std::vector<std::string>(1, x.content);
  auto out = split_text(x.content, to.max_message_length, to.len_unit, to.markdown_dialect);
  if (out.empty()) out.emplace_back(); // white space alone, which is longer than the platform takes
  return out;
}

/// Deletes the message, or empties it where nothing can be deleted.
text_frame removal(const descriptor& to, const std::string& message_id) {
  if (to.supports(op::remove)) return {op::remove, {}, message_id, true};
  return {op::edit, nothing_left, message_id, true};
}

text_frame_list of_edit(const action& x, std::vector<std::string> pieces, const descriptor& to,
                        const std::vector<std::string>& continuations) {
  text_frame_list out;
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    auto& text = pieces[i];
    if (i == 0)
      out.push_back({op::edit, std::move(text), x.message_id});
    else if (i <= continuations.size())
      out.push_back({op::edit, std::move(text), continuations[i - 1]});
    else
      out.push_back({op::send, std::move(text), {}});
  }
  for (std::size_t i = pieces.size() - 1; i < continuations.size(); ++i)
    out.push_back(removal(to, continuations[i]));
  return out;
}

/// A draft whose next state shows more.
bool grows(const action& x) {
  const auto* draft = draft_of(x);
  return traits_of(x.kind).streams && (draft == nullptr || !draft->final);
}

/// A copy of all but its text, which is the frame's to say.
action around_text(const action& x) {
  return {x.kind, x.chat_id, {}, x.message_id, x.reply_to, x.metadata, x.fields, x.rest};
}

/// What each frame of its text carries besides.
std::size_t repeated_bytes(const action& x) {
  const auto beside =
      prompt_of(x) != nullptr ? 0 : x.rest.text().size(); // its options stand in one frame only
  return x.metadata.size() + beside;
}

} // namespace

std::string too_many_messages(const action& x, const descriptor& to) {
  constexpr std::size_t most_messages = 10'000, most_repeated = 64UL << 20, longest_code_point = 4;
  if (x.content.size() <= to.max_message_length) return {};
  const auto messages = x.content.size() / to.max_message_length; // of one byte for each character
  if (messages / longest_code_point > most_messages)
    return "content takes more than " + std::to_string(most_messages) + " messages of " +
           std::to_string(to.max_message_length);
  if (messages * repeated_bytes(x) > most_repeated)
    return "metadata and other fields are too large to stand beside each message of this content";
  return {};
}

text_frame_list text_frames(const action& x, const descriptor& to,
                            const std::vector<std::string>& continuations) {
  const auto overflow = traits_of(x.kind).overflow;
  text_frame_list out;
  const bool one_frame = overflow != text_overflow::continued && overflow != text_overflow::removed;
  if (one_frame && x.content.size() <= to.max_message_length) { // most texts fit: no list of pieces for one
    out.push_back({x.kind, x.content, {}});
    return out;
  }
  auto pieces = pieces_of(x, to);
  if (overflow == text_overflow::continued) return of_edit(x, std::move(pieces), to, continuations);
  if (overflow == text_overflow::removed) {
    out.push_back({x.kind, {}, x.message_id});
    for (auto& id : continuations) out.push_back(removal(to, id));
    return out;
  }
  if (overflow == text_overflow::cut || grows(x)) pieces.resize(1);
  const bool as_itself = overflow == text_overflow::repeated;
  const auto itself = overflow == text_overflow::before ? pieces.size() - 1 : 0;
  for (std::size_t i = 0; i < pieces.size(); ++i)
    out.push_back({as_itself || i == itself ? x.kind : op::send, std::move(pieces[i]), {}});
  return out;
}

action frame_of(const action& x, text_frame frame, bool first) {
  auto out = frame.kind == op::send && x.kind != op::send ? wire::text_beside(x) : around_text(x);
  out.kind = frame.kind;
  out.content = std::move(frame.content);
  if (!frame.message_id.empty()) out.message_id = std::move(frame.message_id);
  if (first)
    out.reply_to = x.reply_to;
  else
    out.reply_to.clear();
  return out;
}

} // namespace relay::core
