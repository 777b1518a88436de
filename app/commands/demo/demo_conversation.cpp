#include "relay_gateway/app/commands/demo/demo_conversation.hpp"

#include "relay_gateway/config/values/text.hpp"

#include <algorithm>
#include <utility>

namespace relay::commands {

namespace {

using namespace std::chrono_literals;
using connector::of_kind;
using connector::record;

/// The same on both platforms: only together with its platform is a chat id unique.
constexpr const char* shared_chat = "4242";

connector::record_filter answers_in_chat() {
  return connector::both(of_kind("outbound", "frame.action.op", "send"),
                         of_kind("outbound", "frame.action.chat_id", shared_chat));
}

std::string padded(std::string text, std::size_t width) {
  text.resize(std::max(text.size(), width), ' ');
  return text;
}

std::string spoken(const std::string& platform, const std::string& who, const std::string& text) {
  return "  " + padded(platform, 9) + padded(who, 14) + config::shown(text, 200);
}

} // namespace

demo_conversation::demo_conversation(connector::stand_in& peer, std::vector<identity> bots,
                                     const std::atomic<bool>& cancelled,
                                     std::function<void(const std::string&)> say)
    : peer_(peer), bots_(std::move(bots)), cancelled_(cancelled), say_(std::move(say)) {}

bool demo_conversation::play(std::chrono::milliseconds limit) {
  deadline_ = std::chrono::steady_clock::now() + limit;
  if (!connected()) return false;
  say_("");
  say_("One chat id, " + std::string{shared_chat} + ", on both platforms:");
  bool fine = exchange({{"discord", "ada", "Good morning! Is anybody there?"}});
  fine = exchange({{"telegram", "grace", "Hello from the other platform."}}) && fine;
  fine = exchange({{"discord", "ada", "A second turn, to see that the chat keeps its way."}}) && fine;
  fine = exchange({{"telegram", "grace",
                    "Gr\xC3\xBC\xC3\x9F"
                    "e, \xE4\xBD\xA0\xE5\xA5\xBD, \xF0\x9F\x8E\x89"}}) &&
         fine;
  say_("Now all at once:");
  fine = exchange({{"discord", "ada", "one"},
                   {"telegram", "grace", "first"},
                   {"discord", "ada", "two"},
                   {"telegram", "grace", "second"},
                   {"discord", "ada", "three"},
                   {"telegram", "grace", "third"}}) &&
         fine;
  say_("");
  return fine;
}

/// Waits in short pieces, so that an end of the process is not held up.
bool demo_conversation::wait(const connector::record_filter& which, std::size_t n, std::uint64_t since,
                             const std::string& what) {
  while (!cancelled_ && std::chrono::steady_clock::now() < deadline_)
    if (peer_.wait_count(which, n, 200ms, since)) return true;
  if (!cancelled_) say_("FAILED: " + what + " did not come in time");
  return false;
}

bool demo_conversation::connected() {
  for (const auto& bot : bots_) {
    auto done = connector::both(of_kind("provision", "platform", bot.platform),
                                of_kind("provision", "status", "200"));
    if (!wait(done, 1, 0, "the provisioning of " + bot.platform)) return false;
    say_("provisioned   " + padded(bot.platform, 9) + "bot " + bot.bot_id);
  }
  auto declared = of_kind("policy", "status", "200");
  if (!wait(declared, 1, 0, "the policy")) return false;
  for (const auto& x : peer_.records(0, declared))
    say_("policy        " + padded(x.platform, 9) + x.at("body"));
  for (const auto& bot : bots_)
    if (!wait(of_kind("descriptor", "platform", bot.platform), 1, 0, "the handshake for " + bot.platform))
      return false;
  say_("connected     the handshake is complete for both");
  return true;
}

bool demo_conversation::exchange(const std::vector<turn>& turns) {
  auto since = peer_.mark();
  for (const auto& x : turns) {
    say_(spoken(x.platform, x.user, x.text));
    connector::chat_message said;
    said.platform = x.platform;
    said.chat_id = shared_chat;
    said.user_id = x.user;
    said.user_name = x.user;
    said.text = x.text;
    if (auto done = peer_.inject(said); !done) {
      say_("FAILED: the stand-in could not say it: " + done.error);
      return false;
    }
  }
  if (!wait(answers_in_chat(), turns.size(), since, "an answer")) return false;
  auto answers = peer_.records(since, answers_in_chat());
  bool fine = answers.size() == turns.size();
  if (!fine) say_("FAILED: more answers than questions");
  // Within a chat answers come in the order of the questions; the two platforms are two chats.
  for (const auto& bot : bots_) {
    auto answer = answers.begin();
    for (const auto& asked : turns) {
      if (asked.platform != bot.platform) continue;
      answer = std::find_if(answer, answers.end(),
                            [&](const record& x) { return x.at("frame.platform") == bot.platform; });
      if (answer == answers.end()) {
        say_("FAILED: no answer is tagged " + bot.platform);
        return false;
      }
      fine = right(asked, *answer++) && fine;
    }
  }
  return fine;
}

bool demo_conversation::right(const turn& asked, const record& answer) {
  const auto& bot = bot_of(asked.platform);
  say_(spoken(asked.platform, "<- " + answer.at("frame.botId"), answer.at("frame.action.content")));
  std::string wrong;
  if (answer.at("frame.botId") != bot.bot_id) wrong += " not sent as bot " + bot.bot_id + ";";
  if (answer.at("frame.action.content") != asked.text) wrong += " another text than was asked;";
  if (!answer.at("problem").empty()) wrong += " the connector refuses it: " + answer.at("problem") + ";";
  if (!wrong.empty()) say_("FAILED:" + wrong);
  return wrong.empty();
}

const identity& demo_conversation::bot_of(const std::string& platform) const {
  auto it =
      std::find_if(bots_.begin(), bots_.end(), [&](const identity& x) { return x.platform == platform; });
  return it == bots_.end() ? bots_.front() : *it;
}

} // namespace relay::commands
