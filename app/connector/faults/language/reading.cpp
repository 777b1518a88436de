#include "relay_gateway/app/connector/faults/language/reading.hpp"

#include "relay_gateway/config/values/nearest.hpp"

#include <algorithm>

namespace relay::connector::faults {

namespace {

std::string_view text_of(const json::value& x) { return {x.GetString(), x.GetStringLength()}; }

std::string between(std::int64_t low, std::int64_t high) {
  return std::to_string(low) + " to " + std::to_string(high);
}

} // namespace

std::string step_into(const std::string& pointer, std::string_view key) {
  auto out = pointer + "/";
  for (auto c : key) {
    if (c == '~')
      out += "~0";
    else if (c == '/')
      out += "~1";
    else
      out += c;
  }
  return out;
}

std::string suggestion(std::string_view word, const std::vector<std::string>& known) {
  auto near = config::nearest(word, known);
  if (!near.key.empty() && near.distance <= std::max<std::size_t>(2, word.size() / 3))
    return "did you mean '" + near.key + "'?";
  auto sorted = known;
  std::sort(sorted.begin(), sorted.end());
  std::string out = "known:";
  for (const auto& x : sorted) out += " " + x;
  return out;
}

object_reader::object_reader(const json::value& from, std::string pointer, problems& told)
    : pointer_(std::move(pointer)), told_(told) {
  if (from.IsObject())
    from_ = &from;
  else
    told_.push_back({pointer_, "must be an object"});
}

const json::value* object_reader::get(std::string_view key) {
  known_.emplace_back(key);
  return from_ ? json::member(*from_, key) : nullptr;
}

bool object_reader::has(std::string_view key) const { return from_ && json::member(*from_, key); }

void object_reader::wrong(std::string_view key, std::string what) {
  told_.push_back({step_into(pointer_, key), std::move(what)});
}

bool object_reader::flag(std::string_view key, bool& out) {
  const auto* x = get(key);
  if (!x) return false;
  if (!x->IsBool()) {
    wrong(key, "must be true or false");
    return false;
  }
  out = x->GetBool();
  return true;
}

bool object_reader::text(std::string_view key, std::string& out) {
  const auto* x = get(key);
  if (!x) return false;
  if (!x->IsString()) {
    wrong(key, "must be a string");
    return false;
  }
  out = text_of(*x);
  return true;
}

bool object_reader::number(std::string_view key, std::int64_t& out, std::int64_t low, std::int64_t high) {
  const auto* x = get(key);
  if (!x) return false;
  if (!x->IsInt64() || x->GetInt64() < low || x->GetInt64() > high) {
    wrong(key, "must be a whole number, " + between(low, high));
    return false;
  }
  out = x->GetInt64();
  return true;
}

bool object_reader::number(std::string_view key, milliseconds& out, std::int64_t low, std::int64_t high) {
  std::int64_t n = 0;
  if (!number(key, n, low, high)) return false;
  out = milliseconds{n};
  return true;
}

bool object_reader::fraction(std::string_view key, double& out) {
  const auto* x = get(key);
  if (!x) return false;
  if (!x->IsNumber() || x->GetDouble() < 0 || x->GetDouble() > 1) {
    wrong(key, "must be a number, 0 to 1");
    return false;
  }
  out = x->GetDouble();
  return true;
}

bool object_reader::span(std::string_view key, range& out, std::int64_t low, std::int64_t high) {
  const auto* x = get(key);
  if (!x) return false;
  auto fits = [&](const json::value& n) {
    return n.IsInt64() && n.GetInt64() >= low && n.GetInt64() <= high;
  };
  if (fits(*x)) {
    out = {x->GetInt64(), x->GetInt64()};
    return true;
  }
  bool pair = x->IsArray() && x->Size() == 2 && fits((*x)[0]) && fits((*x)[1]) &&
              (*x)[0].GetInt64() <= (*x)[1].GetInt64();
  if (!pair) {
    wrong(key, "must be a whole number or [low, high], " + between(low, high));
    return false;
  }
  out = {(*x)[0].GetInt64(), (*x)[1].GetInt64()};
  return true;
}

bool object_reader::list(std::string_view key, texts& out) {
  const auto* x = get(key);
  if (!x) return false;
  auto fits = [](const json::value& one) { return one.IsString() && one.GetStringLength() > 0; };
  if (fits(*x)) {
    out = {std::string{text_of(*x)}};
    return true;
  }
  if (!x->IsArray() || x->Empty() || !std::all_of(x->Begin(), x->End(), fits)) {
    wrong(key, "must be a string or an array of strings, none empty");
    return false;
  }
  out.clear();
  for (const auto& one : x->GetArray()) out.emplace_back(text_of(one));
  return true;
}

bool object_reader::word(std::string_view key, std::string& out,
                         std::initializer_list<std::string_view> allowed) {
  std::string found;
  if (!text(key, found)) return false;
  if (std::find(allowed.begin(), allowed.end(), found) == allowed.end()) {
    wrong(key, "'" + found + "' is not one of these; " +
                   suggestion(found, std::vector<std::string>(allowed.begin(), allowed.end())));
    return false;
  }
  out = std::move(found);
  return true;
}

bool object_reader::text_or_json(std::string_view key, std::string& out) {
  const auto* x = get(key);
  if (!x) return false;
  out = x->IsString() ? std::string{text_of(*x)} : json::write(*x);
  return true;
}

void object_reader::finish(const std::vector<std::string>& also) {
  if (!from_) return;
  auto known = known_;
  known.insert(known.end(), also.begin(), also.end());
  std::vector<std::string_view> seen;
  for (const auto& x : from_->GetObject()) {
    auto name = text_of(x.name);
    if (std::find(seen.begin(), seen.end(), name) != seen.end()) wrong(name, "is there twice");
    seen.push_back(name);
    if (std::find(known.begin(), known.end(), name) == known.end())
      wrong(name, "unknown key; " + suggestion(name, known));
  }
}

} // namespace relay::connector::faults
