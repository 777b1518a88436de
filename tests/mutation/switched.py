"""A line that behaves as it was, or as it is changed, as the environment says when the program runs.

So one build holds many changes. What cannot be said like this on one line is compiled by itself.
"""
import re

import changes

HEADER = """#pragma once
// The change that is on (RELAY_CHANGE), and those that were reached (a line each in the file RELAY_CHANGES_REACHED).
#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstdlib>
#include <string>

inline bool relay_change(int number) {
  static const char* const chosen = std::getenv("RELAY_CHANGE");
  static const int on = chosen ? std::atoi(chosen) : 0;
  static const char* const reached = std::getenv("RELAY_CHANGES_REACHED");
  static std::array<std::atomic<bool>, 10000> seen{};
  if (reached && !seen.at(static_cast<std::size_t>(number)).exchange(true)) {
    const auto line = std::to_string(number) + "\\n";
    if (const int file = ::open(reached, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600); file >= 0) {
      if (::write(file, line.data(), line.size()) < 0) std::abort();
      ::close(file);
    }
  }
  return number == on;
}
"""
INCLUDE = '#include "relay_gateway/relay_change.hpp"\n#line 1\n'

COMMENT = re.compile(r"\s*//[^\"']*$")
DECLARED = re.compile(r"^(\s*(?:static )?(?:const )?(?:auto|bool|int|std::[\w:<>, ]+|[\w:]+)[&*]* \w+ = )(.*)(;)$")
FOR = re.compile(r"^(\s*for \([^;]*; )([^;]*)(; .*)$")


def end_of_group(text, at):
    """The position after the bracket that closes the one at this position; None if it is on another line."""
    depth = 0
    for i in range(at, len(text)):
        if text[i] in "([{" and changes.outside_strings(text, i):
            depth += 1
        elif text[i] in ")]}" and changes.outside_strings(text, i):
            depth -= 1
            if not depth:
                return i + 1
    return None


def either(number, old, new):
    return f"relay_change({number}) ? ({new}) : ({old})"


def switched_statement(old, new, number):
    """Of a whole statement; braces, so that an `else` on the next line stays whose it was."""
    pad = old[:len(old) - len(old.lstrip())]
    return f"{pad}{{ if (relay_change({number})) {{ {new.strip()} }} else {{ {old.strip()} }} }}"


def parts(line):
    """(before, condition, behind) of an `if` or `while` whose condition ends on this line."""
    if not (m := re.match(r"^\s*(?:\} )?(?:else )?(?:if|while) (?=\()", line)):
        return None
    end = end_of_group(line, m.end())
    return (line[:m.end() + 1], line[m.end() + 1:end - 1], line[end - 1:]) if end else None


def switched_token(change, old, number):
    """A number or a bool, wherever it stands."""
    new = COMMENT.sub("", change.new)
    begin = next(i for i in range(len(old) + 1) if old[:i + 1] != new[:i + 1])
    word = re.compile(r"[\w']")
    while begin and word.match(old[begin - 1]):
        begin -= 1
    ends = [begin, begin]
    for i, text in enumerate((old, new)):
        while ends[i] < len(text) and word.match(text[ends[i]]):
            ends[i] += 1
    line = old[:begin] + "(" + either(number, old[begin:ends[0]], new[begin:ends[1]]) + ")" + old[ends[0]:]
    return re.sub(r"\bconstexpr ", "const ", line, count=1)


def switched(change, number):
    """The line that can do both, or None. Whether it compiles is for the compiler to say."""
    old, new = COMMENT.sub("", change.old), COMMENT.sub("", change.new)
    if change.kind in ("number", "flip"):
        return switched_token(change, old, number)
    if (a := parts(old)) and (b := parts(new)):
        if a[2] == b[2] and ";" not in a[1]:
            return a[0] + either(number, a[1], b[1]) + a[2]
        if a[:2] == b[:2] and a[2].endswith(";"):
            return a[0] + a[1] + ")" + switched_statement(a[2][1:], b[2][1:], number)
        return None
    if (a := FOR.match(old)) and (b := FOR.match(new)):
        return a[1] + either(number, a[2], b[2]) + a[3] if a[3] == b[3] else None
    if old.endswith(";") and changes.balanced(old):
        if (a := DECLARED.match(old)) and (b := DECLARED.match(new)) and not old.lstrip().startswith("return"):
            return a[1] + either(number, a[2], b[2]) + a[3] if a[1] == b[1] else None
        return switched_statement(old, new, number)
    return None


def with_switches(text, numbered):
    """The text of a file with all these (number, change) in it."""
    lines = text.splitlines(keepends=True)
    for number, change in numbered:
        lines[change.line - 1] = switched(change, number) + "\n"
    return INCLUDE + "".join(lines)
