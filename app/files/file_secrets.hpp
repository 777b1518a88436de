// Secrets that came from files: which files these are, and what a changed one means for running settings.
#pragma once

#include "relay_gateway/config/resolve.hpp"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace relay {

/// Resolves settings and remembers which files were read for them, but for the config file and its `.env`:
/// secrets, tokens, certificates. Thread-safe.
class watching_resolver {
public:
  using resolve_function = config::resolution (*)(const config::sources&);

  explicit watching_resolver(std::function<config::sources()> from, resolve_function how = config::resolve);
  config::resolution resolve() const;
  /// Of the newest resolution.
  std::vector<std::string> files() const;

private:
  struct impl;
  std::shared_ptr<impl> impl_;
};

/// `running` with those secrets of `next` that were read from a file, and nothing else of it: whoever renews
/// a secret does not want a half-edited configuration to come with it.
config::settings with_file_secrets(const config::settings& running, const config::resolution& next);

} // namespace relay
