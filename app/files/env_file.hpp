// Writes variables into a `.env` file (config/sources/dotenv.hpp reads it).
#pragma once

#include "relay_gateway/messages/secret.hpp"

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace relay {

using variables = std::vector<std::pair<std::string, secret>>;

/// The text with these variables set and everything else, comments included, as it was. Empty, with one line
/// in `error`, for a value that does not fit on a line, or a text that cannot be edited without harm. Pure.
secret with_variables(std::string_view text, const variables& values, std::string& error);

/// A file's next version, under another name until commit(): whoever reads the file sees the old one or the
/// new one, never a part. It is made at once, so that a folder that cannot be written shows before anything
/// is at stake.
class next_version {
public:
  /// For `path`; missing folders above are made (mode 0700). Null and one line in `error` on failure.
  static std::unique_ptr<next_version> of(const std::string& path, std::string& error);
  next_version(const next_version&) = delete;
  next_version& operator=(const next_version&) = delete;
  ~next_version(); ///< without commit(): as if nothing had been
  /// Puts it in place, readable by its owner only, and onto the disk. False with one line in `error` on
  /// failure.
  bool commit(const secret& text, std::string& error);

private:
  next_version(std::string path, std::string other, int descriptor);
  std::string path_, other_;
  int descriptor_;
};

} // namespace relay
