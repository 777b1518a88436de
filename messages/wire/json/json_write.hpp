// Appends JSON to a string. Frames have few fields and are written by hand: that is several times faster than
// a generic writer, and what is on the wire can be read in the code.
#pragma once

#include "relay_gateway/messages/wire/json/json_document.hpp"

#include <string>
#include <string_view>

namespace relay::wire::json {

/// A quoted JSON string. What is not UTF-8 becomes U+FFFD: a peer must never get a frame that it cannot read.
void append_string(std::string& out, std::string_view text);
/// A parsed value as compact text, without line breaks. Numbers beyond 64 bits and fractions come out of a
/// double: what is only passed on goes by append_as_it_came.
void append_value(std::string& out, const value& x);
/// The same value from its own text, compact, all tokens as they came; `source` empty = append_value.
void append_as_it_came(std::string& out, const value& x, std::string_view source);
/// The value's text: `source` (where the value was parsed from) as it came unless it has line breaks, then
/// compact; without a source written anew.
std::string text_of(const value& x, std::string_view source);

/// Appends the members of one object: `{` at construction, `}` at end().
class object_writer {
public:
  explicit object_writer(std::string& out) : out_(out) { out_ += '{'; }
  object_writer& text(std::string_view name, std::string_view x);
  /// Left out when empty.
  object_writer& optional(std::string_view name, std::string_view x) {
    return x.empty() ? *this : text(name, x);
  }
  /// `null` when empty.
  object_writer& nullable(std::string_view name, std::string_view x) {
    return x.empty() ? json(name, "null") : text(name, x);
  }
  object_writer& boolean(std::string_view name, bool x) { return json(name, x ? "true" : "false"); }
  /// Left out when false.
  object_writer& flag(std::string_view name, bool x) { return x ? boolean(name, x) : *this; }
  /// A member whose value is JSON text already.
  object_writer& json(std::string_view name, std::string_view x) {
    key(name);
    out_ += x;
    return *this;
  }
  template <class Strings>
  object_writer& texts(std::string_view name, const Strings& xs) {
    key(name);
    out_ += '[';
    const char* separator = "";
    for (const auto& x : xs) {
      out_ += separator;
      append_string(out_, x);
      separator = ",";
    }
    out_ += ']';
    return *this;
  }
  /// The members of an object given as JSON text; nothing when it is not one.
  object_writer& members(std::string_view object_text);
  /// A member name of ours and its colon; the caller appends the value.
  void key(std::string_view name);
  /// The same for a name that somebody else chose.
  void foreign_key(std::string_view name) {
    separate();
    append_string(out_, name);
    out_ += ':';
  }
  void end() { out_ += '}'; }

private:
  static constexpr std::size_t short_member = 128;
  void separate() {
    if (!first_) out_ += ',';
    first_ = false;
  }
  char* begin_member(char* to, std::string_view name);
  std::string& out_;
  bool first_ = true;
};

} // namespace relay::wire::json
