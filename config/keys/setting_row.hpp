// Settings with the member that each one goes to: names, kind and member stand side by side, and reading,
// checking and comparing go by these rows.
#pragma once

#include "relay_gateway/config/keys/entry.hpp"
#include "relay_gateway/config/keys/setting_form.hpp"
#include "relay_gateway/config/settings.hpp"
#include "relay_gateway/config/values/addresses/urls.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace relay::config {

/// Exactly one of the members, or `form`, is set. What is not given stays as `Settings` has it by default.
template <class Settings>
struct setting_row {
  const entry* key;
  std::chrono::milliseconds Settings::*duration = nullptr; ///< positive
  std::uint64_t Settings::*size = nullptr;                 ///< in bytes
  std::uint64_t Settings::*count = nullptr;                ///< from 1 on
  bool Settings::*flag = nullptr;
  std::string Settings::*text = nullptr; ///< one line
  std::string Settings::*url = nullptr;  ///< by `rule`
  const url_rule* rule = nullptr;
  std::vector<std::string> Settings::*list = nullptr;
  secret Settings::*hidden = nullptr;
  secret_source Settings::*hidden_or_file = nullptr;
  setting_form<Settings> form{};
};

template <class Settings>
constexpr setting_row<Settings> duration_row(const entry& key, std::chrono::milliseconds Settings::*to) {
  return {.key = &key, .duration = to};
}
template <class Settings>
constexpr setting_row<Settings> size_row(const entry& key, std::uint64_t Settings::*to) {
  return {.key = &key, .size = to};
}
template <class Settings>
constexpr setting_row<Settings> count_row(const entry& key, std::uint64_t Settings::*to) {
  return {.key = &key, .count = to};
}
template <class Settings>
constexpr setting_row<Settings> flag_row(const entry& key, bool Settings::*to) {
  return {.key = &key, .flag = to};
}
template <class Settings>
constexpr setting_row<Settings> text_row(const entry& key, std::string Settings::*to) {
  return {.key = &key, .text = to};
}
template <class Settings>
constexpr setting_row<Settings> url_row(const entry& key, std::string Settings::*to, const url_rule& rule) {
  return {.key = &key, .url = to, .rule = &rule};
}
template <class Settings>
constexpr setting_row<Settings> list_row(const entry& key, std::vector<std::string> Settings::*to) {
  return {.key = &key, .list = to};
}
template <class Settings>
constexpr setting_row<Settings> hidden_row(const entry& key, secret Settings::*to) {
  return {.key = &key, .hidden = to};
}
template <class Settings>
constexpr setting_row<Settings> hidden_or_file_row(const entry& key, secret_source Settings::*to) {
  return {.key = &key, .hidden_or_file = to};
}
template <auto Member, auto Parse, auto Show>
constexpr setting_row<owner_of<Member>> form_row(const entry& key) {
  return {.key = &key, .form = form_of<Member, Parse, Show>()};
}
template <auto Member, const auto& Words>
constexpr setting_row<owner_of<Member>> words_row(const entry& key) {
  return {.key = &key, .form = words_of<Member, Words>()};
}

/// Whether two settings have the same value there.
template <class Settings>
bool same_value(const setting_row<Settings>& row, const Settings& a, const Settings& b) {
  const auto same = [&](auto member) { return member == nullptr || a.*member == b.*member; };
  return same(row.duration) && same(row.size) && same(row.count) && same(row.flag) && same(row.text) &&
         same(row.url) && same(row.list) && same(row.hidden) && same(row.hidden_or_file) &&
         (row.form.same == nullptr || row.form.same(a, b));
}

} // namespace relay::config
