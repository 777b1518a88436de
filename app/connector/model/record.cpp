#include "relay_gateway/app/connector/model/record.hpp"

#include "relay_gateway/app/connector/json.hpp"

#include <algorithm>
#include <charconv>

namespace relay::connector {

namespace {

/// Walks a dotted path; null when a step leads nowhere.
const json::value* walk(const json::value& root, std::string_view path) {
  const auto* here = &root;
  while (here && !path.empty()) {
    auto dot = path.find('.');
    auto step = path.substr(0, dot);
    path = dot == std::string_view::npos ? std::string_view{} : path.substr(dot + 1);
    if (here->IsArray()) {
      unsigned i = 0;
      auto [end, bad] = std::from_chars(step.data(), step.data() + step.size(), i);
      bool found = bad == std::errc{} && end == step.data() + step.size() && i < here->Size();
      here = found ? &(*here)[i] : nullptr;
    } else {
      here = json::member(*here, step);
    }
  }
  return here;
}

} // namespace

std::string record::at(std::string_view path) const {
  json::document doc;
  if (!json::parse(json, doc)) return {};
  const auto* found = walk(doc, path);
  if (!found) return {};
  return found->IsString() ? std::string{found->GetString(), found->GetStringLength()} : json::write(*found);
}

bool record::has(std::string_view path) const {
  json::document doc;
  return json::parse(json, doc) && walk(doc, path);
}

record_filter of_kind(std::string kind) {
  return [kind = std::move(kind)](const record& x) { return x.kind == kind; };
}

record_filter of_kind(std::string kind, std::string path, std::string value) {
  return [kind = std::move(kind), path = std::move(path), value = std::move(value)](const record& x) {
    return x.kind == kind && x.at(path) == value;
  };
}

record_filter both(record_filter a, record_filter b) {
  return [a = std::move(a), b = std::move(b)](const record& x) { return a(x) && b(x); };
}

std::uint64_t journal::append(std::int64_t time_ms, std::string_view kind, std::string_view gateway_id,
                              std::string_view platform, std::string_view fields) {
  record x{0, time_ms, std::string{kind}, std::string{gateway_id}, std::string{platform}, {}};
  std::uint64_t index = 0;
  {
    std::lock_guard hold{lock_};
    x.index = index = ++last_;
    json::fields head;
    head.add("index", x.index).add("time", time_ms).add("kind", kind);
    head.add("gateway_id", gateway_id).add("platform", platform);
    x.json = "{" + head.inside();
    if (!fields.empty()) x.json.append(",").append(fields);
    x.json += "}";
    kept_.push_back(std::move(x));
    if (kept_.size() > max_) kept_.pop_front();
  }
  grown_.notify_all();
  if (then_) then_();
  return index;
}

std::uint64_t journal::last() const {
  std::lock_guard hold{lock_};
  return last_;
}

namespace {

/// First record after `since`: the indexes are gapless, so it is found by counting.
auto first_after(const std::deque<record>& kept, std::uint64_t since) {
  if (kept.empty() || since < kept.front().index) return kept.begin();
  auto skip = std::min<std::uint64_t>(since - kept.front().index + 1, kept.size());
  return kept.begin() + static_cast<std::ptrdiff_t>(skip);
}

} // namespace

std::vector<record> journal::read(std::uint64_t since, const record_filter& which, std::size_t limit) const {
  std::lock_guard hold{lock_};
  std::vector<record> out;
  for (auto it = first_after(kept_, since); it != kept_.end() && out.size() < limit; ++it)
    if (!which || which(*it)) out.push_back(*it);
  return out;
}

std::optional<record> journal::wait_for(const record_filter& which, std::chrono::milliseconds limit,
                                        std::uint64_t since) const {
  auto deadline = std::chrono::steady_clock::now() + limit;
  std::unique_lock hold{lock_};
  for (;;) {
    for (auto it = first_after(kept_, since); it != kept_.end(); ++it)
      if (!which || which(*it)) return *it;
    since = std::max(since, last_); // what did not match once never will
    if (!grown_.wait_until(hold, deadline, [&] { return last_ > since; })) return std::nullopt;
  }
}

bool journal::wait_count(const record_filter& which, std::size_t n, std::chrono::milliseconds limit,
                         std::uint64_t since) const {
  auto deadline = std::chrono::steady_clock::now() + limit;
  std::size_t seen = 0;
  std::unique_lock hold{lock_};
  for (;;) {
    for (auto it = first_after(kept_, since); it != kept_.end(); ++it)
      if (!which || which(*it)) ++seen;
    if (seen >= n) return true;
    since = std::max(since, last_);
    if (!grown_.wait_until(hold, deadline, [&] { return last_ > since; })) return false;
  }
}

} // namespace relay::connector
