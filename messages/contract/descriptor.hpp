// What a platform can do, as the connector declares it (protocol.md 4).
#pragma once

#include "relay_gateway/messages/contract/action.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace relay {

enum class length_unit : std::uint8_t {
  chars, ///< Unicode code points
  utf16  ///< UTF-16 code units
};

struct descriptor {
  std::int64_t contract_version = 1;
  std::string platform, label, markdown_dialect = "plain";
  std::uint32_t max_message_length = 4096; ///< in `len_unit`; always at least 1
  length_unit len_unit = length_unit::chars;
  bool supports_draft_streaming = false, supports_edit = false, supports_threads = false;
  std::string emoji = "\xF0\x9F\x94\x8C", platform_hint;
  bool pii_safe = false, supports_context = false, supports_inchannel_continuable = false,
       supports_block_formatting = false;
  std::vector<std::string> supported_ops; ///< as advertised; empty = the legacy set
  std::string raw;                        ///< the descriptor object as JSON text, for the agent's `ready`

  /// Whether an action may be sent to this platform. Without a list only `send edit typing follow_up` may.
  bool supports(op x) const;
  friend bool operator==(const descriptor&, const descriptor&) = default;
};
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, descriptor& x) {
  return f(caf::meta::type_name("descriptor"), x.contract_version, x.platform, x.label, x.markdown_dialect,
           x.max_message_length, x.len_unit, x.supports_draft_streaming, x.supports_edit, x.supports_threads,
           x.emoji, x.platform_hint, x.pii_safe, x.supports_context, x.supports_inchannel_continuable,
           x.supports_block_formatting, x.supported_ops, x.raw);
}

} // namespace relay
