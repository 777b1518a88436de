// How much the store may still write before its disk is full. A journal must get into the file, and a file
// that cannot grow takes nothing new, so a store that used all of the room could not even note what makes
// room. Private to app/store; decides, measures nothing.
#pragma once

#include <algorithm>
#include <cstdint>

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
};

} // namespace relay::store
