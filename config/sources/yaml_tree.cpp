#include "relay_gateway/config/sources/yaml_tree.hpp"

#include <yaml-cpp/depthguard.h>
#include <yaml-cpp/eventhandler.h>

#include <sstream>

namespace relay::config {

namespace {

constexpr std::size_t largest_file = 1U << 20;
constexpr int merge_budget = 64; // nodes looked at through `<<`; a hostile file may nest them without end

/// Where a document begins; its content is of no interest.
struct document_start : YAML::EventHandler {
  YAML::Mark mark;
  void OnDocumentStart(const YAML::Mark& at) override { mark = at; }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark&, YAML::anchor_t) override {}
  void OnAlias(const YAML::Mark&, YAML::anchor_t) override {}
  void OnScalar(const YAML::Mark&, const std::string&, YAML::anchor_t, const std::string&) override {}
  void OnSequenceStart(const YAML::Mark&, const std::string&, YAML::anchor_t,
                       YAML::EmitterStyle::value) override {}
  void OnSequenceEnd() override {}
  void OnMapStart(const YAML::Mark&, const std::string&, YAML::anchor_t, YAML::EmitterStyle::value) override {
  }
  void OnMapEnd() override {}
};

yaml_document faulty(int line, std::string why) {
  yaml_document result;
  result.fault = std::move(why);
  result.fault_line = line;
  return result;
}

/// Some messages end in text of the file, which may be a secret (`key: *abc` is taken for an alias).
std::string without_content(const std::string& message) {
  std::string_view alias = YAML::ErrorMsg::UNKNOWN_ANCHOR;
  if (message.compare(0, alias.size(), alias) == 0)
    return "an alias (*...) without its anchor; a text that starts with * needs quotes";
  return message.substr(0, message.find_first_of(":\"'"));
}

} // namespace

yaml_node::kind yaml_node::what() const {
  if (!node_ || !node_->IsDefined()) return kind::absent;
  switch (node_->Type()) {
  case YAML::NodeType::Scalar: return kind::scalar;
  case YAML::NodeType::Sequence: return kind::list;
  case YAML::NodeType::Map: return kind::map;
  default: return kind::null;
  }
}

std::string yaml_node::text() const { return is(kind::scalar) ? node_->Scalar() : std::string{}; }

int yaml_node::line() const {
  return is(kind::absent) || node_->Mark().is_null() ? 1 : node_->Mark().line + 1;
}

yaml_node yaml_node::find(std::string_view key) const {
  int budget = merge_budget;
  return find_within(key, budget);
}

yaml_node yaml_node::find_within(std::string_view key, int& budget) const {
  yaml_node found, merge;
  if (--budget < 0 || !is(kind::map)) return found;
  for (const auto& member : *node_) {
    if (!member.first.IsScalar()) continue;
    if (member.first.Scalar() == key) found = yaml_node{member.second};
    if (member.first.Scalar() == "<<") merge = yaml_node{member.second};
  }
  if (!found.is(kind::absent) || merge.is(kind::absent)) return found;
  if (merge.is(kind::map)) return merge.find_within(key, budget);
  for (const auto& item : merge.items()) {
    if (budget <= 0) break;
    found = item.find_within(key, budget);
    if (!found.is(kind::absent)) break;
  }
  return found;
}

yaml_node yaml_node::at(std::string_view path) const {
  auto dot = path.find('.');
  auto child = find(path.substr(0, dot));
  return dot == std::string_view::npos ? child : child.at(path.substr(dot + 1));
}

std::vector<yaml_node> yaml_node::items() const {
  std::vector<yaml_node> result;
  if (!is(kind::list)) return result;
  for (const auto& item : *node_) result.emplace_back(item);
  return result;
}

std::vector<std::pair<yaml_node, yaml_node>> yaml_node::members() const {
  std::vector<std::pair<yaml_node, yaml_node>> result;
  if (!is(kind::map)) return result;
  for (const auto& member : *node_)
    if (member.first.IsScalar()) result.emplace_back(yaml_node{member.first}, yaml_node{member.second});
  return result;
}

yaml_document parse_yaml(const std::string& text) {
  if (text.size() > largest_file) return faulty(1, "larger than 1 MiB");
  if (text.find('\0') != std::string::npos) return faulty(1, "not a text file");
  try {
    yaml_document result;
    // Not LoadAll(): behind a stray `,` or `]` yaml-cpp 0.7 finds empty documents without end.
    std::istringstream stream{text};
    YAML::Parser parser{stream};
    document_start first, second;
    if (!parser.HandleNextDocument(first)) return result;
    result.more_documents = parser.HandleNextDocument(second);
    if (result.more_documents && second.mark.pos == first.mark.pos)
      return faulty(first.mark.line + 1, "not YAML");
    result.root = yaml_node{YAML::Load(text)};
    return result;
  } catch (const YAML::DeepRecursion& x) {
    return faulty(x.mark.line + 1, "nested too deeply");
  } catch (const YAML::Exception& x) {
    return faulty(x.mark.is_null() ? 1 : x.mark.line + 1, "not YAML: " + without_content(x.msg));
  } catch (const std::exception&) {
    return faulty(1, "not YAML");
  }
}

} // namespace relay::config
