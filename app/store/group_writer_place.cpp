// The part of the writer that notices when its files are removed or replaced, and puts everything in place
// again.
#include "relay_gateway/app/store/database.hpp"
#include "relay_gateway/app/store/group_writer.hpp"

#include <SQLiteCpp/Exception.h>

#include <sqlite3.h>
#include <utility>

namespace relay::store {

/// Whether what is written now is found by the next process.
bool group_writer::in_place(write_fault& out) {
  switch (where_.look()) {
  case state_directory::place::here:
    if (tables_ && where_.journal_lost() && !save_journal(out)) break;
    displaced_ = false;
    return true;
  case state_directory::place::gone:
    out = {SQLITE_CANTOPEN, "the state directory is gone: put it back"};
    break;
  case state_directory::place::other:
    out = {SQLITE_CANTOPEN, "another database is in its place: put the former one back, or start anew"};
    break;
  case state_directory::place::empty:
    if (move_in(out)) return true;
    break;
  }
  displaced_ = true;
  return false;
}

/// A directory without a database is in the place of ours: everything goes there.
bool group_writer::move_in(write_fault& out) {
  if (!tables_) {
    out = {SQLITE_CANTOPEN, "the database is gone: put it back, or start anew"};
    return false;
  }
  try {
    if (where_.is_own()) { // only the database is gone
      put_copy(*tables_, where_);
    } else {
      state_directory next;
      if (store_fault why; !next.take(where_.path(), why)) {
        out = {SQLITE_CANTOPEN, why.text};
        return false;
      }
      put_copy(*tables_, next);
      where_ = std::move(next);
    }
    tables_.reset();
    where_.opened();
    open_again();
  } catch (const SQLite::Exception& x) {
    out = {x.getErrorCode(), x.what()};
    return false;
  }
  displaced_ = false;
  note(severity::warn, "store.moved",
       {{"file", where_.database()},
        {"next", "the directory was replaced; all that was kept is in it again"}});
  return true;
}

/// The journal was removed, and this connection has all that is in it: it goes to the database.
bool group_writer::save_journal(write_fault& out) {
  try {
    if (!tables_->checkpoint()) {
      out = {SQLITE_IOERR, "its journal was removed, and what was in it has no place yet"};
      return false;
    }
    tables_.reset();
    open_again();
  } catch (const SQLite::Exception& x) {
    out = {x.getErrorCode(), x.what()};
    return false;
  }
  note(severity::warn, "store.moved",
       {{"file", where_.database()},
        {"next", "its journal was removed; all that was kept is in the database"}});
  return true;
}

void group_writer::open_again() {
  tables_ = again_();
  where_.journal_ended();
}

} // namespace relay::store
