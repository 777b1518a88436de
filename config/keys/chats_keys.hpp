// Settings of conversations: sessions, Slack, prompts, reactions, commands.
#pragma once

#include "relay_gateway/config/keys/setting_row.hpp"
#include "relay_gateway/config/settings.hpp"

#include <array>

namespace relay::config::keys {

inline constexpr entry slack_reply_in_thread{.key = "gateway.slack.reply_in_thread",
                                             .first_key = "platforms.relay.extra.slack.reply_in_thread",
                                             .section = section::chats,
                                             .what =
                                                 "Slack: a reply to a top-level message goes into its thread",
                                             .by_default = "true",
                                             .applies = applies::at_restart};
inline constexpr entry slack_top_level_threads{
    .key = "gateway.slack.dm_top_level_threads_as_sessions",
    .first_key = "platforms.relay.extra.slack.dm_top_level_threads_as_sessions",
    .section = section::chats,
    .what = "Slack: each top-level direct message is a session of its own",
    .by_default = "true",
    .applies = applies::at_restart};
inline constexpr entry prompts_approval_by{.key = "gateway.prompts.approval_by",
                                           .section = section::chats,
                                           .what = "Who decides an approval in a group: asker or anyone",
                                           .by_default = "asker",
                                           .applies = applies::at_restart};
inline constexpr entry group_sessions{.key = "gateway.group_sessions_per_user",
                                      .section = section::chats,
                                      .what = "Each person of a group has a session of their own",
                                      .by_default = "true",
                                      .applies = applies::at_restart};
inline constexpr entry thread_sessions{.key = "gateway.thread_sessions_per_user",
                                       .section = section::chats,
                                       .what = "Each person of a thread has a session of their own",
                                       .by_default = "false",
                                       .applies = applies::at_restart};
inline constexpr entry reactions{.key = "gateway.reactions",
                                 .variable = "GATEWAY_REACTIONS",
                                 .flag = "reactions",
                                 .section = section::chats,
                                 .what = "Show the processing of a message as a reaction on it",
                                 .by_default = "false",
                                 .applies = applies::at_restart};
inline constexpr entry commands{
    .key = "gateway.commands", .section = section::chats, .what = "Slash commands that Discord offers"};

/// In the order of settings.md.
inline constexpr std::array chats_entries{&slack_reply_in_thread, &slack_top_level_threads,
                                          &prompts_approval_by};

/// In the order of settings.md.
inline constexpr std::array session_entries{&group_sessions, &thread_sessions, &reactions, &commands};

} // namespace relay::config::keys

namespace relay::config {

/// Those that a row can describe, in the order of settings.md.
inline constexpr std::array slack_rows{
    flag_row(keys::slack_reply_in_thread, &slack_settings::reply_in_thread),
    flag_row(keys::slack_top_level_threads, &slack_settings::dm_top_level_threads_as_sessions)};
inline constexpr auto approvers =
    std::to_array<word<approval_by>>({{"asker", approval_by::asker}, {"anyone", approval_by::anyone}});
inline constexpr std::array prompt_rows{
    words_row<&prompt_settings::approval_by, approvers>(keys::prompts_approval_by)};
inline constexpr std::array session_rows{
    flag_row(keys::group_sessions, &service_settings::group_sessions_per_user),
    flag_row(keys::thread_sessions, &service_settings::thread_sessions_per_user),
    flag_row(keys::reactions, &service_settings::reactions)};

} // namespace relay::config
