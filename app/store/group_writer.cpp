#include "relay_gateway/app/store/group_writer.hpp"

#include "relay_gateway/actors/metrics.hpp"
#include "relay_gateway/app/store/database.hpp"

#include <SQLiteCpp/Exception.h>

#include <algorithm>
#include <iterator>
#include <sqlite3.h>
#include <system_error>
#include <utility>

namespace relay::store {

namespace {

/// Bounds of one transaction: what is in it waits for all of it.
constexpr std::size_t most_records = 2'000, most_bytes = 8ULL << 20;
/// While idle, a journal of at least this much is brought into the file.
constexpr std::uint64_t worth_tending = 1ULL << 20;
constexpr std::uint64_t look_every = 256ULL << 10;
/// Whether the directory is still there is looked at this often while nobody wants anything.
constexpr std::chrono::milliseconds look_around_every{1'000};
/// A larger database is worth keeping open: what it remembers is read anew each time.
constexpr std::uint64_t most_parked = 1ULL << 20;
/// Pieces of a file that are given back at a time while the disk has hardly any room.
constexpr int pieces_at_once = 16;

std::size_t bytes_of(const store_record& x) {
  constexpr std::size_t usual = 128;
  if (const auto* event = std::get_if<event_taken>(&x)) return usual + event->what.event->raw.size();
  if (const auto* dead = std::get_if<event_dead>(&x)) {
    const auto& event = *dead->event;
    return usual + (event.unreadable ? event.text.size() : event.raw.size());
  }
  if (const auto* taken = std::get_if<action_taken>(&x)) {
    return usual + size_of(taken->what.what.act);
  }
  if (const auto* settled = std::get_if<action_settled>(&x)) return usual + settled->result.raw.size();
  if (const auto* kept = std::get_if<conversation_kept>(&x)) return usual + kept->body.size();
  return usual;
}

struct reason {
  const char* label; ///< of the metric
  const char* text;  ///< for people
};
reason reason_of(int code) {
  switch (code) {
  case SQLITE_FULL: return {"full", "the disk is full"};
  case SQLITE_READONLY: return {"read_only", "it is read-only"};
  case SQLITE_IOERR: return {"io", "the disk reports an error"};
  case SQLITE_CANTOPEN:
  case SQLITE_PERM: return {"open", "it cannot be opened"};
  case SQLITE_BUSY:
  case SQLITE_LOCKED: return {"busy", "another process uses it"};
  case SQLITE_CORRUPT:
  case SQLITE_NOTADB: return {"damaged", "it is damaged: stop, then start with --state-reset"};
  default: return {"other", "SQLite refuses"};
  }
}

} // namespace

group_writer::group_writer(const sqlite_store_options& what, state_directory where,
                           std::unique_ptr<tables> first, opener again)
    : what_(what), where_(std::move(where)), again_(std::move(again)), tables_(std::move(first)) {
  if (!what_.metrics) return;
  what_.metrics->set(gauge::store_ok, 1);
  what_.metrics->set(gauge::store_bytes, static_cast<std::int64_t>(where_.used_bytes()));
}

void group_writer::commit(std::vector<store_record> batch, std::function<void(store_receipt)> done) {
  job x;
  for (const auto& one : batch) x.bytes += bytes_of(one);
  x.records = std::move(batch);
  x.done = std::move(done);
  push(std::move(x));
}

void group_writer::ask(question what) {
  job x;
  x.what = std::move(what);
  push(std::move(x));
}

void group_writer::push(job x) {
  bool wake = false, call = false;
  {
    std::lock_guard guard{lock_};
    if (finishing_) return; // nobody is left who could hear of it
    queued_records_ += x.records.size();
    queue_.push_back(std::move(x));
    wake = std::exchange(waiting_, false);
    call = !has_thread_ && !std::exchange(called_, true);
  }
  if (wake) changed_.notify_one();
  if (call) what_.parked->wake(*this);
}

void group_writer::watch(std::function<void(store_health)> told) {
  std::lock_guard guard{watch_lock_};
  watcher_ = std::move(told);
  if (watcher_) watcher_(health_);
}

void group_writer::set_health(store_health x) {
  std::lock_guard guard{watch_lock_};
  x.number = health_.number;
  if (x == health_) return;
  ++x.number;
  health_ = std::move(x);
  if (what_.metrics) what_.metrics->set(gauge::store_ok, health_.ok && health_.room ? 1 : 0);
  if (watcher_) watcher_(health_);
}

void group_writer::start() {
  std::lock_guard guard{lock_};
  thread_ = std::thread{[self = shared_from_this()] {
    self->where_.opened();
    self->written(); // a disk that is nearly full already says so before anything comes
    self->work();
  }};
}

void group_writer::end() {
  {
    std::lock_guard guard{lock_};
    finishing_ = true;
    deadline_ = clock::now() + what_.last_attempt;
    waiting_ = false;
  }
  changed_.notify_one();
  if (what_.parked) what_.parked->forget(*this);
  std::unique_lock held{lock_};
  auto thread = std::move(thread_);
  const auto parked = !std::exchange(has_thread_, true);
  held.unlock();
  // A call-back on the thread may have held the last handle, and a thread cannot join itself. It owns all
  // that it needs.
  if (thread.get_id() == std::this_thread::get_id())
    thread.detach();
  else
    thread.join();
  if (parked) work(); // what came last, before a thread could be had for it
}

bool group_writer::resume() {
  std::lock_guard guard{lock_};
  if (finishing_ || has_thread_) return true;
  if (thread_.joinable()) thread_.join(); // it has left
  try {
    thread_ = std::thread{[self = shared_from_this()] { self->work(); }};
  } catch (const std::system_error&) {
    return false;
  }
  has_thread_ = true;
  called_ = false;
  return true;
}

// -- the thread ------------------------------------------------------------------------------------------

void group_writer::work() {
  for (;;) {
    auto batch = next_batch();
    if (!batch) return;
    if (batch->empty() || !write(*batch)) break;
    tell(*batch);
    batch->clear();
    tend();
  }
  tables_.reset(); // takes the journal into the file
}

/// Waits; empty when the end has come, none when it is parked: then nothing here is this thread's any more.
std::optional<std::vector<group_writer::job>> group_writer::next_batch() {
  std::unique_lock held{lock_};
  auto some = [this] { return !queue_.empty() || finishing_; };
  while (!some()) {
    if (leave()) return std::nullopt;
    waiting_ = true;
    const auto busy = !tidy_ || scarce_;
    const auto pause = what_.parked ? what_.parked->after() : look_around_every;
    if (!changed_.wait_for(held, busy ? what_.idle : pause, some)) {
      held.unlock();
      look_around();
      if (!busy) close_if_small();
      if (!displaced_ && busy) {
        tidy_ = !tidy_up();
        if (scarce_) written(); // somebody may have made room
      }
      held.lock();
    }
  }
  waiting_ = false;
  std::vector<job> out;
  for (std::size_t records = 0, bytes = 0; !queue_.empty(); queue_.pop_front()) {
    auto& x = queue_.front();
    records += std::max<std::size_t>(x.records.size(), 1);
    bytes += x.bytes;
    if (!out.empty() && (records > most_records || bytes > most_bytes)) break;
    queued_records_ -= x.records.size();
    out.push_back(std::move(x));
  }
  if (what_.metrics) what_.metrics->set(gauge::store_queue, static_cast<std::int64_t>(queued_records_));
  return out;
}

/// What is queued next opens it again.
void group_writer::close_if_small() {
  if (!what_.parked || !tables_ || displaced_ || where_.used_bytes() > most_parked) return;
  tables_.reset(); // takes the journal into the file
}

/// With the lock, and nothing queued: whether the thread may end, since what it worked on is closed.
bool group_writer::leave() {
  if (!what_.parked || tables_ || displaced_) return false;
  has_thread_ = waiting_ = false;
  what_.parked->add(shared_from_this());
  return true;
}

/// Until it is on disk; false when the end came first.
bool group_writer::write(std::vector<job>& batch) {
  while (!over()) {
    auto fault = attempt(batch);
    // What the journal holds in older versions is room as well.
    if (fault.code == SQLITE_FULL && tables_) {
      (void)forget_some();
      checkpoint();
      fault = attempt(batch);
    }
    if (fault.code == SQLITE_OK) {
      written();
      return true;
    }
    if (fault.code == SQLITE_FULL && batch.size() > 1) {
      divide(batch);
      continue;
    }
    failed(fault);
    pause();
  }
  std::size_t records = 0;
  for (const auto& x : batch) records += x.records.size();
  give_up(records);
  return false;
}

/// Less at once needs less of a journal, so what has its place in the file may get there yet.
void group_writer::divide(std::vector<job>& batch) {
  auto half = batch.begin() + static_cast<std::ptrdiff_t>(batch.size() / 2);
  std::lock_guard guard{lock_};
  for (auto x = half; x != batch.end(); ++x) queued_records_ += x->records.size();
  queue_.insert(queue_.begin(), std::make_move_iterator(half), std::make_move_iterator(batch.end()));
  batch.erase(half, batch.end());
}

/// All of it or nothing.
group_writer::write_fault group_writer::attempt(std::vector<job>& batch) {
  write_fault out;
  if (!in_place(out)) return out;
  try {
    if (!tables_) open_again();
    transact(batch);
    where_.journal_begun();
    return out;
  } catch (const SQLite::Exception& x) {
    out = {x.getErrorCode(), x.what()};
  } catch (const std::exception& x) { // no memory, say: that may pass as well
    out = {SQLITE_ERROR, x.what()};
  }
  if (tables_) tables_->rollback();
  // A full disk leaves the connection as it was; whatever else happened, a fresh one knows best. But where
  // the file is gone, the connection has all that is left of it.
  if (write_fault lost; !in_place(lost)) return lost;
  if (out.code != SQLITE_FULL) tables_.reset();
  return out;
}

/// While nobody writes, nobody else would notice.
void group_writer::look_around() {
  const auto now = clock::now();
  if (now - looked_around_ < look_around_every) return;
  looked_around_ = now;
  tell_free_space();
  const auto before = displaced_;
  write_fault fault;
  if (!in_place(fault))
    failed(fault);
  else if (before)
    written();
}

void group_writer::transact(std::vector<job>& batch) {
  auto begun = clock::now();
  std::size_t records = 0;
  tables_->begin();
  for (auto& x : batch) {
    x.receipt = {};
    for (const auto& one : x.records) tables_->write(one, x.receipt);
    if (x.what) x.then = x.what(*tables_);
    records += x.records.size();
  }
  tables_->commit(records);
  if (!what_.metrics || records == 0) return;
  what_.metrics->add(counter::store_commits);
  what_.metrics->add(counter::store_records, records);
  what_.metrics->observe(histogram::store_commit, clock::now() - begun);
}

/// In order, and outside of any lock: they may well call this store.
void group_writer::tell(std::vector<job>& batch) {
  // Whoever acts on a receipt knows what whoever watches was told before it.
  bool room = true;
  std::uint64_t number = 0;
  {
    std::lock_guard guard{watch_lock_};
    room = health_.ok && health_.room;
    number = health_.number;
  }
  for (auto& x : batch) {
    x.receipt.room = room;
    x.receipt.number = number;
    try {
      if (x.done) x.done(std::move(x.receipt));
      if (x.then) x.then();
    } catch (const std::exception& why) {
      note(severity::error, "store.callback_failed",
           {{"why", why.what()}, {"next", "the others are called"}});
    }
  }
}

void group_writer::failed(const write_fault& x) {
  auto why = reason_of(x.code);
  if (what_.metrics) what_.metrics->add(counter::store_failures, why.label);
  auto text = where_.database() + ": " + why.text + " (" + one_line(x.said) + ")";
  bool news = false;
  {
    std::lock_guard guard{watch_lock_};
    news = health_.ok;
  }
  if (news)
    note(severity::error, "store.failing",
         {{"why", text}, {"next", "nothing is acknowledged; everything waits and is tried again"}});
  set_health({false, std::move(text), x.code != SQLITE_FULL && !scarce_});
}

/// The disk takes what it is given; for how long?
void group_writer::written() {
  headroom left;
  scarce_ = !has_room(left);
  store_health now, before;
  if (scarce_)
    now = {true,
           where_.database() + ": the disk is " + (left.full() ? "full" : "nearly full") +
               "; what room there is left is for what agents take",
           false};
  now.room_bytes = left.open();
  {
    std::lock_guard guard{watch_lock_};
    before = health_;
  }
  now.number = before.number;
  if (now == before) return;
  if (!before.ok) note(severity::info, "store.recovered", {{"next", "what waited is on disk"}});
  if (!now.room && (before.room || !before.ok))
    note(severity::error, "store.scarce",
         {{"why", now.why}, {"next", "further events wait, not acknowledged, until there is room"}});
  if (now.room && !before.room) note(severity::info, "store.roomy", {{"next", "what waited is taken"}});
  set_health(std::move(now));
}

bool group_writer::over() {
  std::lock_guard guard{lock_};
  return finishing_ && clock::now() >= deadline_;
}

/// Before the next attempt.
void group_writer::pause() {
  std::unique_lock held{lock_};
  auto until = clock::now() + what_.retry;
  if (finishing_) until = std::min(until, deadline_);
  auto finishing = finishing_;
  // The end is news: there is one more attempt at once.
  changed_.wait_until(held, until, [&] { return finishing_ != finishing; });
}

/// Between two commits.
void group_writer::tend() {
  tidy_ = false;
  if (tables_ && journal_is_long()) checkpoint();
  if (scarce_) (void)forget_some();
}

/// What is settled is remembered for a while, which on a small disk would keep its room for as long, and with
/// it the gateway from taking anything. True when there may be more of it.
bool group_writer::forget_some() {
  if (!tables_) return false;
  try {
    const headroom disk{where_.space().size};
    return tables_->forget_beyond(disk.remembered());
  } catch (const std::exception&) {
    tables_->rollback(); // the next commit tells what is wrong
    return false;
  }
}

/// While nobody wants anything: a short piece of what would be in the way later; true when there is more.
bool group_writer::tidy_up() {
  if (!tables_) return false;
  try {
    auto more = tables_->shrink(scarce_);
    if (more || tables_->journal_bytes() >= worth_tending) checkpoint();
    for (int n = 0; n < pieces_at_once && scarce_; ++n) {
      const auto forgotten = forget_some();
      more = tables_->shrink(true) || forgotten;
      checkpoint();
      if (!more) break;
    }
    return more;
  } catch (const std::exception&) {
    return false; // the next commit tells what is wrong
  }
}

void group_writer::checkpoint() noexcept {
  try {
    (void)tables_->checkpoint();
  } catch (const std::exception&) {
    // What it was for is in the journal all the same; the next one tries again.
  }
  if (what_.metrics) what_.metrics->set(gauge::store_bytes, static_cast<std::int64_t>(where_.used_bytes()));
}

/// Also when the disk has little room: a journal takes what the file will need.
bool group_writer::journal_is_long() {
  auto bytes = tables_->journal_bytes();
  if (bytes >= journal_bytes) return true;
  if (bytes < looked_at_) looked_at_ = 0;
  if (bytes < looked_at_ + look_every) return false;
  looked_at_ = bytes;
  return where_.space().free < 4 * bytes;
}

/// Somebody else may fill the disk.
void group_writer::tell_free_space() {
  try {
    if (what_.metrics)
      what_.metrics->set(gauge::state_free_bytes, static_cast<std::int64_t>(where_.space().free));
  } catch (const std::exception&) {
    return; // the next commit tells what is wrong
  }
}

bool group_writer::has_room(headroom& left) {
  try {
    auto disk = where_.space();
    left = {disk.size, disk.free, where_.journal_file_bytes()};
    if (what_.metrics) what_.metrics->set(gauge::state_free_bytes, static_cast<std::int64_t>(disk.free));
    if (!tables_ || left.ample()) return true;
    left.in_journal = tables_->journal_bytes();
    left.in_file = tables_->spare_bytes();
    // Most of a journal may be newer versions of what the file holds already; only a checkpoint can tell.
    if (left.enough(scarce_) || left.in_journal == 0 || !left.enough_without_journal(scarce_))
      return left.enough(scarce_);
    checkpoint();
    left = {disk.size, where_.space().free, where_.journal_file_bytes(), tables_->journal_bytes(),
            tables_->spare_bytes()};
    return left.enough(scarce_);
  } catch (const std::exception&) {
    return true; // the next commit tells what is wrong
  }
}

void group_writer::give_up(std::size_t records) {
  std::lock_guard guard{lock_};
  records += queued_records_;
  queue_.clear();
  queued_records_ = 0;
  note(severity::error, "store.unwritten",
       {{"records", records}, {"next", "they are lost; what depended on them was not acknowledged"}});
}

void group_writer::note(severity level, std::string_view id,
                        std::initializer_list<log_field> fields) const noexcept {
  if (what_.log) what_.log->write(level, id, fields);
}

} // namespace relay::store
