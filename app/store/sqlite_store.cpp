#include "relay_gateway/app/store/sqlite_store.hpp"

#include "relay_gateway/app/store/database.hpp"
#include "relay_gateway/app/store/group_writer.hpp"
#include "relay_gateway/app/store/tables/tables.hpp"
#include "relay_gateway/messages/wire/session_key.hpp"

#include <SQLiteCpp/Exception.h>

#include <memory>
#include <utility>

namespace relay {

namespace {

using store::group_writer;
using store::tables;

std::int64_t system_wall_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

class sqlite_store final : public store_port {
public:
  sqlite_store(std::shared_ptr<group_writer> writer, std::map<std::string, std::string> facts)
      : writer_(std::move(writer)), facts_(std::move(facts)) {
    writer_->start();
  }
  sqlite_store(const sqlite_store&) = delete;
  sqlite_store& operator=(const sqlite_store&) = delete;
  ~sqlite_store() override {
    writer_->watch(nullptr);
    writer_->end();
  }

  bool durable() const noexcept override { return true; }
  std::map<std::string, std::string> facts() const override { return facts_; }
  void commit(std::vector<store_record> batch, std::function<void(store_receipt)> done) override {
    writer_->commit(std::move(batch), std::move(done));
  }
  void load_inbound(std::function<void(inbound_image)> done) override {
    ask(std::move(done), [](tables& x) { return x.load_inbound(); });
  }
  void load_outbound(std::function<void(outbound_image)> done) override {
    ask(std::move(done), [](tables& x) { return x.load_outbound(); });
  }
  void chats_after(std::uint64_t use, std::size_t limit, std::function<void(chat_page)> done) override {
    ask(std::move(done), [use, limit](tables& x) { return x.chats_after(use, limit); });
  }
  void recall(std::string session, std::size_t limit, std::function<void(recalled_events)> done) override {
    ask(std::move(done),
        [session = std::move(session), limit](tables& x) { return x.recall(session, limit); });
  }
  void scan(std::uint64_t after_seq, std::size_t limit, std::function<void(spill_page)> done) override {
    ask(std::move(done), [after_seq, limit](tables& x) { return x.scan(after_seq, limit); });
  }
  void dead_letters(std::uint64_t after_seq, std::size_t limit,
                    std::function<void(std::vector<dead_letter>)> done) override {
    ask(std::move(done), [after_seq, limit](tables& x) { return x.dead_letters(after_seq, limit); });
  }
  void conversations(std::string session, std::function<void(std::vector<conversation_kept>)> done) override {
    ask(std::move(done), [session = std::move(session)](tables& x) { return x.conversations(session); });
  }
  void watch(std::function<void(store_health)> told) override { writer_->watch(std::move(told)); }

private:
  template <class Answer, class Question>
  void ask(std::function<void(Answer)> done, Question what) {
    writer_->ask([done = std::move(done), what = std::move(what)](tables& x) -> group_writer::answer {
      auto found = std::make_shared<Answer>(what(x));
      return [done, found] { done(std::move(*found)); };
    });
  }

  std::shared_ptr<group_writer> writer_;
  const std::map<std::string, std::string> facts_;
};

void note(const sqlite_store_options& to, severity level, std::string_view id,
          std::initializer_list<log_field> fields) {
  if (to.log) to.log->write(level, id, fields);
}

/// Moves the files that exist aside, under another name.
bool begin_anew(const sqlite_store_options& what, const store::state_directory& where, store_fault& why) {
  std::string moved_to;
  if (!store::reset_database(where, what.wall_ms() / 1'000, moved_to, why)) return false;
  note(what, severity::warn, "store.reset",
       {{"old", moved_to.empty() ? "none" : moved_to}, {"next", "begins anew with nothing known"}});
  return true;
}

} // namespace

std::shared_ptr<store_port> open_sqlite_store(sqlite_store_options what, store_fault& why) {
  if (!what.wall_ms) what.wall_ms = system_wall_ms;
  if (!what.session_of)
    what.session_of = [](const inbound_event& x) {
      return wire::session_key(x.source, {}, wire::session_message(x));
    };
  why = {};
  store::state_directory where;
  if (!where.take(what.dir, why)) return nullptr;
  if (what.reset && !begin_anew(what, where, why)) return nullptr;
  auto file = store::open_database(where, why);
  if (!file) return nullptr;

  store::table_rules rules;
  rules.window_ms = what.dedupe_window.count();
  rules.entries = what.dedupe_entries;
  rules.max_chats = what.max_chats;
  rules.wall_ms = what.wall_ms;
  rules.session_of = what.session_of;
  rules.tell = [what](const char* table, std::uint64_t key, const std::string& text) {
    note(what, severity::error, "store.unreadable",
         {{"table", table},
          {"key", key},
          {"why", text},
          {"next", "left in the file; an event is among the dead letters"}});
  };
  try {
    auto first = std::make_unique<tables>(std::move(file), rules);
    auto facts = first->facts();
    auto path = where.database();
    note(what, severity::info, "store.opened",
         {{"file", path}, {"bytes", where.used_bytes()}, {"schema", first->schema()}});
    auto again = [path, rules] { return std::make_unique<tables>(store::reopen_database(path), rules); };
    auto writer = std::make_shared<group_writer>(what, std::move(where), std::move(first), again);
    return std::make_shared<sqlite_store>(std::move(writer), std::move(facts));
  } catch (const SQLite::Exception& x) {
    why = store::fault_of(where.database(), x);
    return nullptr;
  }
}

} // namespace relay
