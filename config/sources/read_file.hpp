// Files that settings come from or name, and how a person is told that one cannot be read.
#pragma once

#include "relay_gateway/config/resolve.hpp"

namespace relay::config {

/// Asks `from.reader`. Never throws: an embedder's reader that does cannot read the file.
file_content read_file(const sources& from, const std::string& path);

/// `what`, and after a colon why the file cannot be read where that is known.
std::string with_reason(std::string what, const file_content& found);

/// The reason of a problem: the setting `names a file that cannot be read: No such file or directory`.
std::string unreadable_file(const file_content& found);

} // namespace relay::config
