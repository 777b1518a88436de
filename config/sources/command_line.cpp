#include "relay_gateway/config/sources/command_line.hpp"

#include <utility>

namespace relay::config {

namespace {

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

/// Takes a quoted piece off `text`, which starts behind the opening quote. False when it is never closed.
bool take_quoted(std::string_view& text, char quote, std::string& word) {
  while (!text.empty()) {
    auto c = text.front();
    text.remove_prefix(1);
    if (c == quote) return true;
    if (quote == '"' && c == '\\' && !text.empty() && (text.front() == '"' || text.front() == '\\')) {
      c = text.front();
      text.remove_prefix(1);
    }
    word += c;
  }
  return false;
}

} // namespace

parsed<std::vector<std::string>> parse_command_line(std::string_view text) {
  using answer = parsed<std::vector<std::string>>;
  std::vector<std::string> words;
  std::string word;
  bool begun = false; // also when nothing is in it yet
  auto finish = [&] {
    if (std::exchange(begun, false)) words.push_back(std::exchange(word, {}));
  };
  while (!text.empty()) {
    auto c = text.front();
    text.remove_prefix(1);
    if (is_blank(c)) {
      finish();
      continue;
    }
    begun = true;
    if (c == '\'' || c == '"') {
      if (!take_quoted(text, c, word)) return answer::bad("has a quote that is never closed");
    } else if (c == '\\') {
      if (text.empty()) return answer::bad("ends in a \\ with nothing behind it");
      word += text.front();
      text.remove_prefix(1);
    } else {
      word += c;
    }
  }
  finish();
  if (words.empty() || words.front().empty()) return answer::bad("names no program");
  return answer::good(std::move(words));
}

} // namespace relay::config
