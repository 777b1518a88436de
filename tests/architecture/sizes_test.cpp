// What keeps the tree readable: sizes of files, functions and folders, and a header for each source.
#include "relay_gateway/tests/architecture/tree.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <map>
#include <regex>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace relay::architecture {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t most_lines = 500, most_lines_of_a_function = 60;
/// "About twenty": a room is split when it has grown beyond, not in the middle of somebody's work.
constexpr std::size_t most_files = 22;
/// A function with so few statements in so many lines is a table.
constexpr std::size_t most_statements_of_a_table = 4;

const std::vector<std::string> everything{"messages", "config", "actors", "app", "tests", "deploy"};

struct function {
  std::size_t first = 0, last = 0; ///< lines, from 1
  std::size_t statements = 0;
  std::size_t length() const { return last - first + 1; }
};

/// C++ without what is in strings, characters and comments; lines stay lines.
std::string code_of(const std::vector<std::string>& lines) {
  std::string text;
  for (auto& x : lines) text += x + "\n";
  std::string out;
  auto skip_to = [&](std::size_t from, std::size_t to) {
    for (; from < std::min(to, text.size()); ++from)
      if (text[from] == '\n') out += '\n';
    return from;
  };
  auto end_of = [&](std::string_view what, std::size_t from) {
    auto at = text.find(what, from);
    return at == std::string::npos ? text.size() : at + what.size();
  };
  for (std::size_t i = 0; i < text.size();) {
    auto rest = std::string_view{text}.substr(i);
    const auto word_before =
        i > 0 && (std::isalnum(static_cast<unsigned char>(text[i - 1])) || text[i - 1] == '_');
    if (rest.starts_with("//")) {
      i = skip_to(i, text.find('\n', i));
    } else if (rest.starts_with("/*")) {
      i = skip_to(i, end_of("*/", i));
    } else if (rest.starts_with("R\"") && !word_before) {
      auto open = text.find('(', i);
      i = skip_to(i, end_of(")" + text.substr(i + 2, open - i - 2) + "\"", open));
    } else if (rest[0] == '"' || (rest[0] == '\'' && !word_before)) { // between digits it is a separator
      auto end = i + 1;
      while (end < text.size() && text[end] != rest[0]) end += text[end] == '\\' ? 2 : 1;
      i = skip_to(i, end + 1);
    } else {
      out += text[i++];
    }
  }
  return out;
}

/// What a brace opens, told by the text since the last statement or block.
enum class block { scope, function, initializer };
block opened_by(std::string before) {
  static const std::regex parameters{R"(template\s*<[^<>]*(<[^<>]*>[^<>]*)*>)"};
  static const std::regex scope{R"(\b(namespace|struct|class|union|enum|extern)\b)"};
  static const std::regex of_a_signature{
      R"(\b(const|noexcept|override|final|mutable|try)\s*$|->[^()]*$|\)\s*$)"};
  before = std::regex_replace(before, parameters, "");
  const auto list = before.find('(');
  if (std::regex_search(before.substr(0, list), scope)) return block::scope;
  if (list == std::string::npos || before.find('=') < list) return block::initializer;
  return std::regex_search(before, of_a_signature) ? block::function : block::initializer;
}

/// The functions at namespace or class level.
std::vector<function> functions_in(const std::string& code) {
  static const std::regex macro_call{R"(^\s*[A-Z][A-Z0-9_]*\([^{]*\)\s*$|^\s*#)"};
  std::vector<function> out;
  std::vector<block> blocks;
  function now;
  std::size_t number = 1, inside = 0; // `inside`: how deep in a function
  std::string before;
  for (auto c : code) {
    if (c == '\n') ++number;
    if (inside > 0) {
      if (c == ';') ++now.statements;
      if (c == '{') ++inside;
      if (c == '}' && --inside == 0) {
        now.last = number;
        out.push_back(now);
      }
    } else if (c == '{') {
      auto what = opened_by(before);
      if (what == block::function) {
        now = {number, number, 0};
        inside = 1;
      } else {
        blocks.push_back(what);
      }
      if (what != block::initializer) before.clear();
    } else if (c == '}') {
      if (blocks.empty()) continue;
      if (blocks.back() == block::scope)
        before.clear();
      else
        before += ')'; // a constructor's body may follow
      blocks.pop_back();
    } else if (c == ';' || (c == '\n' && std::regex_search(before, macro_call))) {
      before.clear();
    } else {
      before += c;
    }
  }
  return out;
}

