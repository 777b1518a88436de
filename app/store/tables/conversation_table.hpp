// Sessions of an agent that asks a model (messages/records.hpp). Private to app/store; one thread, inside the
// transaction that its owner holds; throws SQLite::Exception.
#pragma once

#include "relay_gateway/app/store/tables/sql.hpp"
#include "relay_gateway/messages/records.hpp"

#include <SQLiteCpp/Database.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace relay::store {

class conversation_table {
public:
  explicit conversation_table(SQLite::Database& file);
  void write(const conversation_kept& x, std::int64_t now);
  /// That one, or all with open questions, least recently used first.
  std::vector<conversation_kept> load(const std::string& session);
  /// Forgets at most so many of those that nobody used for a month, or that are too many.
  void trim(std::int64_t now, std::size_t limit);

private:
  statement put_, drop_, one_, open_, drop_old_, drop_more_, count_;
};

} // namespace relay::store
