// RapidJSON's stream for parsing in place, but that what is plain in a string goes by in words.
#pragma once

#include "relay_gateway/messages/wire/json/json_words.hpp"

#include <rapidjson/reader.h>

#include <cstddef>
#include <cstring>
#include <utility>

namespace relay::wire::json {

class in_place_stream {
public:
  using Ch = char;
  /// Zeros behind the text: whoever looks at eight bytes at once stops there.
  static constexpr std::size_t padding = 8;

  /// `padding` zeros follow `text`.
  in_place_stream(char* text, std::size_t size)
      : src_(text), dst_(text), head_(text), end_(text + size + padding) {}
  Ch Peek() const { return *src_; }
  Ch Take() { return *src_++; }
  std::size_t Tell() const { return static_cast<std::size_t>(src_ - head_); }
  Ch* PutBegin() { return dst_ = src_; }
  std::size_t PutEnd(const Ch* begin) { return static_cast<std::size_t>(dst_ - begin); }
  /// A byte of a string, or the zero behind it. What was just taken is no part of a longer escape, so that
  /// what follows it in the text follows it in the string.
  void Put(Ch c) {
    *dst_++ = c;
    if (c == '\0' || c != src_[-1]) return;
    const auto n = plain_run(src_, end_, word_marks::special);
    if (dst_ != src_) std::memmove(dst_, src_, n);
    src_ += n;
    dst_ += n;
  }
  void Flush() {}

private:
  Ch *src_, *dst_;
  const Ch *head_, *end_;
};

} // namespace relay::wire::json

// As of its own: the reader looks at a number with a copy, and takes its beginning from the stream itself.
template <>
struct rapidjson::StreamTraits<relay::wire::json::in_place_stream> {
  enum { copyOptimization = 1 };
};
