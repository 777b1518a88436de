// How much the store may still write before its disk is full. A journal must get into the file, and a file
// that cannot grow takes nothing new, so a store that used all of the room could not even note what makes
// room. Private to app/store; decides, measures nothing.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>

namespace relay::store {

struct headroom {
  std::uint64_t disk = 0;         ///< bytes of the file system; 0 = nobody knows
  std::uint64_t free = 0;         ///< bytes of it that nobody uses
  std::uint64_t journal_file = 0; ///< bytes of the journal's file, which is written over
  std::uint64_t in_journal = 0;   ///< bytes that a checkpoint has to bring into the file
  std::uint64_t in_file = 0;      ///< bytes of the file that hold nothing

  /// What is kept for acks, outcomes and the journal that they pass through.
  std::uint64_t kept() const {
    constexpr std::uint64_t most = 16ULL << 20;
    return std::min(most, disk / 4);
  }
  /// A quarter more ends a shortage, so that it does not end and begin with each event.
  std::uint64_t wanted(bool scarce) const { return kept() + (scarce ? kept() / 4 : 0); }

  /// Nothing that matters is left.
  bool full() const { return disk != 0 && free < (64ULL << 10); }
  /// Without a look into the file.
  bool ample() const { return disk == 0 || free >= 2 * kept() + journal_file; }
  /// Both the file and its journal can take what is kept.
  bool enough(bool scarce) const {
    return free + in_file >= wanted(scarce) + in_journal && free + journal_file >= wanted(scarce);
  }
  /// The same, if the whole journal were versions of what is in the file.
  bool enough_without_journal(bool scarce) const {
    auto other = *this;
    other.in_journal = 0;
    return other.enough(scarce);
  }
  /// Bytes of further events that may be on their way here: what is on its way is seen only once it is
  /// written, so half of what is kept must be left by then.
  std::uint64_t open() const {
    if (ample()) return std::numeric_limits<std::uint64_t>::max();
    const auto less = [](std::uint64_t a, std::uint64_t b) { return a - std::min(a, b); };
    const auto most =
        std::min(less(free + in_file, in_journal + kept() / 2), less(free + journal_file, kept() / 2));
    constexpr std::uint64_t step = 64ULL << 10; // so that it changes now and then only
    return most / step * step;
  }
  /// So many settled events, settled actions and chats are remembered on a disk that is nearly full: an
  /// eighth of it holds all of them, with a page of the file for each.
  std::uint64_t remembered() const {
    constexpr std::uint64_t page = 4'096, kinds = 3;
    return disk / 8 / page / kinds;
  }
};

} // namespace relay::store
