// Reads the settings of a table of rows (keys/setting_row.hpp).
#pragma once

#include "relay_gateway/config/keys/setting_row.hpp"
#include "relay_gateway/config/values/reading.hpp"
#include "relay_gateway/config/values/scalars.hpp"
#include "relay_gateway/config/values/units.hpp"

#include <string>

namespace relay::config {

/// A value of a form of its own; what cannot be read leaves `into` as it is.
template <class Settings>
void read_form(reading& in, const entry& key, const setting_form<Settings>& form, Settings& into) {
  const auto parse = [&](const std::string& text) {
    auto next = into;
    auto reason = form.take(text, next);
    return reason.empty() ? parsed<Settings>::good(std::move(next))
                          : parsed<Settings>::bad(std::move(reason));
  };
  into = in.value(key, into, parse, form.show);
}

/// In their order, which is that of the listing.
template <class Rows, class Settings>
void read_rows(reading& in, const Rows& rows, Settings& into) {
  const auto number = [](std::uint64_t n) { return std::to_string(n); };
  for (const setting_row<Settings>& row : rows) {
    if (row.duration != nullptr)
      into.*row.duration = in.value(*row.key, into.*row.duration, parse_positive, duration_text);
    else if (row.size != nullptr)
      into.*row.size = in.value(*row.key, into.*row.size, parse_size, size_text);
    else if (row.count != nullptr)
      into.*row.count = in.value(*row.key, into.*row.count, parse_count, number);
    else if (row.flag != nullptr)
      into.*row.flag = in.boolean(*row.key, into.*row.flag, into.*row.flag);
    else if (row.text != nullptr)
      into.*row.text = in.text(*row.key, into.*row.text);
    else if (row.url != nullptr)
      into.*row.url = in.url(*row.key, *row.rule);
    else if (row.list != nullptr)
      into.*row.list = in.list(*row.key);
    else if (row.hidden != nullptr)
      into.*row.hidden = in.hidden(*row.key);
    else if (row.hidden_or_file != nullptr)
      into.*row.hidden_or_file = in.hidden_or_file(*row.key);
    else
      read_form(in, *row.key, row.form, into);
  }
}

} // namespace relay::config
