// The stand-in's memory on disk: one JSON file, replaced as a whole or not at all. It holds secrets: mode
// 0600.
#pragma once

#include <string>
#include <string_view>

namespace relay::connector {

class state_file {
public:
  /// `dir` must exist; empty = there is no file, and the calls below do nothing.
  explicit state_file(const std::string& dir) : path_(dir.empty() ? dir : dir + "/connector.json") {}
  bool present() const { return !path_.empty(); }
  /// The file's text; empty when there is none yet. False and one line in `error` when it cannot be read.
  bool load(std::string& out, std::string& error) const;
  /// Written beside it, synced, renamed. False and one line in `error` on failure.
  bool save(std::string_view text, std::string& error) const;

private:
  std::string path_;
};

} // namespace relay::connector
