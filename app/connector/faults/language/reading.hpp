// Strict reading of JSON objects: every problem with its place, unknown keys with the one that may have been
// meant.
#pragma once

#include "relay_gateway/app/connector/faults/language/script.hpp"
#include "relay_gateway/app/connector/json.hpp"

#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

namespace relay::connector::faults {

using problems = std::vector<problem>;

/// `/a/b` and one step more, escaped as a JSON pointer is.
std::string step_into(const std::string& pointer, std::string_view key);

/// Reads one object. Each getter leaves `out` alone when the key is absent or wrong (and says so), and makes
/// the key a known one; finish() then tells of the others.
class object_reader {
public:
  object_reader(const json::value& from, std::string pointer, problems& told);
  bool usable() const { return from_ != nullptr; } ///< false: it was no object, which was said

  const json::value* get(std::string_view key);
  bool has(std::string_view key) const;
  bool flag(std::string_view key, bool& out);
  bool text(std::string_view key, std::string& out);
  bool number(std::string_view key, std::int64_t& out, std::int64_t low, std::int64_t high);
  bool number(std::string_view key, milliseconds& out, std::int64_t low, std::int64_t high);
  bool fraction(std::string_view key, double& out); ///< 0 to 1
  /// A number or `[low, high]`.
  bool span(std::string_view key, range& out, std::int64_t low, std::int64_t high);
  /// A string or an array of strings, none empty.
  bool list(std::string_view key, texts& out);
  /// One of these words.
  bool word(std::string_view key, std::string& out, std::initializer_list<std::string_view> allowed);
  /// A string as it is, any other value as its JSON text.
  bool text_or_json(std::string_view key, std::string& out);

  void wrong(std::string_view key, std::string what);
  const std::string& pointer() const { return pointer_; }
  /// Keys that nobody asked for, and keys that are there twice. `also`: further ones that would have been
  /// fine.
  void finish(const std::vector<std::string>& also = {});

private:
  const json::value* from_ = nullptr;
  std::string pointer_;
  problems& told_;
  std::vector<std::string> known_;
};

/// `did you mean 'x'?` when one is near, else the list of them.
std::string suggestion(std::string_view word, const std::vector<std::string>& known);

} // namespace relay::connector::faults
