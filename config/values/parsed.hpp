// What a parser of one value answers: the value, or why not. Reasons never repeat the text: it may be a
// secret.
#pragma once

#include <optional>
#include <string>

namespace relay::config {

/// `value` is set exactly when `reason` is empty. A reason completes the sentence "the value ...".
template <class T>
struct parsed {
  std::optional<T> value;
  std::string reason;
  static parsed good(T x) { return {std::move(x), {}}; }
  static parsed bad(std::string why) { return {std::nullopt, std::move(why)}; }
};

} // namespace relay::config
