#include "relay_gateway/app/child/stderr_lines.hpp"

#include "relay_gateway/messages/secret_text.hpp"

#include <algorithm>
#include <utility>

namespace relay::child {

stderr_lines::stderr_lines(std::shared_ptr<log_port> log, std::vector<secret> hidden, instant now)
    : log_(std::move(log)), hidden_(std::move(hidden)), seen_(now) {}

void stderr_lines::feed(std::string_view piece, instant now) {
  while (!piece.empty()) {
    auto end = piece.find('\n');
    auto part = piece.substr(0, end);
    partial_ += part.substr(0, longest - std::min(longest, partial_.size()));
    if (end == std::string_view::npos) return;
    line(now);
    piece.remove_prefix(end + 1);
  }
}

void stderr_lines::finish(instant now) {
  if (!partial_.empty()) line(now);
  if (dropped_ > 0)
    log_->write(severity::warn, "agent.stderr_dropped", {{"lines", std::exchange(dropped_, 0)}});
}

void stderr_lines::line(instant now) {
  auto text = std::exchange(partial_, {});
  if (text.find_first_not_of(" \t\r") == std::string::npos || !log_->wants(severity::info)) return;
  allowance_ = std::min(burst, allowance_ + rate * std::chrono::duration<double>(now - seen_).count());
  seen_ = now;
  if (allowance_ < 1) {
    ++dropped_;
    return;
  }
  if (dropped_ > 0)
    log_->write(severity::warn, "agent.stderr_dropped", {{"lines", std::exchange(dropped_, 0)}});
  --allowance_;
  text = without_secrets(std::move(text));
  if (text.size() > shown) text = text.substr(0, shown) + "...";
  log_->write(severity::info, "agent.stderr", {{"line", std::move(text)}});
}

std::string stderr_lines::without_secrets(std::string text) const {
  for (const auto& x : hidden_) text = without(std::move(text), x);
  return text;
}

} // namespace relay::child
