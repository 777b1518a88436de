// One chat's way out (agent-link.md, Promises): actions of every kind, connections that come, go and lie, a
// disk that is slow, uploads that fail, in any order. Every action has one outcome, it is the truth, and
// nothing that may have arrived is sent again unasked.
#include "relay_gateway/actors/egress/core/chat_queue.hpp"

#include "relay_gateway/actors/egress/core/text/splitter.hpp"
#include "relay_gateway/messages/wire/actions/action_forms.hpp"
#include "relay_gateway/messages/wire/actions/actions.hpp"
#include "relay_gateway/tests/fuzz/fuzz.hpp"

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <set>

namespace relay::fuzz {
namespace chat_queue_target {

using namespace core;

descriptors_ptr descriptors(std::uint32_t limit, std::vector<std::string> ops, bool streams) {
  auto out = std::make_shared<descriptor_set>();
  descriptor x;
  x.platform = "p";
  x.max_message_length = limit;
  x.supports_draft_streaming = streams;
  x.supported_ops = std::move(ops);
  out->put(std::move(x));
  return out;
}
descriptors_ptr some_descriptors(std::size_t which) {
  switch (which) {
  case 0: return descriptors(20, {"send", "edit", "typing", "react", "prompt", "draft", "send_media"}, true);
  case 1: return descriptors(40, {"send", "edit", "draft", "send_media"}, true);
  case 2: return descriptors(25, {"send"}, false);
  default: return descriptors(30, {"edit", "typing"}, false);
  }
}

/// What is known about one action from outside. It is recognised by its number in the metadata.
struct story {
  action_record record = action_record::none;
  bool resends = false, draft = false;
  bool intent_committed = true; ///< its frame may be written as far as the disk is concerned
  bool maybe_written = false;   ///< a frame of it went out and nobody said that it was not written
  std::size_t unknown = 0;      ///< pieces that went out and got no answer
  std::size_t done_pieces = 0;  ///< pieces that the connector has
  std::string form, first;      ///< how its first piece went out last
  bool cut_anew = false;        ///< it got no answer and went out in another form: the former stays open
  bool reworded = false;        ///< the same, and its text was another for certain
  bool declined = false, over = false;
  std::optional<std::uint64_t> took_over; ///< the older action whose place it took
};

class env {
public:
  void step(bytes& in) {
    switch (in.below(13)) {
    case 0:
    case 1:
    case 2: push(in); break;
    case 3:
      linked_ = true;
      lose();
      which_ = in.below(4);
      call([&](chat_queue_step& out) { queue_.link(some_descriptors(which_), out); });
      break;
    case 4:
      linked_ = false; // it is closing, and may still tell
      call([](chat_queue& x, chat_queue_step& out) { x.link(nullptr, out); });
      break;
    case 5:
      lose();
      linked_ = false;
      call([](chat_queue& x, chat_queue_step& out) { x.abandon(out); });
      call([](chat_queue& x, chat_queue_step& out) { x.link(nullptr, out); });
      break;
    case 6:
      which_ = in.below(4);
      queue_.describe(some_descriptors(which_));
      break;
    case 7:
    case 8: answer(in.byte()); break;
    case 9: clear(in); break;
    case 10: upload(in); break;
    case 11: now_ += milliseconds{std::int64_t{in.byte()} * 50}; break;
    default: expire(); break;
    }
    check();
  }

  /// From here on everything works: every action comes to its end.
  void finish() {
    lose();
    linked_ = true;
    which_ = 0;
    call([](chat_queue& x, chat_queue_step& out) { x.link(some_descriptors(0), out); });
    for (int i = 0; i < 2000 && queue_.busy(); ++i) {
      if (!marks_.empty()) {
        clear_mark(marks_.begin());
      } else if (!uploads_.empty()) {
        const auto number = *uploads_.begin();
        uploads_.erase(uploads_.begin());
        call([&](chat_queue_step& out) {
          queue_.uploaded(number, {"https://c/relay/media/1", "", ""}, out);
        });
      } else {
        require(on_wire_ || !aside_.empty(), "a queue that can go on goes on");
        answer(0);
      }
      check();
    }
    require(!queue_.busy(), "every queue runs empty");
    for (const auto& [token, x] : stories_) require(x.over, "every action has an outcome (F1)");
  }

private:
  template <class Do>
  void call(Do what) {
    chat_queue_step out;
    if constexpr (requires { what(queue_, out); })
      what(queue_, out);
    else
      what(out);
    take(out);
  }

