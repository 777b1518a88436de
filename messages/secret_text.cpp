#include "relay_gateway/messages/secret_text.hpp"

#include <string_view>

namespace relay {

std::string without(std::string text, const secret& x) {
  if (x.empty()) return text;
  constexpr std::string_view shown = "***";
  for (auto at = text.find(x.reveal()); at != std::string::npos;
       at = text.find(x.reveal(), at + shown.size()))
    text.replace(at, x.reveal().size(), shown);
  return text;
}

} // namespace relay
