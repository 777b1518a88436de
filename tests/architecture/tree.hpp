// The source tree as the architecture tests read it.
#pragma once

#include <filesystem>
#include <fstream>
#include <set>
#include <string>
#include <vector>

namespace relay::architecture {

inline const std::filesystem::path root{RELAY_SOURCE_DIR};

struct line {
  std::string file; ///< relative to the root
  std::size_t number;
  std::string text;
};

inline std::string at(const line& x) { return x.file + ":" + std::to_string(x.number) + ": " + x.text; }

/// Relative names of the files below these folders whose extension is one of these.
inline std::vector<std::string> files_under(const std::vector<std::string>& folders,
                                            const std::set<std::string>& extensions) {
  std::vector<std::string> out;
  for (auto& folder : folders)
    for (auto& entry : std::filesystem::recursive_directory_iterator{root / folder})
      if (entry.is_regular_file() && extensions.count(entry.path().extension().string()) > 0)
        out.push_back(std::filesystem::relative(entry.path(), root).string());
  return out;
}

inline std::vector<std::string> text_of(const std::string& file) {
  std::vector<std::string> out;
  std::ifstream in{root / file};
  for (std::string text; std::getline(in, text);) out.push_back(std::move(text));
  return out;
}

} // namespace relay::architecture
