// Stores of a process that are closed because nobody wants anything of them: one thread looks after all.
#pragma once

#include <chrono>
#include <memory>

namespace relay::store {

/// One of them. Its thread has ended: a thread keeps a stack, and what the allocator holds ready for it.
class parked_store {
public:
  virtual ~parked_store() = default;
  /// Each ten seconds, as nobody else would notice that its directory is gone. Takes no thread of its own.
  virtual void look_after() = 0;
  /// Somebody wants something: it gets a thread again. False: none can be had now.
  virtual bool resume() = 0;
};

/// Thread-safe. Its own thread ends with it.
class parked_stores {
public:
  /// `after`: how long a store is without work before it is closed. Throws std::system_error when no thread
  /// can be had.
  explicit parked_stores(std::chrono::milliseconds after);
  parked_stores(const parked_stores&) = delete;
  parked_stores& operator=(const parked_stores&) = delete;
  ~parked_stores();

  std::chrono::milliseconds after() const noexcept { return after_; }

  /// From here on it is looked after.
  void add(const std::shared_ptr<parked_store>& x);
  /// It is to be resumed, soon and by the thread of this object; tried again until a thread can be had.
  void wake(const parked_store& x);
  /// It ends: nothing of it is called any more when this returns, unless it is called by that very thing.
  void forget(const parked_store& x);

private:
  class keeper;
  const std::chrono::milliseconds after_;
  std::shared_ptr<keeper> keeper_; ///< the thread holds it, too: a store may be the last to hold this object
};

} // namespace relay::store
