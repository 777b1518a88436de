// Settings of the agent that asks a model.
#pragma once

#include "relay_gateway/config/keys/setting_row.hpp"
#include "relay_gateway/config/settings.hpp"
#include "relay_gateway/config/values/scalars.hpp"

#include <array>

namespace relay::config::keys {

inline constexpr entry openai_model{.key = "gateway.openai.model",
                                    .variable = "GATEWAY_OPENAI_MODEL",
                                    .flag = "openai.model",
                                    .section = section::openai,
                                    .what = "Model that is asked; unset: the server has only one",
                                    .applies = applies::at_restart};
inline constexpr entry openai_system{.key = "gateway.openai.system",
                                     .variable = "GATEWAY_OPENAI_SYSTEM",
                                     .flag = "openai.system",
                                     .section = section::openai,
                                     .what = "What the model is told before each conversation",
                                     .applies = applies::at_restart};
inline constexpr entry openai_api_key{
    .key = "gateway.openai.api_key",
    .variable = "GATEWAY_OPENAI_API_KEY",
    .secret = true,
    .section = section::openai,
    .what = "Bearer token for the model's server; a file is read anew at each use",
    .applies = applies::at_restart};
inline constexpr entry openai_api_key_file{.key = "gateway.openai.api_key_file",
                                           .section = section::openai,
                                           .what = "File that holds it, read anew at each use",
                                           .applies = applies::at_restart};
inline constexpr entry openai_history{.key = "gateway.openai.history",
                                      .variable = "GATEWAY_OPENAI_HISTORY",
                                      .flag = "openai.history",
                                      .section = section::openai,
                                      .what =
                                          "Earlier questions of a session that the model is told of; 0: none",
                                      .by_default = "20",
                                      .applies = applies::at_restart};
inline constexpr entry openai_history_bytes{.key = "gateway.openai.history_bytes",
                                            .variable = "GATEWAY_OPENAI_HISTORY_BYTES",
                                            .flag = "openai.history_bytes",
                                            .section = section::openai,
                                            .what = "Bytes of these with their answers",
                                            .by_default = "64KiB",
                                            .applies = applies::at_restart};
inline constexpr entry openai_max_turn{.key = "gateway.openai.max_turn",
                                       .variable = "GATEWAY_OPENAI_MAX_TURN",
                                       .flag = "openai.max_turn",
                                       .section = section::openai,
                                       .what = "Time limit of one answer",
                                       .by_default = "10m",
                                       .applies = applies::at_restart};
inline constexpr entry openai_first_token_timeout{.key = "gateway.openai.first_token_timeout",
                                                  .variable = "GATEWAY_OPENAI_FIRST_TOKEN_TIMEOUT",
                                                  .flag = "openai.first_token_timeout",
                                                  .section = section::openai,
                                                  .what = "How long the model may take to begin its answer",
                                                  .by_default = "2m",
                                                  .applies = applies::at_restart};
inline constexpr entry openai_idle_timeout{.key = "gateway.openai.idle_timeout",
                                           .variable = "GATEWAY_OPENAI_IDLE_TIMEOUT",
                                           .flag = "openai.idle_timeout",
                                           .section = section::openai,
                                           .what = "How long it may pause within its answer",
                                           .by_default = "1m",
                                           .applies = applies::at_restart};
inline constexpr entry openai_stream{.key = "gateway.openai.stream",
                                     .variable = "GATEWAY_OPENAI_STREAM",
                                     .flag = "openai.stream",
                                     .section = section::openai,
                                     .what = "Answers are shown while they are written",
                                     .by_default = "true",
                                     .applies = applies::at_restart};

/// In the order of settings.md.
inline constexpr std::array openai_entries{
    &openai_model,        &openai_system,        &openai_api_key,  &openai_api_key_file,
    &openai_history,      &openai_history_bytes, &openai_max_turn, &openai_first_token_timeout,
    &openai_idle_timeout, &openai_stream};

} // namespace relay::config::keys

namespace relay::config {

/// How many earlier questions: none, or a count.
inline parsed<std::uint64_t> parse_history(const std::string& text) {
  return text == "0" ? parsed<std::uint64_t>::good(0) : parse_count(text);
}
inline std::string history_text(std::uint64_t questions) { return std::to_string(questions); }

/// Those that a row can describe, in the order of settings.md.
inline constexpr std::array openai_rows{
    form_row<&openai_settings::history, parse_history, history_text>(keys::openai_history),
    size_row(keys::openai_history_bytes, &openai_settings::history_bytes),
    duration_row(keys::openai_max_turn, &openai_settings::max_turn),
    duration_row(keys::openai_first_token_timeout, &openai_settings::first_token_timeout),
    duration_row(keys::openai_idle_timeout, &openai_settings::idle_timeout),
    flag_row(keys::openai_stream, &openai_settings::stream)};

} // namespace relay::config
