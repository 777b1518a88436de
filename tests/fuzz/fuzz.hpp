// What the fuzz targets share: their register, how they complain, and how they take an input apart.
#pragma once

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace relay::fuzz {

/// A promise that an input broke. Under libFuzzer nobody catches it, which makes it a crash.
struct broken : std::logic_error {
  using std::logic_error::logic_error;
};
/// `what`: the promise in a few words. Not for hot loops: it is called a few times per input.
void require(bool kept, const char* what);

/// One subject: reads any bytes, throws `broken` when a promise does not hold. Keeps nothing between calls.
struct target {
  std::string name; ///< of its file, its corpus and its program
  void (*run)(std::string_view input) = nullptr;
};
/// All that are linked into this program, by name.
const std::vector<target>& targets();
/// A namespace-scope object of this type registers its target.
struct registration {
  registration(const char* name, void (*run)(std::string_view));
};

/// Reads values off the front of an input; behind its end everything is 0.
class bytes {
public:
  explicit bytes(std::string_view all) : left_(all) {}
  bool more() const { return !left_.empty(); }
  std::uint8_t byte();
  bool flag() { return (byte() & 1) != 0; }
  /// 0 to `n` - 1; `n` from 1 to 256.
  std::size_t below(std::size_t n) { return byte() % n; }
  /// Eight bytes, as the random bits that the cores ask for.
  std::uint64_t wide();
  /// At most `longest` bytes, their number told by the first byte.
  std::string text(std::size_t longest);
  /// Up to the next line break, which is taken, too.
  std::string_view line();
  std::string_view rest();

private:
  std::string_view left_;
};

/// One whole frame: a JSON object on one line, with its line break at the end. Deeper nesting than a reader
/// of ours takes is allowed: the gateway's own envelope adds a level or two to what it carries.
void require_frame(std::string_view text);
/// JSON text, however it is laid out.
void require_json_text(std::string_view text);
/// JSON text on one line.
void require_json(std::string_view text);
/// Fit for one line of a log or an error: UTF-8, not empty, no control characters.
void require_line(std::string_view text);

} // namespace relay::fuzz
