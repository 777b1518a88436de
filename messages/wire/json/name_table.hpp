// Which of a few names a text is, found by one look into a table that the compiler fills.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace relay::wire::json {

/// At most half full, so that a text that is none of the names is told soon.
template <std::size_t Count>
class name_table {
public:
  static constexpr std::size_t none = Count;

  explicit constexpr name_table(const std::array<std::string_view, Count>& names) : names_(names) {
    for (std::size_t i = 0; i < Count; ++i) {
      auto at = place_of(names[i]);
      while (places_[at] != 0) at = (at + 1) % size;
      places_[at] = static_cast<std::uint8_t>(i + 1);
    }
  }
  /// The number of the name; `none` when it is not among them.
  constexpr std::size_t find(std::string_view text) const {
    for (auto at = place_of(text); places_[at] != 0; at = (at + 1) % size)
      if (names_[places_[at] - 1U] == text) return places_[at] - 1U;
    return none;
  }

private:
  static_assert(Count > 0 && Count <= 64);
  static constexpr std::size_t size = Count <= 8 ? 16 : Count <= 16 ? 32 : Count <= 32 ? 64 : 128;
  static constexpr std::size_t place_of(std::string_view x) {
    if (x.empty()) return 0;
    const auto at = [&](std::size_t i) { return static_cast<std::size_t>(static_cast<unsigned char>(x[i])); };
    return (x.size() + 5 * at(0) + 17 * at(x.size() - 1) + 29 * at(x.size() / 2)) % size;
  }
  std::array<std::string_view, Count> names_;
  std::array<std::uint8_t, size> places_{}; ///< a name's number and one; 0 = free
};
template <std::size_t Count>
name_table(const std::array<std::string_view, Count>&) -> name_table<Count>;

} // namespace relay::wire::json
