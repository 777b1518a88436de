#include "relay_gateway/config/sources/dotenv.hpp"

#include "relay_gateway/config/values/text.hpp"

namespace relay::config {

namespace {

bool is_name_char(char c, bool first) {
  return c == '_' || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (!first && c >= '0' && c <= '9');
}

char escaped(char c) { return c == 'n' ? '\n' : c == 'r' ? '\r' : c == 't' ? '\t' : c; }

/// Walks over the text once; every method leaves the position behind what it read.
class scanner {
public:
  explicit scanner(std::string_view text) : text_(text) {}

  dotenv run() {
    if (text_.substr(0, 3) == "\xEF\xBB\xBF") at_ = 3; // editors on Windows put a mark in front
    for (; at_ < text_.size(); end_line()) entry();
    return std::move(result_);
  }

private:
  bool more() const { return at_ < text_.size() && text_[at_] != '\n'; }
  void blanks() {
    while (more() && (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\r')) ++at_;
  }
  void end_line() {
    while (more()) ++at_;
    ++at_;
    ++line_;
  }
  std::string name() {
    std::string result;
    while (more() && is_name_char(text_[at_], result.empty())) result += text_[at_++];
    return result;
  }

  void entry() {
    auto line = line_;
    blanks();
    if (!more() || text_[at_] == '#') return;
    auto key = name();
    blanks();
    bool exported = key == "export" && more() && text_[at_] != '=';
    if (exported) {
      key = name();
      blanks();
    }
    if (key.empty()) return result_.bad_lines.push_back(line);
    if (!more()) { // a bare name sets nothing, in a shell it only marks the variable
      if (!exported) result_.bad_lines.push_back(line);
      return;
    }
    if (text_[at_] != '=') return result_.bad_lines.push_back(line);
    ++at_;
    blanks();
    std::string value;
    bool good = more() && (text_[at_] == '"' || text_[at_] == '\'') ? quoted(value) : plain(value);
    if (!good) return result_.bad_lines.push_back(line);
    result_.values[key] = {std::move(value), line};
  }

  bool plain(std::string& into) {
    auto start = at_;
    while (more() &&
           !(text_[at_] == '#' && (at_ == start || text_[at_ - 1] == ' ' || text_[at_ - 1] == '\t')))
      ++at_;
    into = trimmed(text_.substr(start, at_ - start));
    return true;
  }

  bool quoted(std::string& into) {
    auto start = at_;
    auto start_line = line_;
    char quote = text_[at_++];
    for (; at_ < text_.size() && text_[at_] != quote; ++at_) {
      if (text_[at_] == '\n') ++line_;
      if (quote == '"' && text_[at_] == '\\' && at_ + 1 < text_.size())
        into += escaped(text_[++at_]);
      else
        into += text_[at_];
    }
    if (at_ < text_.size()) {
      ++at_;
      blanks();
      if (!more() || text_[at_] == '#') return true;
    }
    // No closing quote, or one that belongs to a later line: only this line is lost, those below are read as
    // usual.
    at_ = start;
    line_ = start_line;
    return false;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  int line_ = 1;
  dotenv result_;
};

} // namespace

dotenv parse_dotenv(std::string_view text) { return scanner{text}.run(); }

} // namespace relay::config
