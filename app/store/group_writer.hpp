// The one thread that writes. What arrives while it commits is gathered into the next commit; while the disk
// refuses, everything waits in order and is tried again. Private to app/store.
#pragma once

#include "relay_gateway/app/store/headroom.hpp"
#include "relay_gateway/app/store/parked_stores.hpp"
#include "relay_gateway/app/store/state_directory.hpp"
#include "relay_gateway/app/store/tables/tables.hpp"

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace relay::store {

class group_writer final : public parked_store, public std::enable_shared_from_this<group_writer> {
public:
  /// What to do when a question's transaction is on disk.
  using answer = std::function<void()>;
  /// Asked inside a transaction, again if that fails.
  using question = std::function<answer(tables&)>;
  /// Opens the tables again after a failure that may have hurt the connection. Throws SQLite::Exception.
  using opener = std::function<std::unique_ptr<tables>()>;

  group_writer(const sqlite_store_options& what, state_directory where, std::unique_ptr<tables> first,
               opener again);
  group_writer(const group_writer&) = delete;
  group_writer& operator=(const group_writer&) = delete;
  ~group_writer() override = default;

  // Any thread; none of them waits for the disk.
  void commit(std::vector<store_record> batch, std::function<void(store_receipt)> done);
  void ask(question what);
  void watch(std::function<void(store_health)> told);

  /// Starts the thread, which holds this object. Throws std::system_error when none can be had.
  void start();
  /// Nothing more comes: what is queued is written, at most until `last_attempt` is over. Waits for that,
  /// unless the thread itself calls it.
  void end();

  // While it is parked.
  void look_after() override { look_around(); }
  bool resume() override;

private:
  using clock = std::chrono::steady_clock;
  struct job {
    std::vector<store_record> records;
    std::function<void(store_receipt)> done;
    question what; ///< set: no records
    std::size_t bytes = 0;
    store_receipt receipt{};
    answer then{};
  };
  void push(job x);
  void work();
  std::optional<std::vector<job>> next_batch();
  void close_if_small();
  bool leave();
  bool write(std::vector<job>& batch);
  void divide(std::vector<job>& batch);
  struct write_fault {
    int code = 0; ///< of SQLite; 0 = none
    std::string said;
  };
  write_fault attempt(std::vector<job>& batch);
  void transact(std::vector<job>& batch);
  void tell(std::vector<job>& batch);
  bool in_place(write_fault& out);
  bool move_in(write_fault& out);
  bool save_journal(write_fault& out);
  void open_again();
  void look_around();
  void failed(const write_fault& x);
  void written();
  void pause();
  bool over();
  void tend();
  bool tidy_up();
  bool forget_some();
  void checkpoint() noexcept;
  bool journal_is_long();
  void tell_free_space();
  bool has_room(headroom& left);
  void set_health(store_health x);
  void give_up(std::size_t records);
  void note(severity level, std::string_view id, std::initializer_list<log_field> fields) const noexcept;

  const sqlite_store_options what_;
  state_directory where_; ///< another one of the same path once the directory was replaced
  const opener again_;
  std::unique_ptr<tables> tables_; ///< null after a failure, until it could be opened again
  bool tidy_ = true;               ///< there is nothing to do while nobody wants anything
  bool scarce_ = false;            ///< further events are not welcome
  bool displaced_ = false;         ///< the directory is not where it was
  clock::time_point looked_around_{};
  std::uint64_t looked_at_ = 0; ///< journal bytes when free room was looked at last

  std::mutex lock_; ///< guards what follows
  std::condition_variable changed_;
  std::deque<job> queue_;
  std::size_t queued_records_ = 0;
  bool waiting_ = false, finishing_ = false;
  bool has_thread_ = true; ///< false while parked
  bool called_ = false;    ///< parked, and wanted again
  clock::time_point deadline_{};
  std::thread thread_;

  std::recursive_mutex watch_lock_; ///< held while the watcher is called, so that its end is final
  std::function<void(store_health)> watcher_;
  store_health health_;
};

} // namespace relay::store
