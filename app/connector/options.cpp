// The platforms that the stand-in plays unless told otherwise, with limits as the real ones have them.
#include "relay_gateway/app/connector/options.hpp"

#include "relay_gateway/app/connector/json.hpp"

namespace relay::connector {

std::vector<platform_profile> default_platforms() {
  return {
      {"discord", R"({"contract_version":1,"platform":"discord","label":"Discord","max_message_length":2000,
"len_unit":"chars","markdown_dialect":"discord","supports_draft_streaming":false,"supports_edit":true,
"supports_threads":true,"emoji":"\ud83c\udfae","platform_hint":"Discord markdown; code blocks work.",
"pii_safe":false,"supports_context":true,"supports_inchannel_continuable":true,"supports_block_formatting":false,
"supported_ops":["send","edit","typing","follow_up","get_chat_info","send_media","prompt","react","delete",
"thread_create","thread_rename"]})"},
      {"telegram",
       R"({"contract_version":1,"platform":"telegram","label":"Telegram","max_message_length":4096,
"len_unit":"utf16","markdown_dialect":"markdown_v2","supports_draft_streaming":true,"supports_edit":true,
"supports_threads":true,"emoji":"\u2708\ufe0f","platform_hint":"Telegram MarkdownV2.","pii_safe":false,
"supports_context":false,"supports_inchannel_continuable":false,"supports_block_formatting":false,
"supported_ops":["send","edit","typing","follow_up","get_chat_info","send_media","prompt","react","delete",
"draft","thread_create","thread_rename"]})"},
      {"slack", R"({"contract_version":1,"platform":"slack","label":"Slack","max_message_length":40000,
"len_unit":"chars","markdown_dialect":"mrkdwn","supports_draft_streaming":true,"supports_edit":true,
"supports_threads":true,"emoji":"\ud83d\udcac","platform_hint":"Slack mrkdwn.","pii_safe":false,
"supports_context":true,"supports_inchannel_continuable":true,"supports_block_formatting":true,
"supported_ops":["send","edit","typing","follow_up","get_chat_info","send_media","prompt","react","delete",
"draft","task_card","task_card_stop","thread_create"]})"}};
}

platform_profile conservative_profile(const std::string& name) {
  json::fields out;
  out.add("contract_version", 1).add("platform", name).add("label", name).add("max_message_length", 4096);
  out.add("len_unit", "chars").add("markdown_dialect", "plain").add("supports_draft_streaming", false);
  out.add("supports_edit", false).add("supports_threads", false);
  return {name, out.object()};
}

} // namespace relay::connector
