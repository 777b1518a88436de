// The `.env` file beside the config file. Thread-safe, never throws.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace relay::config {

struct dotenv_value {
  std::string text;
  int line = 0; ///< counted from 1
};

struct dotenv {
  std::map<std::string, dotenv_value> values; ///< the last one of a name counts
  std::vector<int> bad_lines;                 ///< neither empty, comment nor NAME=value
};

/// `NAME=value` and `export NAME=value`; `#` starts a comment at the front of a line and after white space;
/// in single quotes a value is taken as it is, in double quotes \n \r \t \" \\ \$ are read; both may span
/// lines. No
/// `${NAME}` is replaced here.
dotenv parse_dotenv(std::string_view text);

} // namespace relay::config
