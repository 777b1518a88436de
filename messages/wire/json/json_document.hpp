// A parsed JSON text: the one reader for what any peer says. Parsed in place in a copy, with pools inside the
// object, so that an ordinary frame costs no allocation; meant to live on the stack.
#pragma once

#include "relay_gateway/messages/wire/frames/frames.hpp"

#include <rapidjson/document.h>

#include <array>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace relay::wire::json {

using value = rapidjson::Value;

/// Where the objects and arrays lie that are members of the root object, as far as there is room: frames have
/// few.
class member_spans {
public:
  void clear() noexcept { depth_ = 0, count_ = 0, member_ = 0; }
  void name() noexcept { member_ += depth_ == 1 ? 1U : 0U; }
  void begin(std::size_t at) noexcept {
    if (depth_++ == 1) begun_ = at;
  }
  void end(std::size_t past) noexcept {
    if (--depth_ == 1 && count_ < spans_.size()) spans_[count_++] = {member_, begun_, past};
  }
  /// Of the root's member of this number, counted from 1; empty when it is not known.
  std::string_view text_of(std::size_t member, std::string_view text) const noexcept {
    for (std::size_t i = 0; i < count_; ++i)
      if (spans_[i].member == member) return text.substr(spans_[i].begin, spans_[i].end - spans_[i].begin);
    return {};
  }

private:
  struct span {
    std::size_t member, begin, end;
  };
  std::array<span, 8> spans_; // written before it is read
  std::size_t depth_ = 0, count_ = 0, member_ = 0, begun_ = 0;
};

class document {
public:
  enum class content : bool { ordinary, sensitive };
  /// A sensitive document is wiped on destruction: its strings are credentials.
  explicit document(content kind = content::ordinary) { room_.sensitive = kind == content::sensitive; }
  document(const document&) = delete;
  document& operator=(const document&) = delete;

  /// False when the text is refused (not_json, too_deep, bad_utf8), which why() then tells. An escaped half
  /// of a surrogate pair costs its character, not the text: it is read as U+FFFD.
  bool parse(std::string_view text);
  refusal why() const noexcept { return why_; }
  /// As parse(), but only an object is accepted (else not_object).
  bool parse_object(std::string_view text);
  /// The text that was parsed, half surrogates mended: whatever is cut out of a frame and passed on is cut
  /// out of this one. Valid while this object and the argument of parse() live.
  std::string_view text() const noexcept { return text_; }
  /// Valid while this object lives; null value before a successful parse.
  const value& root() const noexcept { return doc_; }
  /// The text of the first member of that name of the root object, when it is an object or an array itself;
  /// empty when there is none. The parser remembered where it lies, so nothing is searched.
  std::string_view member_text(std::string_view name) const noexcept;

private:
  using pool = rapidjson::MemoryPoolAllocator<>;
  // Declared first, so that it is wiped after the parser has let go of it.
  struct memory {
    // RapidJSON trusts the alignment of the buffers that it is given.
    alignas(std::max_align_t) std::array<char, 4096> values;
    alignas(std::max_align_t) std::array<char, 2048> stack;
    std::array<char, 2048> text;
    std::unique_ptr<char[]> long_text;
    std::size_t long_size = 0;
    std::string mended; ///< the text, when it had half surrogates
    bool sensitive = false;
    ~memory();
  } room_;
  pool values_{room_.values.data(), room_.values.size()};
  pool stack_{room_.stack.data(), room_.stack.size()};
  rapidjson::GenericDocument<rapidjson::UTF8<>, pool, pool> doc_{&values_, 1024, &stack_};
  std::string_view text_;
  member_spans spans_;
  refusal why_ = refusal::not_json;
};

/// Why a text was refused, to follow "is": "nested too deep", "not a JSON object".
const char* explain(refusal why) noexcept;

} // namespace relay::wire::json
