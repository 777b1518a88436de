// Prepared statements of SQLiteCpp with all their parameters bound at once. Text is not copied: it must live
// until the statement has been run. Private to app/store.
#pragma once

#include <SQLiteCpp/Column.h>
#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Statement.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

namespace relay::store {

namespace detail {
inline void bind(SQLite::Statement& to, int at, const std::string& x) { to.bindNoCopy(at, x); }
inline void bind(SQLite::Statement& to, int at, std::nullptr_t) { to.bind(at); }
template <class T>
requires std::is_integral_v<T>
void bind(SQLite::Statement& to, int at, T x) { to.bind(at, static_cast<std::int64_t>(x)); }
} // namespace detail

/// Ready to run with these parameters. Throws SQLite::Exception, as everything below does.
template <class... Xs>
SQLite::Statement& with(SQLite::Statement& to, const Xs&... xs) {
  to.tryReset(); // an error of its last run was told then
  int at = 0;
  (detail::bind(to, ++at, xs), ...);
  return to;
}

/// Runs it to its end; how many rows it changed.
template <class... Xs>
int exec(SQLite::Statement& to, const Xs&... xs) {
  auto rows = with(to, xs...).exec();
  to.tryReset();
  return rows;
}

/// Prepared when it is used first: most databases of many gateways are open for a moment, and need few of
/// their statements. Used like a SQLite::Statement; a mistake in it is thrown by that use.
class statement {
public:
  statement(SQLite::Database& file, std::string sql) : file_(file), sql_(std::move(sql)) {}
  SQLite::Statement& get() {
    if (!made_) made_.emplace(file_, sql_);
    return *made_;
  }

private:
  SQLite::Database& file_;
  std::string sql_;
  std::optional<SQLite::Statement> made_;
};

template <class... Xs>
int exec(statement& to, const Xs&... xs) {
  return exec(to.get(), xs...);
}

/// The rows of a query, one after the other; open rows never outlive it.
class rows {
public:
  template <class... Xs>
  explicit rows(SQLite::Statement& from, const Xs&... xs) : from_(with(from, xs...)) {}
  template <class... Xs>
  explicit rows(statement& from, const Xs&... xs) : rows(from.get(), xs...) {}
  rows(const rows&) = delete;
  rows& operator=(const rows&) = delete;
  ~rows() { from_.tryReset(); }
  bool next() { return from_.executeStep(); }
  std::string text(int column) const { return from_.getColumn(column).getString(); }
  std::int64_t number(int column) const { return from_.getColumn(column).getInt64(); }
  std::uint64_t count(int column) const { return static_cast<std::uint64_t>(number(column)); }
  bool null(int column) const { return from_.isColumnNull(column); }

private:
  SQLite::Statement& from_;
};

} // namespace relay::store
