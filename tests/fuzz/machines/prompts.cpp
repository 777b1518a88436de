// Prompts and their answers (protocol.md 6; F57, F58): opened, shown, pressed, written and expired in any
// order. One answer wins, and nobody else's is taken.
#include "relay_gateway/actors/inbound/core/prompts.hpp"

#include "relay_gateway/tests/fuzz/fuzz.hpp"

#include <map>

namespace relay::fuzz {
namespace prompts_target {

using namespace core;

const char* const chats[] = {"1", "2"};
const char* const platforms[] = {"discord", "telegram"};

class env {
public:
  env() {
    rules_.lifetime = milliseconds{1000};
    rules_.max = 5;
    history_ = prompts{"n0", rules_};
  }

  void step(bytes& in) {
    switch (in.below(8)) {
    case 0:
    case 1: open(in); break;
    case 2: show(in); break;
    case 3:
    case 4: press(in); break;
    case 5:
    case 6: write(in); break;
    default: now_ += milliseconds{std::int64_t{in.byte()} * 4}; break;
    }
    require(history_.size() <= rules_.max, "what is remembered has a bound");
    require(history_.unanswered(now_) <= history_.size(), "what is open is remembered");
  }

private:
  struct life {
    prompt_opened what;
    instant until{};
    bool answered = false, numbered = false;
  };

  static std::string some_id(bytes& in) {
    const auto n = in.below(8);
    return (n == 7 ? "other.0000000" : "n0.0000000") + std::to_string(n);
  }

  /// Each id has a place of its own: one id in two places are two prompts (prompt_places_test).
  static chat_key place_of(const std::string& id) {
    const auto n = static_cast<unsigned>(id.back() - '0');
    return {n % 3 == 0 ? "" : platforms[n / 2 % 2], chats[n % 2]};
  }

  void open(bytes& in) {
    life x;
    x.what.prompt_id = some_id(in);
    x.what.chat = place_of(x.what.prompt_id);
    const auto options = in.below(4);
    for (std::size_t i = 0; i < options; ++i) x.what.options.push_back({"o" + std::to_string(i), "label"});
    x.what.lifetime_ms = in.flag() ? 300 : 0;
    x.until = now_ + milliseconds{x.what.lifetime_ms > 0 ? 300 : 1000};
    history_.open(x.what, now_);
    known_[x.what.prompt_id] = x;
  }

  void show(bytes& in) {
    const auto id = some_id(in);
    const auto how = static_cast<prompt_face>(in.below(3));
    history_.shown({id, how});
    const auto it = known_.find(id);
    if (it == known_.end() || it->second.answered) return;
    it->second.numbered = how == prompt_face::numbers;
    if (how == prompt_face::withdrawn) known_.erase(it);
  }

  prompt_hearing hear(const inbound_event& x) {
    const auto heard = history_.hear(x, now_);
    require(heard.verdict == prompt_verdict::none || history_.concerns(x) || !x.prompt.present,
            "what concerns a prompt is noticed");
    require(heard.response.present == (heard.verdict == prompt_verdict::numbered),
            "only a number is translated");
    return heard;
  }

  void press(bytes& in) {
    inbound_event x;
    x.source.platform = platforms[in.below(2)];
    x.source.chat_id = chats[in.below(2)];
    x.prompt = {some_id(in), "o" + std::to_string(in.below(4)), "", "", true};
    const auto heard = hear(x);
    const auto it = known_.find(x.prompt.prompt_id);
    if (heard.verdict == prompt_verdict::foreign)
      require(!x.prompt.prompt_id.starts_with("n0."), "a foreign answer has a foreign nonce (F57)");
    if (heard.verdict != prompt_verdict::taken) return;
    require(it != known_.end() && !it->second.answered, "an answer is taken once (F58)");
    require(now_ < it->second.until, "nobody answers too late");
    const auto& options = it->second.what.options;
    require(options.empty() || x.prompt.option_id < "o" + std::to_string(options.size()),
            "an answer is an option");
    it->second.answered = true;
  }

  void write(bytes& in) {
    inbound_event x;
    x.source.platform = platforms[in.below(2)];
    x.source.chat_id = chats[in.below(2)];
    x.text = std::to_string(in.below(5));
    if (in.below(4) == 0) x.source.is_bot = true;
    const auto heard = hear(x);
    if (heard.verdict != prompt_verdict::numbered) {
      require(heard.verdict == prompt_verdict::none, "a number that is no answer is an ordinary text");
      return;
    }
    require(!x.source.is_bot, "a bot that counts approves nothing");
    const auto it = known_.find(heard.response.prompt_id);
    require(it != known_.end() && !it->second.answered, "an answer is taken once (F58)");
    const auto& asked = it->second;
    require(asked.numbered && now_ < asked.until, "a number answers what was shown with numbers");
    require(asked.what.chat.chat_id == x.source.chat_id &&
                (asked.what.chat.platform.empty() || asked.what.chat.platform == x.source.platform),
            "an answer comes from the chat that was asked (F40)");
    const auto number = std::stoul(x.text);
    require(number >= 1 && number <= asked.what.options.size() &&
                heard.response.option_id == asked.what.options[number - 1].id,
            "a number means its option");
    it->second.answered = true;
  }

  prompt_rules rules_;
  prompts history_{"n0", {}};
  instant now_{std::chrono::hours{1}};
  std::map<std::string, life> known_;
};

void run(std::string_view input) {
  env here;
  for (bytes in{input.substr(0, 500)}; in.more();) here.step(in);
}

const registration self{"prompts", run};

} // namespace prompts_target
} // namespace relay::fuzz
