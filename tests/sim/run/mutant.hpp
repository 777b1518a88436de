// Deliberate mistakes in a test-only variant of the gateway (mutations.txt): one at a time, chosen at run
// time.
#pragma once

namespace relay::sim {

/// The mistake that is made now; 0 = none.
inline int current_mutant = 0;
inline bool mutant(int which) noexcept { return current_mutant == which; }

struct mutation {
  int number;
  const char* name;
  const char* what;
  bool applied; ///< false: the code that it changes is not there any more
};
/// All of them, made by mutate.py; ends with a null name.
extern const mutation mutations[];

} // namespace relay::sim
