// From a setting's name to its typed value: asks the layers, notes the row of the listing and every problem.
#pragma once

#include "relay_gateway/config/sources/layers.hpp"
#include "relay_gateway/config/values/addresses/urls.hpp"
#include "relay_gateway/config/values/parsed.hpp"

namespace relay::config {

/// Not thread-safe; one per resolve(). Every method answers the fallback for what is unset or bad.
class reading {
public:
  reading(const sources& from, const layers& at, resolution& into) : from_(from), layers_(at), into_(into) {}

  /// A value of any type: `parse` takes the text, `show` gives the listing's form. `when_bad` takes the place
  /// of `fallback` for a value that cannot be read.
  template <class T, class Parse, class Show>
  T value(const entry& x, const T& fallback, const T& when_bad, Parse parse, Show show) {
    auto from = one_line(x);
    auto fault = from.reason;
    if (from.what == given::kind::text) {
      parsed<T> result = parse(from.text);
      if (result.value) {
        row(x.key, show(*result.value), from.source);
        return *result.value;
      }
      fault = result.reason;
    }
    const T& used = fault.empty() ? fallback : when_bad;
    if (!fault.empty()) wrong(x.key, from.where, fault, kept(show(used)));
    row(x.key, show(used), "default");
    return used;
  }
  template <class T, class Parse, class Show>
  T value(const entry& x, const T& fallback, Parse parse, Show show) {
    return value(x, fallback, fallback, parse, show);
  }

  std::string text(const entry& x, const std::string& fallback = {});
  /// With a leading `~/` expanded.
  std::string path(const entry& x);
  std::string url(const entry& x, const url_rule& rule);
  bool boolean(const entry& x, bool fallback, bool when_bad);
  std::vector<std::string> list(const entry& x);
  secret hidden(const entry& x);
  /// A secret whose file, when it is given as one, is read anew at each use: the path is kept.
  secret_source hidden_or_file(const entry& x);

  /// What was given, ready to be parsed: problems of the layers are noted, a secret's file is read, what is
  /// no single line of text is bad.
  given one_line(const entry& x);
  /// What was given, of any kind.
  given any(const entry& x);
  /// Items of a list or of a comma-separated text.
  std::vector<std::string> items(const std::string& key, const given& from);
  file_content file(const std::string& path) const;

  void row(std::string key, std::string value, std::string source);
  /// Takes a value back that turned out to be unusable together with another one.
  void revert(const entry& x, std::string value);
  /// `applied` is what `run` does instead. A problem that is there already is not noted twice.
  void wrong(std::string key, std::string where, std::string reason, std::string applied, bool fatal = false);
  /// Something that is worth a look and changes nothing.
  void warn(std::string key, std::string where, std::string reason, std::string applied);
  /// Whether so many problems are noted that no more are taken: a hostile file must not cost time without
  /// end.
  bool full() const;
  /// Where a setting was given, for a problem; the key itself when nowhere.
  std::string where(const entry& x) const;
  const layers& at() const { return layers_; }
  const sources& from() const { return from_; }

private:
  static constexpr std::size_t most_problems = 500;
  static std::string kept(const std::string& fallback);
  given content_of(given file);
  /// Warns when others may read the file that this secret stands in.
  void guard_secret(const given& from);
  void guard_file(const std::string& path);

  const sources& from_;
  const layers& layers_;
  resolution& into_;
};

} // namespace relay::config