  action some_action(bytes& in, story& x) {
    const auto metadata = "{\"n\":" + std::to_string(next_) + "}";
    const auto text = std::to_string(next_) + std::string(in.below(70), 'x');
    switch (in.below(10)) {
    case 0:
    case 1:
    case 2: return wire::send("c", text, "r", metadata);
    case 3:
    case 4: return wire::edit("c", in.flag() ? "m1" : "m2", text, metadata);
    case 5: return in.flag() ? wire::typing("c", metadata) : wire::typing_clear("c", metadata);
    case 6: {
      x.draft = true;
      const bool final = in.flag();
      return wire::draft("c", static_cast<std::int64_t>(in.below(2)), text, final, metadata);
    }
    case 7: {
      wire::prompt_extras more;
      more.prompt_id = "n.1";
      more.metadata = metadata;
      return wire::prompt("c", wire::prompt_kind::choice, text, {{"a", "A", ""}, {"b", "B", ""}}, more);
    }
    case 8: {
      wire::media_options more;
      more.metadata = metadata;
      return wire::send_file("c", wire::media_kind::image, "/tmp/a.png", more);
    }
    default: {
      auto out = wire::react("c", "m1", "x", in.flag());
      out.metadata = metadata;
      return out;
    }
    }
  }

  void push(bytes& in) {
    ++next_;
    story x;
    chat_action a;
    a.token = next_;
    a.act = some_action(in, x);
    a.where.platform = "p";
    const auto what = in.byte();
    a.hold_until =
        std::chrono::nanoseconds{(now_ + milliseconds{(what & 3) * 2000}).time_since_epoch()}.count();
    if ((what & 4) != 0) a.turn = (what & 8) != 0 ? "t1" : "t2";
    x.record = a.record = static_cast<action_record>((what >> 4) % 3);
    x.resends = a.resend = (what & 64) != 0;
    x.intent_committed = x.record != action_record::not_written;
    const auto before = queue_.size();
    const auto waiting = waits_for(a.act);
    stories_[next_] = x;
    alike_[key_of(a.act)].push_back(next_);
    chat_queue_step out;
    queue_.push(std::move(a), out);
    const bool told =
        std::any_of(out.done.begin(), out.done.end(), [&](auto& y) { return y.token == next_; });
    if (!told && queue_.size() == before && before > 0 && waiting) stories_.at(next_).took_over = waiting;
    take(out);
  }
  static std::string key_of(const action& x) {
    if (const auto* draft = draft_of(x)) return "draft" + draft->id; // its final state, too
    return std::string{to_string(x.kind)} + x.message_id + x.rest.text();
  }
  /// The one whose place this may take.
  std::optional<std::uint64_t> waits_for(const action& x) const {
    const auto it = alike_.find(key_of(x));
    if (it == alike_.end()) return std::nullopt;
    const auto newest = std::find_if(it->second.rbegin(), it->second.rend(),
                                     [this](std::uint64_t token) { return !stories_.at(token).over; });
    return newest == it->second.rend() ? std::nullopt : std::optional{*newest};
  }

