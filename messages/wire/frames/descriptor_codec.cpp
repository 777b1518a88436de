#include "relay_gateway/messages/wire/frames/descriptor_codec.hpp"

#include "relay_gateway/messages/wire/json/json_write.hpp"

#include <limits>

namespace relay::wire {

namespace {

std::uint32_t message_limit(const json::value* x) {
  constexpr std::uint32_t fallback = 4096, most = std::numeric_limits<std::uint32_t>::max();
  if (x == nullptr || !x->IsNumber()) return fallback;
  const double length = x->GetDouble();
  if (!(length >= 1)) return fallback;
  return length >= most ? most : static_cast<std::uint32_t>(length);
}

} // namespace

descriptor read_descriptor(const json::value& from, std::string_view source) {
  descriptor out;
  if (const auto* version = json::find(from, "contract_version"); version != nullptr && version->IsInt64())
    out.contract_version = version->GetInt64();
  out.platform = json::text(from, "platform");
  out.label = json::text(from, "label");
  out.max_message_length = message_limit(json::find(from, "max_message_length"));
  out.supports_draft_streaming = json::flag(from, "supports_draft_streaming");
  out.supports_edit = json::flag(from, "supports_edit");
  out.supports_threads = json::flag(from, "supports_threads");
  if (auto dialect = json::text(from, "markdown_dialect"); !dialect.empty()) out.markdown_dialect = dialect;
  out.len_unit = json::text(from, "len_unit") == "utf16" ? length_unit::utf16 : length_unit::chars;
  if (auto emoji = json::text(from, "emoji"); !emoji.empty()) out.emoji = emoji;
  out.platform_hint = json::text(from, "platform_hint");
  out.pii_safe = json::flag(from, "pii_safe");
  out.supports_context = json::flag(from, "supports_context");
  out.supports_inchannel_continuable = json::flag(from, "supports_inchannel_continuable");
  out.supports_block_formatting = json::flag(from, "supports_block_formatting");
  if (const auto* ops = json::array(from, "supported_ops"))
    for (const auto& x : ops->GetArray())
      if (x.IsString()) out.supported_ops.emplace_back(json::view(x));
  out.raw = json::text_of(from, source);
  return out;
}

void append_descriptor(std::string& out, const descriptor& x) {
  json::object_writer to{out};
  to.json("contract_version", std::to_string(x.contract_version))
      .text("platform", x.platform)
      .text("label", x.label)
      .json("max_message_length", std::to_string(x.max_message_length))
      .boolean("supports_draft_streaming", x.supports_draft_streaming)
      .boolean("supports_edit", x.supports_edit)
      .boolean("supports_threads", x.supports_threads)
      .text("markdown_dialect", x.markdown_dialect)
      .text("len_unit", x.len_unit == length_unit::utf16 ? "utf16" : "chars")
      .text("emoji", x.emoji)
      .text("platform_hint", x.platform_hint)
      .boolean("pii_safe", x.pii_safe)
      .boolean("supports_context", x.supports_context)
      .boolean("supports_inchannel_continuable", x.supports_inchannel_continuable)
      .boolean("supports_block_formatting", x.supports_block_formatting);
  if (!x.supported_ops.empty()) to.texts("supported_ops", x.supported_ops);
  to.end();
}

} // namespace relay::wire
