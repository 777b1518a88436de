#include "relay_gateway/app/fleet/gateway_files.hpp"

#include "relay_gateway/messages/fnv.hpp"

#include <algorithm>
#include <utility>

namespace relay::fleet {

namespace {

bool is_alphanumeric(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/// The file's name without `.yaml` or `.yml`; empty for any other file.
std::string stem_of(std::string_view file) {
  for (std::string_view suffix : {".yaml", ".yml"})
    if (file.size() > suffix.size() && file.substr(file.size() - suffix.size()) == suffix)
      return std::string{file.substr(0, file.size() - suffix.size())};
  return {};
}

} // namespace

bool is_gateway_name(std::string_view x) noexcept {
  return !x.empty() && x.size() <= longest_name && is_alphanumeric(x.front()) &&
         std::all_of(x.begin(), x.end(),
                     [](char c) { return is_alphanumeric(c) || c == '-' || c == '_' || c == '.'; });
}

gateway_files sorted_files(std::vector<std::string> names) {
  std::sort(names.begin(), names.end()); // `.yaml` comes before `.yml`
  gateway_files out;
  for (auto& file : names) {
    auto name = stem_of(file);
    if (name.empty() || file.front() == '.') continue;
    if (name == "other") {
      out.refused.push_back({file, "metrics of further gateways have that name; rename the file"});
      continue;
    }
    if (!is_gateway_name(name)) {
      out.refused.push_back({file, "a gateway's name has at most 63 letters, digits, - _ . and begins with a "
                                   "letter or a digit; rename the file"});
      continue;
    }
    if (auto taken = out.names.find(name); taken != out.names.end()) {
      out.refused.push_back({file, taken->second + " has that name already; remove one of them"});
      continue;
    }
    out.names.emplace(std::move(name), file);
  }
  return out;
}

std::uint64_t file_digest(std::string_view file, std::string_view text) noexcept {
  return fnv1a(text, fnv1a(file));
}

} // namespace relay::fleet