/// Python's: from `def` to the last line that is indented further.
std::vector<function> python_functions_in(const std::vector<std::string>& lines) {
  static const std::regex def{R"(^\s*(async\s+)?def\s)"};
  std::vector<function> out;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (!std::regex_search(lines[i], def)) continue;
    const auto indent = lines[i].find_first_not_of(' ');
    function x{i + 1, i + 1, most_statements_of_a_table + 1};
    for (auto k = i + 1; k < lines.size(); ++k) {
      const auto first = lines[k].find_first_not_of(' ');
      if (first == std::string::npos) continue;
      if (first <= indent && lines[k][first] != ')') break;
      x.last = k + 1;
    }
    out.push_back(x);
  }
  return out;
}

TEST(sizes, NoFileIsLong) {
  for (auto& file : files_under(everything, {".cpp", ".hpp", ".py"}))
    EXPECT_LE(text_of(file).size(), most_lines) << file;
}

TEST(sizes, NoFunctionIsLongUnlessItIsATable) {
  std::size_t seen = 0;
  for (auto& file : files_under(everything, {".cpp", ".hpp", ".py"})) {
    auto lines = text_of(file);
    for (auto& x : file.ends_with(".py") ? python_functions_in(lines) : functions_in(code_of(lines))) {
      ++seen;
      if (x.statements <= most_statements_of_a_table) continue;
      EXPECT_LE(x.length(), most_lines_of_a_function) << file << ":" << x.first;
    }
  }
  EXPECT_GT(seen, 5'000U) << "the functions are found";
}

TEST(sizes, FunctionsAreMeasuredFromBraceToBrace) {
  auto found =
      functions_in(code_of({"namespace a {", "struct b {", "  int c() const { return 1; }", "};",
                            "const int d[] = {f(1), 2};", "b::b(int x) : y_{x} {", "  g(\"}\", '{'); // }",
                            "  h([](int z) {", "    return z;", "  });", "}", "}"}));
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].first, 3U);
  EXPECT_EQ(found[0].length(), 1U);
  EXPECT_EQ(found[1].last, 11U);
  EXPECT_EQ(found[1].statements, 3U);
}

TEST(sizes, NoFolderIsCrowded) {
  std::map<std::string, std::size_t> count;
  for (auto& folder : everything)
    for (auto& entry : fs::recursive_directory_iterator{root / folder}) {
      auto file = fs::relative(entry.path(), root).string();
      if (!entry.is_regular_file() || file.find("/corpus/") != std::string::npos ||
          file.find("/__pycache__/") != std::string::npos)
        continue;
      ++count[fs::path{file}.parent_path().string()];
    }
  for (auto& [folder, n] : count) EXPECT_LE(n, most_files) << folder;
}

/// `session.cpp` has `session.hpp` beside it. `session_pipes.cpp` may be a further part of what `session.hpp`
/// declares.
TEST(sizes, EverySourceHasAHeaderOfItsOwnOrIsAPartOfOne) {
  for (auto& file : files_under({"messages", "config", "actors", "app"}, {".cpp"})) {
    if (file.ends_with("/main.cpp")) continue;
    auto stem = file.substr(0, file.size() - 4);
    auto found = fs::exists(root / (stem + ".hpp"));
    const auto folder_end = stem.rfind('/');
    for (auto cut = stem.rfind('_'); !found && cut != std::string::npos && cut > folder_end;
         cut = stem.rfind('_', cut - 1))
      found = fs::exists(root / (stem.substr(0, cut) + ".hpp"));
    EXPECT_TRUE(found) << file;
  }
}

} // namespace
} // namespace relay::architecture
