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
  refusal why_ = refusal::not_json;
};

/// Why a text was refused, to follow "is": "nested too deep", "not a JSON object".
const char* explain(refusal why) noexcept;

} // namespace relay::wire::json
