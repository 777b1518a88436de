// One gateway process against one stand-in of its own: what the scenarios are made of.
#pragma once

#include "relay_gateway/app/connector/conformance/clauses.hpp"
#include "relay_gateway/app/connector/conformance/description.hpp"
#include "relay_gateway/app/connector/conformance/process.hpp"
#include "relay_gateway/app/connector/connector.hpp"
#include "relay_gateway/app/net/io/io_thread.hpp"

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace relay::connector::conformance {

/// Ends a scenario: its clauses that have no verdict yet fail for this reason.
struct cut_short : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// What one gateway process is started with.
struct setup {
  std::string name; ///< of its directory and its log
  std::vector<std::string> platforms{"discord", "telegram"};
  bool pinned = false;                       ///< id and secret are given; nothing to provision
  std::string scheme = "http";               ///< of the base URL
  std::string path{};                        ///< behind the base URL's port
  std::map<std::string, std::string> more{}; ///< further variables
  std::string config{};                      ///< text of the config.yaml in its HERMES_HOME
  std::function<void(stand_in&)> before{};   ///< scripts the stand-in before the gateway starts
};

/// Owned by one thread.
class trial {
public:
  /// Starts both. Throws cut_short when one does not start.
  trial(const description& what, report& told, const std::string& work_dir, setup how);

  stand_in& peer() { return *peer_; }
  process& gateway() { return *process_; }
  report& told() { return told_; }
  const setup& how() const { return how_; }
  std::string gateway_id(); ///< of the gateway that dialled
  /// Ends the gateway with SIGTERM and starts it again, with these settings, in the same directory. Returns
  /// the last record before. Throws cut_short when it does not end.
  std::uint64_t restart(std::map<std::string, std::string> more, std::string config);

  /// Waits for a handshake with every hello after record `since`. Throws cut_short when none comes.
  void until_served(std::uint64_t since = 0);
  /// The record, if it comes within `limit` and before the gateway ends.
  std::optional<record> await(const record_filter& which, std::chrono::milliseconds limit,
                              std::uint64_t since = 0);
  /// The record; throws cut_short with `what` when it does not come.
  record need(const record_filter& which, const std::string& what, std::uint64_t since = 0,
              std::chrono::milliseconds limit = patience);
  /// A text that no other message has.
  std::string fresh(const std::string& about);
  /// The send with that text in that chat; empty when none comes.
  std::optional<record> reply(const std::string& chat_id, const std::string& text, std::uint64_t since = 0,
                              std::chrono::milliseconds limit = patience);
  /// Writes a message there and waits for its answer, so that everything before it has been dealt with.
  /// False when no answer comes.
  bool barrier(const std::string& chat_id, const std::string& platform = "discord");
  /// Lets the agent carry out `action` (JSON) as its answer to `in`, and waits for an action of that op whose
  /// content begins with `text`. Only where the gateway offers actions.
  std::optional<record> act(chat_message in, const std::string& action, const std::string& op,
                            const std::string& text = {});
  /// The sends with that text in that chat so far.
  std::vector<record> replies(const std::string& chat_id, const std::string& text) const;
  std::size_t count(const record_filter& which, std::uint64_t since = 0) const;
  /// Frames on the gateway's socket, as they are, each in a message of its own.
  void raw(const std::vector<std::string>& pieces) { peer_->send_raw(pieces); }
  /// The last lines that the gateway wrote.
  std::string last_words() const;

  static constexpr std::chrono::milliseconds patience{10'000};

private:
  void start_gateway();

  description what_;
  report& told_;
  setup how_;
  std::string log_file_;
  settings values_;
  int last_text_ = 0;
  net::io_thread io_;
  std::unique_ptr<stand_in> peer_;
  std::unique_ptr<process> process_;
};

/// The message that makes the agent carry out that action (JSON).
std::string order_for(const std::string& action);
/// An action of that op whose content begins with that text: an echo of the order itself is none.
record_filter action_of(const std::string& op, const std::string& text);

/// An `inbound` frame with its line break. `more`: further members of the event, `source`: of its source
/// (JSON members with a comma in front).
std::string inbound_frame(const std::string& chat_id, const std::string& text, const std::string& buffer_id,
                          const std::string& message_id, const std::string& source = {},
                          const std::string& more = {});

} // namespace relay::connector::conformance
