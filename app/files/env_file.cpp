#include "relay_gateway/app/files/env_file.hpp"

#include "relay_gateway/config/sources/dotenv.hpp"
#include "relay_gateway/config/values/text.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <sys/stat.h>
#include <unistd.h>

namespace relay {

namespace {

bool is_plain(const std::string& value) {
  constexpr std::string_view more = "_-./:@+,%=~";
  return !value.empty() && std::all_of(value.begin(), value.end(), [&](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           more.find(c) != std::string_view::npos;
  });
}

std::string line_of(const std::string& name, const std::string& value) {
  if (is_plain(value)) return name + "=" + value + "\n";
  auto result = name + "=\"";
  for (char c : value) {
    if (c == '"' || c == '\\' || c == '$') result += '\\';
    result += c;
  }
  return result + "\"\n";
}

/// Whether this line alone sets one of the variables.
bool sets_one_of(std::string_view line, const variables& values) {
  auto found = config::parse_dotenv(line);
  if (!found.bad_lines.empty() || found.values.size() != 1) return false;
  return std::any_of(values.begin(), values.end(),
                     [&](const auto& x) { return x.first == found.values.begin()->first; });
}

std::string without(std::string_view text, const variables& values) {
  std::string result;
  while (!text.empty()) {
    auto end = std::min(text.find('\n'), text.size() - 1) + 1;
    auto line = text.substr(0, end);
    if (!sets_one_of(line, values)) result += line;
    text.remove_prefix(end);
  }
  if (!result.empty() && result.back() != '\n') result += '\n';
  return result;
}

/// Whether all other variables read as before, and these as they should.
bool harmless(std::string_view before, std::string_view after, const variables& values) {
  auto old = config::parse_dotenv(before).values, now = config::parse_dotenv(after).values;
  for (const auto& [name, value] : values) {
    auto it = now.find(name);
    if (it == now.end() || it->second.text != value.reveal()) return false;
    old.erase(name);
    now.erase(name);
  }
  return std::equal(old.begin(), old.end(), now.begin(), now.end(), [](const auto& a, const auto& b) {
    return a.first == b.first && a.second.text == b.second.text;
  });
}

std::string why_not(const std::string& what, const std::string& path) {
  return what + " " + path + ": " + std::strerror(errno);
}

} // namespace

secret with_variables(std::string_view text, const variables& values, std::string& error) {
  std::string added;
  for (const auto& [name, value] : values) {
    if (!config::line_fault(value.reveal()).empty()) {
      error = "the value for " + name + " is no single line of text";
      return {};
    }
    added += line_of(name, value.reveal());
  }
  auto result = without(text, values) + added;
  if (harmless(text, result, values)) return secret{std::move(result)};
  // A value over several lines contains what looks like one of these variables. Then nothing is removed: the
  // last line of a name counts.
  result = std::string{text} + (text.empty() || text.back() == '\n' ? "" : "\n") + added;
  if (harmless(text, result, values)) return secret{std::move(result)};
  error = "the file has a quote that does not end; repair it first";
  return {};
}

next_version::next_version(std::string path, std::string other, int descriptor)
    : path_(std::move(path)), other_(std::move(other)), descriptor_(descriptor) {}

std::unique_ptr<next_version> next_version::of(const std::string& path, std::string& error) {
  auto folder = std::filesystem::path{path}.parent_path();
  if (std::error_code failed; !folder.empty() && !std::filesystem::exists(folder, failed)) {
    std::filesystem::create_directories(folder, failed);
    if (failed) {
      error = "cannot make the folder " + folder.string() + ": " + failed.message();
      return nullptr;
    }
    ::chmod(folder.c_str(), 0700);
  }
  auto other = path + ".XXXXXX";
  auto descriptor = ::mkostemp(other.data(), O_CLOEXEC); // mode 0600
  if (descriptor < 0) {
    error = why_not("cannot write beside", path);
    return nullptr;
  }
  return std::unique_ptr<next_version>{new next_version(path, other, descriptor)};
}

next_version::~next_version() {
  if (descriptor_ >= 0) ::close(descriptor_);
  if (!other_.empty()) ::unlink(other_.c_str());
}

bool next_version::commit(const secret& text, std::string& error) {
  std::string_view rest = text.reveal();
  while (!rest.empty()) {
    auto n = ::write(descriptor_, rest.data(), rest.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) {
      error = why_not("cannot write", other_);
      return false;
    }
    rest.remove_prefix(static_cast<std::size_t>(n));
  }
  if (::fsync(descriptor_) != 0 || ::rename(other_.c_str(), path_.c_str()) != 0) {
    error = why_not("cannot put in place", path_);
    return false;
  }
  other_.clear();
  // The new name is on the disk only when the folder is.
  auto folder = std::filesystem::path{path_}.parent_path();
  if (auto fd = ::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC); fd >= 0) {
    ::fsync(fd);
    ::close(fd);
  }
  return true;
}

} // namespace relay
