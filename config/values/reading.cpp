#include "relay_gateway/config/values/reading.hpp"

#include "relay_gateway/config/sources/file_locations.hpp"
#include "relay_gateway/config/sources/read_file.hpp"
#include "relay_gateway/config/values/scalars.hpp"
#include "relay_gateway/config/values/text.hpp"

#include <algorithm>

namespace relay::config {

std::string reading::kept(const std::string& fallback) {
  return fallback.empty() ? "treated as unset" : fallback + " is used";
}

given reading::content_of(given file) {
  guard_file(file.text);
  auto content = this->file(file.text);
  file.what = given::kind::bad;
  if (!content.text) {
    file.reason = unreadable_file(content);
    return file;
  }
  secret whole{std::move(*content.text)}; // wiped when it goes
  file.text = trimmed(whole.reveal());
  if (file.text.empty())
    file.reason = "names a file that is empty";
  else
    file.what = given::kind::text;
  return file;
}

given reading::any(const entry& x) {
  auto result = layers_.find(x);
  if (!result.remark.empty()) wrong(x.key, result.where, result.remark, "the value is used");
  return result;
}

given reading::one_line(const entry& x) {
  auto result = any(x);
  if (result.what == given::kind::file) result = content_of(std::move(result));
  if (result.what == given::kind::node) result.reason = "is a list or a map, not a single value";
  if (result.what == given::kind::text) result.reason = line_fault(result.text);
  if (!result.reason.empty()) result.what = given::kind::bad;
  return result;
}

file_content reading::file(const std::string& path) const { return read_file(from_, path); }

std::string reading::text(const entry& x, const std::string& fallback) {
  return value(
      x, fallback, [](const std::string& given) { return parsed<std::string>::good(given); },
      [](const std::string& used) { return used; });
}

std::string reading::path(const entry& x) {
  return value(
      x, std::string{},
      [this](const std::string& given) { return parsed<std::string>::good(expanded(from_, given)); },
      [](const std::string& used) { return used; });
}

std::string reading::url(const entry& x, const url_rule& rule) {
  return value(
      x, std::string{}, [&](const std::string& given) { return parse_url_setting(given, rule); },
      [](const std::string& used) { return shown_url(used); });
}

bool reading::boolean(const entry& x, bool fallback, bool when_bad) {
  return value(
      x, fallback, when_bad, [](const std::string& given) { return parse_boolean(given); },
      [](bool used) { return std::string{used ? "true" : "false"}; });
}

void reading::guard_file(const std::string& path) {
  if (from_.readable_by_others && from_.readable_by_others(path))
    warn(path, path, "holds a secret and may be read by every user",
         "used all the same; chmod o-r protects it");
}

void reading::guard_secret(const given& from) {
  if (from.what == given::kind::text)
    if (auto path = layers_.file_of(from); !path.empty()) guard_file(path);
}

secret reading::hidden(const entry& x) {
  guard_secret(layers_.find(x));
  return value(
      x, secret{}, [](const std::string& given) { return parsed<secret>::good(secret{given}); },
      [](const secret& used) { return to_string(used); });
}

secret_source reading::hidden_or_file(const entry& x) {
  auto from = layers_.find(x);
  if (from.what != given::kind::file) return {hidden(x), {}};
  auto now = content_of(from);
  if (!now.reason.empty()) wrong(x.key, from.where, now.reason, "it is tried again at each use");
  row(x.key, "***", from.source);
  return {secret{}, from.text};
}

std::vector<std::string> reading::items(const std::string& key, const given& from) {
  std::vector<std::string> result;
  auto take = [&](std::string item, const std::string& where) {
    if (auto fault = line_fault(item); !fault.empty())
      wrong(key, where, "has an item that " + fault, "left out");
    else
      result.push_back(std::move(item));
  };
  if (from.what == given::kind::text)
    for (auto& item : split_list(from.text)) take(std::move(item), from.where);
  if (from.what == given::kind::bad) wrong(key, from.where, from.reason, "treated as empty");
  if (from.what != given::kind::node) return result;
  if (!from.node.is(yaml_node::kind::list))
    wrong(key, from.where, "is a map, not a list", "treated as empty");
  for (const auto& node : from.node.items()) {
    auto item = layers_.from_node(node);
    if (item.what == given::kind::text) take(std::move(item.text), item.where);
    if (item.what == given::kind::node)
      wrong(key, item.where, "has an item that is a list or a map", "left out");
    if (item.what == given::kind::bad) wrong(key, item.where, "has an item that " + item.reason, "left out");
  }
  return result;
}

std::vector<std::string> reading::list(const entry& x) {
  auto from = any(x);
  auto result = items(x.key, from);
  row(x.key, joined(result), result.empty() ? "default" : from.source);
  return result;
}

void reading::row(std::string key, std::string value, std::string source) {
  // Several platforms may share one value at the top of the file.
  auto same = [&](const effective& e) { return e.key == key && e.value == value && e.source == source; };
  if (std::any_of(into_.listing.begin(), into_.listing.end(), same)) return;
  into_.listing.push_back({std::move(key), std::move(value), std::move(source)});
}

void reading::revert(const entry& x, std::string value) {
  auto it = std::find_if(into_.listing.begin(), into_.listing.end(),
                         [&](const effective& e) { return e.key == x.key; });
  if (it != into_.listing.end()) *it = {x.key, std::move(value), "default"};
}

void reading::wrong(std::string key, std::string where, std::string reason, std::string applied, bool fatal) {
  auto known = [&](const problem& p) { return p.key == key && p.where == where && p.reason == reason; };
  if (std::any_of(into_.problems.begin(), into_.problems.end(), known)) return;
  if (full() && !fatal) return;
  into_.problems.push_back({std::move(key), std::move(where), std::move(reason), std::move(applied), fatal});
  if (into_.problems.size() == most_problems)
    into_.problems.push_back({"more", "more", "problems are there than are told", "mend these first", false});
}

void reading::warn(std::string key, std::string where, std::string reason, std::string applied) {
  const auto before = into_.problems.size();
  wrong(std::move(key), std::move(where), std::move(reason), std::move(applied));
  if (into_.problems.size() > before) into_.problems[before].warning = true;
}

bool reading::full() const { return into_.problems.size() > most_problems; }

std::string reading::where(const entry& x) const {
  auto found = layers_.find(x).where;
  return found.empty() ? x.key : found;
}

} // namespace relay::config
