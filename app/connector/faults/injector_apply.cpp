// What each action does to a frame, a call, an upgrade, a connection, the connector.
#include "relay_gateway/app/connector/faults/frame_context.hpp"
#include "relay_gateway/app/connector/faults/mangle.hpp"

#include <boost/hana/functional/overload.hpp>

#include <algorithm>

namespace relay::connector::faults {

namespace {

std::string in_ms(milliseconds x) { return std::to_string(x.count()) + " ms"; }

/// `On` is the injector's frame_context, which only its members may name.
template <class On>
std::string shorten(On& on, const truncate& x) {
  auto before = on.line.size();
  on.line = truncated(on.line, x);
  on.newline = on.newline && x.newline;
  return "truncate " + std::to_string(before) + " to " + std::to_string(on.line.size());
}

template <class On>
std::string cut_up(On& on, const split& x, seeded_rng& rng) {
  on.cuts = cuts_of(on.line.size() + (on.newline ? 1 : 0), x, rng);
  on.fragments = x.fragments;
  on.pause = milliseconds{rng.in(x.every_ms)};
  return "split into " + std::to_string(on.cuts.size() + 1) + (x.fragments ? " fragments" : " messages");
}

} // namespace

void injector::alter(const action& what, seeded_rng& rng, frame_context& on, std::vector<std::string>& did) {
  std::visit(boost::hana::overload(
                 [&](const drop&) {
                   on.gone = true;
                   did.emplace_back("drop");
                 },
                 [&](const delay& x) {
                   milliseconds wait{rng.in(x.ms)};
                   on.how.delay += wait;
                   on.how.in_order = on.how.in_order || x.in_order;
                   did.push_back("delay " + in_ms(wait));
                 },
                 [&](const duplicate& x) {
                   on.copies += static_cast<std::uint64_t>(rng.in(x.copies));
                   on.between = milliseconds{rng.in(x.after_ms)};
                   did.push_back("duplicate " + std::to_string(on.copies));
                 },
                 [&](const reorder& x) {
                   on.how.overtaken_by = static_cast<std::uint64_t>(rng.in(x.by));
                   on.how.at_most = x.within;
                   on.how.keep_chat_order = x.keep_chat_order;
                   did.push_back("reorder by " + std::to_string(on.how.overtaken_by));
                 },
                 [&](const rewrite& x) {
                   bool fine = false;
                   on.line = rewritten(on.line, x, fine);
                   did.emplace_back(fine ? "rewrite" : "rewrite: no JSON object, left as it is");
                 },
                 [&](const corrupt& x) {
                   on.line = corrupted(on.line, x, rng);
                   did.emplace_back("corrupt");
                 },
                 [&](const truncate& x) { did.push_back(shorten(on, x)); },
                 [&](const binary&) {
                   on.binary = true;
                   did.emplace_back("binary");
                 },
                 [&](const split& x) { did.push_back(cut_up(on, x, rng)); },
                 [&](const merge& x) {
                   on.how.merge = static_cast<std::uint64_t>(rng.in(x.frames));
                   on.how.merge_within = x.within;
                   did.push_back("merge " + std::to_string(on.how.merge));
                 },
                 [&](const insert& x) {
                   (x.before ? on.before : on.after).push_back(x.text);
                   did.emplace_back("insert");
                 },
                 [](const auto&) {} // of other triggers; the reader lets none of them through
                 ),
             what);
}

bool injector::to_connection(const action& what, connection_id which, seeded_rng& rng, milliseconds now,
                             steps& out, std::vector<std::string>& did) {
  auto done = [&](step x, std::string told) {
    out.push_back(std::move(x));
    did.push_back(std::move(told));
    return true;
  };
  return std::visit(
      boost::hana::overload(
          [&](const close& x) {
            return done(close_connection{which, x.code, x.reason}, "close " + std::to_string(x.code));
          },
          [&](const cut&) {
            return done(end_connection{which, false}, "cut");
          },
          [&](const reset&) {
            return done(end_connection{which, true}, "reset");
          },
          [&](const stall& x) {
            milliseconds limit{rng.in(x.ms)};
            if (limit.count() > 0) later(now + limit, hold_connection{which, x.reading, false});
            return done(hold_connection{which, x.reading, true},
                        std::string{"stall "} + (x.reading ? "reading" : "writing") +
                            (limit.count() > 0 ? " " + in_ms(limit) : ""));
          },
          [&](const resume&) {
            out.emplace_back(hold_connection{which, true, false});
            return done(hold_connection{which, false, false}, "resume");
          },
          [&](const half_open& x) {
            later(now + x.ms, forget_connection{which});
            return done(abandon_connection{which}, "half-open");
          },
          [&](const raw& x) {
            return done(raw_bytes{which, x.bytes}, "raw " + std::to_string(x.bytes.size()) + " bytes");
          },
          [](const auto&) { return false; }),
      what);
}

bool injector::to_connector(const action& what, std::string_view gateway, seeded_rng& rng, milliseconds now,
                            steps& out, std::vector<std::string>& did) {
  std::string whose{gateway};
  auto done = [&](step x, std::string told) {
    out.push_back(std::move(x));
    did.push_back(std::move(told));
    return true;
  };
  return std::visit(
      boost::hana::overload(
          [&](const expire_tokens& x) {
            return done(expire_credentials{whose, x.reason}, "expire tokens");
          },
          [&](const revoke_tokens& x) {
            return done(revoke_credentials{whose, x.reason, x.close}, "revoke tokens");
          },
          [&](const shift_clock& x) {
            if (x.ms.count() > 0) later(now + x.ms, set_clock{0});
            return done(set_clock{x.seconds}, "shift the clock by " + std::to_string(x.seconds) + " s");
          },
          [&](const replay& x) {
            return done(replay_events{whose, x}, "replay " + std::to_string(x.events) + " events");
          },
          [&](const poke& x) {
            for (std::int64_t i = 1; i < x.times; ++i) later(now + x.every_ms * i, call_wake_url{whose});
            return done(call_wake_url{whose}, "poke");
          },
          [&](const outage& x) {
            milliseconds limit{rng.in(x.ms)};
            later(now + limit, set_outage{false});
            return done(set_outage{true}, "outage " + in_ms(limit));
          },
          [](const auto&) { return false; }),
      what);
}

void injector::to_call(const action& what, seeded_rng& rng, call_verdict& on, std::vector<std::string>& did) {
  std::visit(
      boost::hana::overload(
          [&](const delay& x) {
            milliseconds wait{rng.in(x.ms)};
            on.delay += wait;
            did.push_back("delay " + in_ms(wait));
          },
          [&](const answer& x) {
            on.instead = x;
            on.processed = false;
            did.push_back("answer " + std::to_string(x.status));
          },
          [&](const processed& x) { on.processed = x.on; }, // stands behind `answer` in the order of actions
          [&](const silence&) {
            on.how = ending::silent;
            did.emplace_back("silence");
          },
          [&](const cut&) {
            on.how = ending::cut;
            did.emplace_back("cut");
          },
          [&](const reset&) {
            on.how = ending::reset;
            did.emplace_back("reset");
          },
          [&](const pad& x) {
            on.pad = x.bytes;
            did.push_back("pad to " + std::to_string(x.bytes));
          },
          [&](const truncate& x) {
            on.cut_after = x;
            did.emplace_back("truncate");
          },
          [&](const corrupt& x) {
            on.mangled = x;
            on.rng = rng.next();
            did.emplace_back("corrupt");
          },
          [&](const drip& x) {
            on.dripped = x;
            did.push_back("drip " + std::to_string(x.bytes) + " bytes at a time");
          },
          [](const auto&) {}),
      what);
}

void injector::to_upgrade(const action& what, entry& by, upgrade_verdict& on, std::vector<std::string>& did) {
  auto when_open = [&](const action& x, std::string told) {
    on.when_open.push_back(x);
    did.push_back(std::move(told));
  };
  std::visit(boost::hana::overload(
                 [&](const delay& x) {
                   milliseconds wait{by.rng.in(x.ms)};
                   on.delay += wait;
                   did.push_back("delay " + in_ms(wait));
                 },
                 [&](const answer& x) {
                   on.refuse = x;
                   did.push_back("refuse " + std::to_string(x.status));
                 },
                 [&](const silence&) {
                   on.how = ending::silent;
                   did.emplace_back("silence");
                 },
                 [&](const cut&) {
                   on.how = ending::cut;
                   did.emplace_back("cut");
                 },
                 [&](const reset&) {
                   on.how = ending::reset;
                   did.emplace_back("reset");
                 },
                 [&](const close& x) { when_open(x, "close " + std::to_string(x.code) + " when open"); },
                 [&](const stall& x) {
                   when_open(x, std::string{"stall "} + (x.reading ? "reading" : "writing") + " when open");
                 },
                 [&](const half_open& x) { when_open(x, "half-open when open"); },
                 [&](const raw& x) { when_open(x, "raw when open"); },
                 [&](const insert& x) { when_open(x, "insert when open"); }, [](const auto&) {}),
             what);
}

void injector::to_answer(const action& what, seeded_rng& rng, answer_verdict& on,
                         std::vector<std::string>& did) {
  std::visit(boost::hana::overload(
                 [&](const delay& x) {
                   on.delay += milliseconds{rng.in(x.ms)};
                   did.push_back("delay " + in_ms(on.delay));
                 },
                 [&](const silence&) {
                   on.silent = true;
                   did.emplace_back("silence");
                 },
                 [&](const duplicate& x) {
                   on.copies += static_cast<std::uint64_t>(rng.in(x.copies));
                   on.between = milliseconds{rng.in(x.after_ms)};
                   did.push_back("duplicate " + std::to_string(on.copies));
                 },
                 [&](const answer& x) {
                   on.instead = x;
                   did.push_back("answer " + std::to_string(x.status));
                 },
                 [&](const result& x) {
                   on.said = x.json;
                   did.emplace_back("result");
                 },
                 [&](const descriptor& x) {
                   on.said = x.json;
                   did.emplace_back("descriptor");
                 },
                 [&](const close& x) {
                   on.close_with = x;
                   did.push_back("close " + std::to_string(x.code));
                 },
                 [&](const cut&) {
                   on.cut = true;
                   did.emplace_back("cut");
                 },
                 [&](const idle_anyway&) {
                   on.idle_anyway = true;
                   did.emplace_back("idle anyway");
                 },
                 [](const auto&) {} // of other triggers; the reader lets none of them through
                 ),
             what);
}

} // namespace relay::connector::faults