  void answer(std::uint8_t how) {
    const auto beside = !aside_.empty() && (!on_wire_ || how >= 128);
    if (!on_wire_ && !beside) return;
    if (!beside && cleans_up_ && how % 6 != 4) how = 0; // what becomes of it is nobody's outcome
    const auto piece = beside ? aside_.begin()->first : piece_;
    const auto token = beside ? aside_.begin()->second : *on_wire_;
    auto& x = stories_.at(token);
    action_result result = action_result::success();
    result.message_id = "id";
    bool written = true;
    switch (how % 6) {
    case 1: result = action_result::failed("no", "the connector said no"); break;
    case 2:
      result = action_result::ambiguous("no answer came");
      ++x.unknown;
      break;
    case 3:
      result = action_result::failed("egress_declined", "egress declined: no");
      x.declined = true;
      break;
    case 4:
      written = false;
      x.maybe_written = x.unknown > 0 || x.done_pieces > 0;
      linked_ = false; // that connection is no good any more
      break;
    default:
      ++x.done_pieces;
      x.unknown = 0;
      break;
    }
    if (beside)
      aside_.erase(piece);
    else
      on_wire_.reset();
    if (!written) came_back_.insert(token);
    call([&](chat_queue_step& out) { queue_.settled({piece, result, written}, out); });
    // A second word on the same piece changes nothing.
    chat_queue_step again;
    queue_.settled({piece, action_result::success(), true}, again);
    require(again.done.empty() && again.out.empty(), "an answer counts once");
  }
  /// The connection that has them went without a word.
  void lose() {
    if (on_wire_ && !cleans_up_) ++stories_.at(*on_wire_).unknown;
    for (auto& [piece, token] : aside_) ++stories_.at(token).unknown;
    on_wire_.reset();
    aside_.clear();
  }

  using marks = std::map<std::uint64_t, std::vector<std::uint64_t>>;
  void clear_mark(marks::iterator it) {
    const auto [number, tokens] = *it;
    marks_.erase(it);
    for (const auto token : tokens) stories_.at(token).intent_committed = true;
    call([&, n = number](chat_queue_step& out) { queue_.intent_committed(n, out); });
  }
  void clear(bytes& in) {
    if (marks_.empty()) return;
    auto it = marks_.begin();
    std::advance(it, static_cast<std::ptrdiff_t>(in.below(marks_.size())));
    clear_mark(it);
  }

  void upload(bytes& in) {
    const auto how = in.below(3);
    if (how == 2) {
      uploads_.clear();
      call([](chat_queue& x, chat_queue_step& out) { x.upload_lost(out); });
      return;
    }
    if (uploads_.empty()) return;
    const auto number = *uploads_.begin();
    uploads_.erase(uploads_.begin());
    const auto reference = how == 0 ? media_reference{"https://c/relay/media/1", "", ""}
                                    : media_reference{"", "media_refused", "no"};
    call([&](chat_queue_step& out) { queue_.uploaded(number, reference, out); });
  }

  void expire() {
    const auto due = queue_.due();
    call([this](chat_queue& x, chat_queue_step& out) { x.expire(now_, out); });
    if (!due || *due > now_) return;
    // The next one may be late, too; one call handles at least one.
    for (auto left = queue_.size() + 1; left > 0 && queue_.due() && *queue_.due() <= now_; --left)
      call([this](chat_queue& x, chat_queue_step& out) { x.expire(now_, out); });
    require(!queue_.due() || *queue_.due() > now_, "what is due is handled");
  }

  void take(const chat_queue_step& step) {
    for (const auto& mark : step.intents) {
      require(!mark.tokens.empty(), "a mark is about somebody");
      require(stories_.at(mark.tokens.back()).record != action_record::none, "what is on disk is marked");
      for (const auto token : mark.tokens) {
        auto& x = stories_.at(token);
        require(!x.over, "a mark is about an open action");
        require(mark.maybe_written || !x.maybe_written, "what may be written is not recorded as not written");
        x.intent_committed = false;
      }
      if (mark.maybe_written) marks_[mark.number] = mark.tokens;
    }
    for (const auto& x : step.uploads) uploads_.insert(x.number);
    // An upload that a later outcome makes void is answered all the same.
    for (const auto& x : step.done) over(x);
    for (const auto& x : step.out) sent(x);
  }

  static std::uint64_t number_of(const action& x) {
    require(x.metadata.starts_with("{\"n\":"), "metadata travels along");
    return std::stoul(x.metadata.substr(5));
  }

