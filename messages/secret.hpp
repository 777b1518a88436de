// A value that must never be shown: prints `***`, is wiped on destruction, has no inspector.
#pragma once

#include <ostream>
#include <string>
#include <string_view>

namespace relay {

/// Holds a credential. Only `reveal()` gives the text, so that a search for it finds every use.
class secret {
public:
  secret() = default;
  explicit secret(std::string text) : text_(std::move(text)) {}
  secret(const secret&) = default;
  secret(secret&& other) noexcept : text_(std::move(other.text_)) { other.wipe(); }
  secret& operator=(const secret& other) {
    if (this != &other) {
      wipe();
      text_ = other.text_;
    }
    return *this;
  }
  secret& operator=(secret&& other) noexcept {
    if (this != &other) {
      wipe();
      text_ = std::move(other.text_);
      other.wipe();
    }
    return *this;
  }
  ~secret() { wipe(); }

  /// The text itself, for the one place that needs it (a header, a signature). Valid while this object lives.
  const std::string& reveal() const noexcept { return text_; }
  bool empty() const noexcept { return text_.empty(); }
  explicit operator bool() const noexcept { return !text_.empty(); }

  friend bool operator==(const secret& a, const secret& b) { return a.text_ == b.text_; }
  friend std::ostream& operator<<(std::ostream& out, const secret& x) { return out << to_string(x); }
  /// What logs, status pages and error texts get: `***`, or nothing for an unset secret.
  friend std::string to_string(const secret& x) { return x.empty() ? "" : "***"; }

private:
  void wipe() noexcept;
  std::string text_;
};

} // namespace relay
