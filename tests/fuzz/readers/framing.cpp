// Newline framing (protocol.md 3): however a stream is cut into pieces, the lines are the same (F13, F15).
#include "relay_gateway/messages/wire/frames/framing.hpp"

#include "relay_gateway/tests/fuzz/fuzz.hpp"

#include <algorithm>

namespace relay::fuzz {
namespace framing_target {

struct outcome {
  std::vector<std::string> lines;
  bool good = true;
  friend bool operator==(const outcome&, const outcome&) = default;
};

/// What the contract says, with no regard to pieces.
outcome model(std::string_view stream, std::size_t longest) {
  outcome out;
  while (!stream.empty()) {
    const auto end = stream.find('\n');
    const auto line = stream.substr(0, end);
    if (line.size() > longest) {
      out.good = false;
      return out;
    }
    if (end == std::string_view::npos) return out;
    if (line.find_first_not_of(" \t\r") != std::string_view::npos) out.lines.emplace_back(line);
    stream.remove_prefix(end + 1);
  }
  return out;
}

/// The same for a stream that outlives an over-long line.
struct survivors {
  std::vector<std::string> lines;
  std::size_t lost = 0;
  friend bool operator==(const survivors&, const survivors&) = default;
};
survivors surviving(std::string_view stream, std::size_t longest) {
  survivors out;
  while (!stream.empty()) {
    const auto end = stream.find('\n');
    const auto line = stream.substr(0, end);
    const bool whole = end != std::string_view::npos;
    if (line.size() > longest) {
      ++out.lost;
    } else if (whole && line.find_first_not_of(" \t\r") != std::string_view::npos) {
      out.lines.emplace_back(line);
    }
    stream.remove_prefix(whole ? end + 1 : stream.size());
  }
  return out;
}

class receiver {
public:
  explicit receiver(std::size_t longest) : longest_(longest), splitter_(longest) {}
  void feed(std::string_view piece) {
    const auto good =
        splitter_.feed(piece, [this](std::string_view line) { seen_.lines.emplace_back(line); });
    require(seen_.good || !good, "a broken stream stays broken");
    seen_.good = good;
    require(splitter_.held() <= longest_, "no more than the bound is held");
  }
  const outcome& seen() const { return seen_; }

private:
  std::size_t longest_;
  wire::line_splitter splitter_;
  outcome seen_;
};

/// In pieces of `size`, by a stream that goes on.
survivors fed_on(std::string_view stream, std::size_t longest, std::size_t size) {
  survivors out;
  wire::line_splitter splitter{longest};
  for (std::size_t at = 0; at < stream.size(); at += size) {
    splitter.feed_on(
        stream.substr(at, size), [&](std::string_view line) { out.lines.emplace_back(line); },
        [&] { ++out.lost; });
    require(splitter.held() <= longest, "no more than the bound is held");
  }
  return out;
}

void run(std::string_view input) {
  bytes in{input};
  const auto longest = std::size_t{in.byte()} % 96;
  const auto seed = in.byte();
  const auto stream = in.rest().substr(0, 400);
  const auto expected = model(stream, longest);

  // In two pieces, at every place.
  for (std::size_t cut = 0; cut <= stream.size(); ++cut) {
    receiver x{longest};
    x.feed(stream.substr(0, cut));
    x.feed(stream.substr(cut));
    require(x.seen() == expected, "two pieces give the lines of one");
  }
  // In pieces of every small size, empty ones between them.
  for (std::size_t size = 1; size <= 8; ++size) {
    receiver x{longest};
    for (std::size_t at = 0; at < stream.size(); at += size) {
      x.feed(stream.substr(at, size));
      if ((seed & size) != 0) x.feed({});
    }
    require(x.seen() == expected, "small pieces give the lines of one");
  }
  const auto left = surviving(stream, longest);
  for (std::size_t size = 1; size <= stream.size(); size = size < 9 ? size + 1 : size * 2)
    require(fed_on(stream, longest, size) == left, "an over-long line is the only one that is lost (F13)");
  // A new connection begins with a new line.
  wire::line_splitter again{longest};
  again.feed(stream, [](std::string_view) {});
  again.reset();
  std::vector<std::string> lines;
  const auto good = again.feed("x\n", [&](std::string_view line) { lines.emplace_back(line); });
  require(longest == 0 ? !good : good && lines == std::vector<std::string>{"x"},
          "nothing of the old stream is left behind a reset");
}

const registration self{"framing", run};

} // namespace framing_target
} // namespace relay::fuzz
