#include "relay_gateway/app/connector/faults/language/read_rule.hpp"

#include <rapidjson/pointer.h>

#include <algorithm>
#include <functional>

namespace relay::connector::faults {

namespace {

constexpr std::int64_t max_bytes = 256LL << 20;

// -- one reader per action; `in` holds its parameters ---------------------------------------------------

template <class Action>
Action plain(object_reader&) {
  return {};
}

delay read_delay(object_reader& in) {
  delay out;
  if (!in.span("ms", out.ms, 0, longest_ms) && !in.has("ms")) in.wrong("ms", "is needed");
  in.flag("in_order", out.in_order);
  return out;
}

duplicate read_duplicate(object_reader& in) {
  duplicate out;
  in.span("copies", out.copies, 1, 1000);
  in.span("after_ms", out.after_ms, 0, longest_ms);
  return out;
}

reorder read_reorder(object_reader& in) {
  reorder out;
  in.span("by", out.by, 1, 10'000);
  in.number("within_ms", out.within, 1, longest_ms);
  in.flag("keep_chat_order", out.keep_chat_order);
  return out;
}

truncate read_truncate(object_reader& in) {
  truncate out;
  bool bytes = in.number("bytes", out.bytes, 0, max_bytes);
  if (in.number("percent", out.percent, 0, 100) && bytes) in.wrong("percent", "says 'bytes', too");
  in.flag("newline", out.newline);
  return out;
}

corrupt read_corrupt(object_reader& in) {
  corrupt out;
  in.span("bytes", out.bytes, 1, 1'000'000);
  std::string kind = "any";
  in.word("kind", kind, {"any", "utf8"});
  out.utf8 = kind == "utf8";
  return out;
}

split read_split(object_reader& in) {
  split out;
  bool into = in.span("into", out.into, 2, 10'000);
  if (in.number("bytes", out.bytes, 1, max_bytes) && into) in.wrong("bytes", "says 'into', too");
  std::string as = "messages";
  in.word("as", as, {"messages", "fragments"});
  out.fragments = as == "fragments";
  in.span("every_ms", out.every_ms, 0, longest_ms);
  return out;
}

merge read_merge(object_reader& in) {
  merge out;
  in.span("frames", out.frames, 2, 10'000);
  in.number("within_ms", out.within, 1, longest_ms);
  return out;
}

insert read_insert(object_reader& in) {
  insert out;
  bool frame = false;
  if (const auto* x = in.get("frame")) {
    frame = true;
    if (!x->IsObject()) in.wrong("frame", "must be an object");
    out.text = json::write(*x);
  }
  if (in.text("text", out.text) == frame) in.wrong("text", "give either 'frame' (JSON) or 'text'");
  in.flag("before", out.before);
  return out;
}

close read_close(object_reader& in) {
  close out;
  std::int64_t code = out.code;
  in.number("code", code, 1000, 4999);
  out.code = static_cast<std::uint16_t>(code);
  in.text("reason", out.reason);
  return out;
}

stall read_stall(object_reader& in, bool reading) {
  stall out;
  out.reading = reading;
  in.span("ms", out.ms, 0, longest_ms);
  return out;
}

half_open read_half_open(object_reader& in) {
  half_open out;
  in.number("ms", out.ms, 1, longest_ms);
  return out;
}

int digit_of(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

raw read_raw(object_reader& in) {
  raw out;
  std::string hex, digits;
  bool given = in.text("hex", hex);
  for (auto c : hex)
    if (c != ' ') digits += c;
  bool fine = digits.size() % 2 == 0 && !digits.empty();
  for (auto c : digits) fine = fine && digit_of(c) >= 0;
  if (!fine && (given || !in.has("hex"))) in.wrong("hex", "must be pairs of hexadecimal digits");
  for (std::size_t i = 0; fine && i < digits.size(); i += 2)
    out.bytes += static_cast<char>(digit_of(digits[i]) * 16 + digit_of(digits[i + 1]));
  return out;
}

answer read_answer(object_reader& in) {
  answer out;
  std::int64_t status = out.status;
  in.number("status", status, 200, 599);
  out.status = static_cast<int>(status);
  in.text_or_json("body", out.body);
  in.text("content_type", out.content_type);
  if (const auto* x = in.get("headers")) {
    bool fine = x->IsObject();
    for (auto it = fine ? x->MemberBegin() : json::value::ConstMemberIterator{}; fine && it != x->MemberEnd();
         ++it) {
      fine = it->value.IsString();
      if (fine) out.headers.emplace_back(it->name.GetString(), it->value.GetString());
    }
    if (!fine) in.wrong("headers", "must be an object of strings");
  }
  return out;
}

pad read_pad(object_reader& in) {
  pad out;
  if (!in.number("bytes", out.bytes, 1, max_bytes) && !in.has("bytes")) in.wrong("bytes", "is needed");
  return out;
}

drip read_drip(object_reader& in) {
  drip out;
  in.number("bytes", out.bytes, 1, max_bytes);
  in.span("every_ms", out.every_ms, 1, longest_ms);
  return out;
}

expire_tokens read_expire(object_reader& in) {
  expire_tokens out;
  in.text("reason", out.reason);
  return out;
}

revoke_tokens read_revoke(object_reader& in) {
  revoke_tokens out;
  in.text("reason", out.reason);
  in.flag("close", out.close);
  return out;
}

shift_clock read_clock(object_reader& in) {
  shift_clock out;
  constexpr std::int64_t ten_years = 315'360'000;
  if (!in.number("seconds", out.seconds, -ten_years, ten_years) && !in.has("seconds"))
    in.wrong("seconds", "is needed");
  in.number("ms", out.ms, 0, longest_ms);
  return out;
}

replay read_replay(object_reader& in) {
  replay out;
  in.number("events", out.events, 1, 1'000'000);
  in.number("chats", out.chats, 1, 1'000'000);
  in.number("repeat", out.repeat, 0, 1'000);
  in.text("platform", out.platform);
  in.text("chat", out.chat_id);
  in.text("text", out.text);
  return out;
}

poke read_poke(object_reader& in) {
  poke out;
  in.number("times", out.times, 1, 10'000);
  in.number("every_ms", out.every_ms, 0, longest_ms);
  return out;
}

outage read_outage(object_reader& in) {
  outage out;
  in.span("ms", out.ms, 1, longest_ms);
  return out;
}

// -- which action makes sense where ---------------------------------------------------------------------

using set = unsigned;
constexpr set bit(setting x) { return 1U << static_cast<unsigned>(x); }
constexpr set frames_out = bit(setting::frame_out), frames = frames_out | bit(setting::frame_in_or_any),
              calls = bit(setting::call), upgrades = bit(setting::upgrade), pokes = bit(setting::poke),
              answers = bit(setting::answer), times = bit(setting::time) | bit(setting::by_hand),
              sockets = frames | upgrades | times, anywhere = frames | calls | upgrades | pokes | times;

struct entry {
  std::string_view key;
  set where;
  std::function<action(object_reader&)> read;
};

const std::vector<entry>& table() {
  static const std::vector<entry> all{
      {"drop", frames | pokes, plain<drop>},
      {"delay", frames | calls | upgrades | pokes | answers, read_delay},
      {"duplicate", frames | pokes | answers, read_duplicate},
      {"reorder", frames, read_reorder},
      {"rewrite", frames, {}},
      {"corrupt", frames | calls, read_corrupt},
      {"truncate", frames | calls, read_truncate},
      {"binary", frames_out, plain<binary>},
      {"split", frames_out, read_split},
      {"merge", frames_out, read_merge},
      {"insert", sockets, read_insert},
      {"close", sockets | answers, read_close},
      {"cut", sockets | calls | answers, plain<cut>},
      {"reset", sockets | calls, plain<reset>},
      {"stall_reading", sockets, [](object_reader& in) { return read_stall(in, true); }},
      {"stall_writing", sockets, [](object_reader& in) { return read_stall(in, false); }},
      {"resume", frames | times, plain<resume>},
      {"half_open", sockets, read_half_open},
      {"raw", sockets, read_raw},
      {"answer", calls | answers, read_answer},
      {"refuse", upgrades, read_answer},
      {"silence", calls | upgrades | answers, plain<silence>},
      {"pad", calls, read_pad},
      {"drip", calls, read_drip},
      {"processed", calls, {}},
      {"result", answers, {}},
      {"descriptor", answers, {}},
      {"idle_anyway", answers, plain<idle_anyway>},
      {"expire_tokens", anywhere, read_expire},
      {"revoke_tokens", anywhere, read_revoke},
      {"shift_clock", anywhere, read_clock},
      {"replay", anywhere, read_replay},
      {"poke", anywhere, read_poke},
      {"outage", anywhere, read_outage},
  };
  return all;
}

std::string places(set where) {
  std::string out;
  auto add = [&](set x, std::string_view name) {
    if ((where & x) == x) out += (out.empty() ? "" : ", ") + std::string{name};
  };
  if ((where & frames) == frames)
    add(frames, "frames");
  else
    add(frames_out, "frames with \"direction\": \"out\"");
  add(calls, "calls");
  add(upgrades, "upgrades");
  add(pokes, "pokes");
  add(answers, "answers");
  add(times, "times");
  return out;
}

rewrite read_rewrite(const json::value& from, const std::string& pointer, problems& told) {
  rewrite out;
  if (!from.IsObject() || from.MemberCount() == 0) {
    told.push_back({pointer, "must be an object of JSON pointers and values"});
    return out;
  }
  for (const auto& x : from.GetObject()) {
    rapidjson::Pointer where{x.name.GetString(), x.name.GetStringLength()};
    if (!where.IsValid() || where.GetTokenCount() == 0)
      told.push_back({step_into(pointer, x.name.GetString()), "is no JSON pointer like '/requestId'"});
    else
      out.members.emplace_back(x.name.GetString(), json::write(x.value));
  }
  return out;
}

/// An action whose parameter is the JSON object that is said.
template <class Said>
Said read_said(const json::value& from, const std::string& pointer, problems& told) {
  if (!from.IsObject()) told.push_back({pointer, "must be an object: what is said"});
  return {json::write(from)};
}

/// The action of one key; nothing when it was wrong.
void read_one(const entry& which, const json::value& from, const std::string& pointer, problems& told,
              std::vector<action>& out) {
  if (which.key == "rewrite") {
    out.emplace_back(read_rewrite(from, pointer, told));
    return;
  }
  if (which.key == "processed") {
    if (!from.IsBool()) told.push_back({pointer, "must be true or false"});
    out.emplace_back(processed{from.IsBool() && from.GetBool()});
    return;
  }
  if (which.key == "result") return void(out.emplace_back(read_said<result>(from, pointer, told)));
  if (which.key == "descriptor") return void(out.emplace_back(read_said<descriptor>(from, pointer, told)));
  static const json::value nothing{rapidjson::kObjectType};
  if (!from.IsTrue() && !from.IsObject()) {
    told.push_back({pointer, "must be an object, or true for the defaults"});
    return;
  }
  object_reader in{from.IsTrue() ? nothing : from, pointer, told};
  out.push_back(which.read(in));
  in.finish();
}

/// Combinations of which one part would never have an effect.
void check_together(const json::value& from, const std::string& pointer, problems& told) {
  auto clash = [&](std::initializer_list<const char*> firsts, std::initializer_list<const char*> others,
                   const char* why) {
    for (const auto* a : firsts)
      for (const auto* b : others)
        if (a != b && json::member(from, a) && json::member(from, b))
          told.push_back({step_into(pointer, b), std::string{"has no effect beside '"} + a + "': " + why});
  };
  clash({"drop"},
        {"delay", "duplicate", "reorder", "rewrite", "corrupt", "truncate", "binary", "split", "merge"},
        "the frame is gone");
  clash({"silence"},
        {"cut", "reset", "answer", "refuse", "pad", "drip", "truncate", "corrupt", "delay", "duplicate",
         "result", "descriptor"},
        "there is no answer");
  clash({"refuse"}, {"close", "half_open", "stall_reading", "stall_writing", "insert", "raw", "cut", "reset"},
        "there is no connection");
  clash({"cut"}, {"reset", "answer", "pad", "drip"}, "the connection ends");
  clash({"reset"}, {"answer", "pad", "drip"}, "the connection ends");
  clash({"merge"}, {"split", "binary"}, "the frame leaves with others");
}

} // namespace

void read_actions(const json::value& from, const std::string& pointer, problems& told, setting where,
                  std::vector<action>& out, const std::vector<std::string>& beside) {
  object_reader in{from, pointer, told};
  if (!in.usable()) return;
  auto before = told.size();
  auto known = beside;
  for (const auto& x : table()) {
    known.emplace_back(x.key);
    const auto* found = json::member(from, x.key);
    if (!found) continue;
    if ((x.where & bit(where)) == 0)
      in.wrong(x.key, "is not for this kind of rule, but for " + places(x.where));
    else
      read_one(x, *found, step_into(pointer, x.key), told, out);
  }
  check_together(from, pointer, told);
  in.finish(known);
  if (out.empty() && told.size() == before) told.push_back({pointer, "says nothing that is to happen"});
}

} // namespace relay::connector::faults
