// Values that are written in a form of their own: how a text becomes one, and how it is listed.
#pragma once

#include "relay_gateway/config/values/parsed.hpp"
#include "relay_gateway/config/values/text.hpp"

#include <string>

namespace relay::config {

/// What reading, listing, checking and comparing need of one member of `Settings`.
template <class Settings>
struct setting_form {
  /// The reason when the text is no value; `into` is unchanged then.
  std::string (*take)(const std::string& text, Settings& into) = nullptr;
  std::string (*show)(const Settings& from) = nullptr;
  bool (*same)(const Settings& a, const Settings& b) = nullptr;
};

namespace detail {
template <class Settings, class T>
Settings owner_of(T Settings::*);
} // namespace detail

/// The settings that a member belongs to.
template <auto Member>
using owner_of = decltype(detail::owner_of(Member));

/// `Parse` answers a `parsed` of the member's type, `Show` the text that `Parse` takes.
template <auto Member, auto Parse, auto Show>
constexpr setting_form<owner_of<Member>> form_of() {
  using settings_of = owner_of<Member>;
  return {.take =
              [](const std::string& text, settings_of& into) {
                auto read = Parse(text);
                if (read.value) into.*Member = *read.value;
                return read.reason;
              },
          .show = [](const settings_of& from) { return std::string{Show(from.*Member)}; },
          .same = [](const settings_of& a, const settings_of& b) { return a.*Member == b.*Member; }};
}

/// One of a few words, in any case. The first word of a value is the one that is listed.
template <class T>
struct word {
  const char* text;
  T value;
};

/// `Words` is an array of `word`, at namespace scope.
template <auto Member, const auto& Words>
constexpr setting_form<owner_of<Member>> words_of() {
  using settings_of = owner_of<Member>;
  return {.take =
              [](const std::string& text, settings_of& into) {
                std::string names;
                for (const auto& x : Words) {
                  if (lowered(text) == x.text) {
                    into.*Member = x.value;
                    return std::string{};
                  }
                  names += (names.empty() ? "" : ", ") + std::string{x.text};
                }
                return "is none of " + names;
              },
          .show =
              [](const settings_of& from) {
                for (const auto& x : Words)
                  if (from.*Member == x.value) return std::string{x.text};
                return std::string{};
              },
          .same = [](const settings_of& a, const settings_of& b) { return a.*Member == b.*Member; }};
}

} // namespace relay::config
