// A parsed JSON text. Parsed in place in a copy, with pools inside the object, so that an ordinary frame
// costs no allocation; meant to live on the stack.
#pragma once

#include "messages/wire/frames.hpp"

#include <rapidjson/document.h>

#include <array>
#include <cstddef>
#include <memory>
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

  /// False when the text is refused (not_json, too_deep, bad_utf8), which why() then tells.
  bool parse(std::string_view text);
  refusal why() const noexcept { return why_; }
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
    bool sensitive = false;
    ~memory();
  } room_;
  pool values_{room_.values.data(), room_.values.size()};
  pool stack_{room_.stack.data(), room_.stack.size()};
  rapidjson::GenericDocument<rapidjson::UTF8<>, pool, pool> doc_{&values_, 1024, &stack_};
  refusal why_ = refusal::not_json;
};

} // namespace relay::wire::json
