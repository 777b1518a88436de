// A JSON object that the gateway passes on: its text, and where each member lies in it.
#pragma once

#include <algorithm>
#include <cstddef>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace relay {

/// The members of a JSON object as they came, in order. Whoever reads the JSON (messages/wire) adds them one
/// by one; after that a member is found, taken out or put in front without reading the text again.
class object_text {
public:
  bool empty() const noexcept { return members_.empty(); }
  /// `{...}` without white space between its tokens; empty without a member.
  const std::string& text() const noexcept { return text_; }
  std::size_t size() const noexcept { return text_.size(); }

  /// Adds a member behind the others. Both are JSON text, the name with its quotes.
  void add(std::string_view quoted_name, std::string_view value) {
    if (text_.empty())
      text_ = '{';
    else
      text_.back() = ',';
    text_.append(quoted_name).append(1, ':').append(value).append(1, '}');
    members_.push_back({quoted_name.size(), value.size()});
  }
  /// The same before the others.
  void add_first(std::string_view quoted_name, std::string_view value) {
    object_text out;
    out.add(quoted_name, value);
    for_each([&](std::string_view name, std::string_view text) { out.add(name, text); });
    *this = std::move(out);
  }
  /// The value's text of the first member of that name; empty = there is none. A name with characters that
  /// JSON escapes is found only as it is written.
  std::string_view find(std::string_view name) const {
    std::string_view out;
    for_each([&](std::string_view quoted, std::string_view text) {
      if (out.empty() && is(quoted, name)) out = text;
    });
    return out;
  }
  /// Takes out the members of these names, which are names as for find().
  void remove(std::initializer_list<std::string_view> names) {
    object_text out;
    for_each([&](std::string_view quoted, std::string_view text) {
      if (std::none_of(names.begin(), names.end(), [&](auto name) { return is(quoted, name); }))
        out.add(quoted, text);
    });
    *this = std::move(out);
  }
  /// Calls `take(quoted_name, value)` for each member in order.
  template <class Take>
  void for_each(Take take) const {
    std::string_view rest{text_};
    for (const auto& x : members_) {
      rest.remove_prefix(1); // the brace, or the comma
      take(rest.substr(0, x.name), rest.substr(x.name + 1, x.value));
      rest.remove_prefix(x.name + 1 + x.value);
    }
  }

  friend bool operator==(const object_text& a, const object_text& b) { return a.text_ == b.text_; }

private:
  struct extent {
    std::size_t name = 0, value = 0;
  };
  static bool is(std::string_view quoted, std::string_view name) {
    return quoted.size() == name.size() + 2 && quoted.substr(1, name.size()) == name;
  }
  std::string text_;
  std::vector<extent> members_;
};

} // namespace relay
