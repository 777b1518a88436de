// The config file as a tree with line marks. Only what is asked for is looked at, so that aliases which
// expand without end cost nothing. No method throws. Not thread-safe (yaml-cpp shares nodes): one tree
// belongs to one resolve().
#pragma once

#include <yaml-cpp/yaml.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace relay::config {

class yaml_node {
public:
  enum class kind : std::uint8_t { absent, null, scalar, list, map };

  yaml_node() = default;
  explicit yaml_node(YAML::Node node) : node_(std::move(node)) {}

  kind what() const;
  bool is(kind x) const { return what() == x; }
  /// The text of a scalar as it stands in the file, whatever its type; empty for all else.
  std::string text() const;
  /// Counted from 1.
  int line() const;
  /// Member of a map, `absent` when there is none. The last one of a name counts, as it does for the agent
  /// that shares the file; merge keys (`<<`) are followed.
  yaml_node find(std::string_view key) const;
  /// find() along a dotted path.
  yaml_node at(std::string_view path) const;
  /// Items of a list.
  std::vector<yaml_node> items() const;
  /// Members of a map with their keys, as they stand; keys that are no scalars are left out.
  std::vector<std::pair<yaml_node, yaml_node>> members() const;

private:
  yaml_node find_within(std::string_view key, int& budget) const;
  std::optional<YAML::Node> node_;
};

struct yaml_document {
  yaml_node root;    ///< `absent` when there is a fault
  std::string fault; ///< why it cannot be read; without any text of the file
  int fault_line = 1;
  bool more_documents = false; ///< only the first one is used
};

/// Reads at most 1 MiB of UTF-8 text, the first document. Never throws.
yaml_document parse_yaml(const std::string& text);

} // namespace relay::config
