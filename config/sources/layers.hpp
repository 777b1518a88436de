// Order of precedence: command line > process environment > `.env` > config file. The highest layer that
// gives a value decides; when that value is bad, no lower one takes its place.
#pragma once

#include "relay_gateway/config/catalogue.hpp"
#include "relay_gateway/config/resolve.hpp"
#include "relay_gateway/config/sources/dotenv.hpp"
#include "relay_gateway/config/sources/yaml_tree.hpp"

namespace relay::config {

/// What was given for one setting.
struct given {
  enum class kind : std::uint8_t {
    nothing, ///< unset in every layer
    text,    ///< one value: trimmed, not empty
    node,    ///< a list or a map of the config file
    file,    ///< `text` is the path of a file that holds the value
    bad      ///< `reason` says why it cannot be read
  };
  kind what = kind::nothing;
  std::string text;
  yaml_node node;
  std::string source; ///< for the listing: "environment GATEWAY_X"
  std::string where;  ///< for a problem: "GATEWAY_X"
  std::string reason;
  std::string remark; ///< a second problem that does not touch the value; may be empty
};

/// Not thread-safe; keeps a reference to `from`.
class layers {
public:
  enum class order : std::uint8_t {
    variables_first, ///< flags and variables count more than the config file
    file_first
  };

  layers(const sources& from, order which, dotenv env_file, std::string env_path, yaml_node root,
         std::string config_path);

  /// The value of a setting from the highest layer that has one.
  given find(const entry& x) const;
  /// A value of the config file: trimmed, `${NAME}` replaced, null and empty as nothing.
  given from_node(const yaml_node& node) const;
  /// A variable: the process environment, else `.env`; empty counts as unset.
  given variable(const std::string& name) const;
  /// The file that this value stands in; empty when it came from elsewhere.
  std::string file_of(const given& x) const;
  const dotenv& env_file() const { return env_file_; }
  const std::string& env_path() const { return env_path_; }
  /// The config file's tree.
  const yaml_node& root() const { return root_; }
  /// `file:line` in the config file.
  std::string mark(int line) const { return config_path_ + ":" + std::to_string(line); }

private:
  given from_environment(const std::string& name) const;
  given from_env_file(const std::string& name) const;
  given from_file(const entry& x) const;
  template <class Layer>
  given from_variables(const entry& x, Layer layer) const;

  const sources& from_;
  order order_;
  dotenv env_file_;
  std::string env_path_;
  yaml_node root_;
  std::string config_path_;
};

} // namespace relay::config
