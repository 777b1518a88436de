// Files that may be anything, on file systems that may hang: a pipe, a device or a dead mount holds nobody
// up.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>

namespace relay::net {

struct file_text {
  std::optional<std::string> text; ///< unset: it cannot be read
  std::string why;                 ///< then in a few words, without the path
};

/// At most this many bytes of a regular file. Read by a thread of its own, which is left alone after `limit`;
/// `ended` (may be null) is called when that thread is done, however late.
file_text read_regular_file(const std::string& path, std::size_t bytes, std::chrono::milliseconds limit,
                            const std::function<void()>& ended = {});

} // namespace relay::net