  void sent(const transmit& t) {
    const auto token = number_of(t.act);
    auto& x = stories_.at(token);
    require(linked_, "nothing is sent without a connection (F3)");
    const auto beside = t.act.kind == op::react; // holds nothing up
    require(beside || !on_wire_, "one piece of a chat at a time");
    require(!x.over, "what is over is not sent");
    require(!x.declined, "a refusal is final (F54)");
    require(x.intent_committed, "the disk knows first");
    require(x.unknown == 0 || x.resends || x.draft, "what may have arrived is not sent again (F6)");
    require(x.unknown <= (x.draft ? 4U : 2U), "nothing is sent for ever");
    require(file_of(t.act) == nullptr, "a file is in the store first");
    if (t.act.kind == op::send && x.done_pieces > 0)
      require(t.act.reply_to.empty(), "the first piece carries the reply");
    if (x.done_pieces == 0) {
      auto form = std::to_string(which_) + " " + std::string{to_string(t.act.kind)};
      x.cut_anew = x.cut_anew || (x.unknown > 0 && x.form != form);
      x.reworded = x.reworded || (x.unknown > 0 && x.first != t.act.content);
      x.form = std::move(form);
      x.first = t.act.content;
    }
    // In the order given; a newer edit may stand in an older one's place.
    require(token >= last_ || came_back_.contains(token) || (beside && x.unknown > 0),
            "a chat keeps its order");
    last_ = std::max(last_, token);
    x.maybe_written = true;
    if (beside) {
      require(aside_.emplace(t.piece, token).second, "a piece has its own name");
      return;
    }
    on_wire_ = token;
    piece_ = t.piece;
    cleans_up_ = t.act.content == "\xE2\x80\xA6";
  }

  void over(const chat_outcome& x) {
    auto& it = stories_.at(x.token);
    require(!it.over, "an action has one outcome");
    it.over = true;
    const auto& result = x.result;
    require(result.how == outcome::done || !result.error.empty(), "a failure has a reason");
    // The action that it ended with: its own, or the one that took its place.
    const auto newest = carrier_of(x.token);
    const auto& real = stories_.at(newest);
    if (result.code == "not_connected" || result.code == "not_stored") {
      require(result.how == outcome::definite, "what was held is definitely not done");
      require(real.unknown == 0, "what may have arrived is not called undone (F6)");
      require(real.done_pieces == 0 || result.error.find("nothing was sent") == std::string::npos,
              "what was sent is told");
    }
    if (real.unknown > 0 && !real.resends && !real.draft)
      require(result.how == outcome::unknown, "what nobody knows is called unknown (F6)");
    require(!real.declined || result.code == "egress_declined", "a refusal is handed on (F54)");
    if (result.how == outcome::unknown)
      require(real.unknown > 0 || real.cut_anew, "only what was written is unknown");
    if (real.reworded && real.done_pieces > 0 && !real.draft && !real.declined)
      require(result.how != outcome::definite, "an earlier cut may have arrived as well (F6)");
  }
  std::uint64_t carrier_of(std::uint64_t token) const {
    for (const auto& [newer, x] : stories_)
      if (newer > token && x.took_over == token) return carrier_of(newer);
    return token;
  }

  void check() {
    const auto open = static_cast<std::size_t>(
        std::count_if(stories_.begin(), stories_.end(), [](const auto& x) { return !x.second.over; }));
    require(queue_.size() <= open, "nothing waits that is over");
    require((queue_.size() > 0) == (open > 0), "nothing is lost");
    require(queue_.busy() == (open > 0), "a queue is busy while anybody waits");
  }

  chat_queue queue_;
  instant now_{std::chrono::hours{1}};
  std::map<std::uint64_t, story> stories_;
  std::map<std::string, std::vector<std::uint64_t>> alike_; ///< actions that may stand for each other
  marks marks_;
  std::set<std::uint64_t> uploads_;
  std::optional<std::uint64_t> on_wire_;         ///< the action whose frame is out
  std::map<std::uint64_t, std::uint64_t> aside_; ///< reactions that are out, by piece
  std::set<std::uint64_t> came_back_;            ///< never left, so they go once more
  std::uint64_t piece_ = 0, next_ = 0, last_ = 0;
  std::size_t which_ = 0; ///< of the descriptors that count
  bool linked_ = false;
  bool cleans_up_ = false; ///< what is out takes away the rest of a longer text
};

void run(std::string_view input) {
  env here;
  for (bytes in{input.substr(0, 500)}; in.more();) here.step(in);
  here.finish();
}

const registration self{"chat_queue", run};

} // namespace chat_queue_target
} // namespace relay::fuzz
