// Prepared statements of SQLiteCpp with all their parameters bound at once. Text is not copied: it must live
// until the statement has been run. Private to app/store.
#pragma once

#include <SQLiteCpp/Column.h>
#include <SQLiteCpp/Statement.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <type_traits>

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

/// The rows of a query, one after the other; open rows never outlive it.
class rows {
public:
  template <class... Xs>
  explicit rows(SQLite::Statement& from, const Xs&... xs) : from_(with(from, xs...)) {}
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
