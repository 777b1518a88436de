"""One-line changes to C++ sources: what can be changed in a line, without knowing what it means.

A change that does not compile says nothing and is not counted, so these need not be sure of the grammar.
"""
import collections
import dataclasses
import hashlib
import re

FOLDERS = ("actors", "messages", "config", "app/store")


@dataclasses.dataclass(frozen=True)
class Change:
    path: str
    line: int  # from 1
    kind: str
    old: str
    new: str
    nth: int = 0  # of the lines of this file that read the same

    def key(self):
        """What it is called for as long as the line and its like stay, wherever they move."""
        return self.path, self.old, self.nth, self.new

    def text(self):
        return f"{self.path}:{self.line} [{self.kind}] `{self.old.strip()}` -> `{self.new.strip() or '(nothing)'}`"


SWAPS = {" < ": " <= ", " <= ": " < ", " > ": " >= ", " >= ": " > ", " == ": " != ", " != ": " == ",
         " && ": " || ", " || ": " && ", " + ": " - ", " - ": " + "}
STATEMENT = re.compile(r"^\s*(?:[\w.:>()\[\]*-]+(?:\(.*\)|\s*[-+|&]?=\s.*)|(?:\+\+|--)[\w.>-]+);(?:\s*//.*)?$")
NO_STATEMENT = re.compile(r"^\s*(?:return|using|typedef|break|continue|case|throw|template|static|friend|namespace|struct"
                          r"|class|enum|auto|const|constexpr|std::|bool|int|virtual|explicit|goto|default|public|private)\b")
CONDITION = re.compile(r"^(\s*(?:\} else )?(?:if|while) \()([^;]*)(\)(?: \{| .*;)?(?:\s*//.*)?)$")
NUMBER = re.compile(r"(?<![\w.\"'])(\d[\d']*)(?![\w.\"'])")
NOT_CODE = re.compile(r"^\s*(?://|#|\*|/\*|\}(?! else if )|\{|$|namespace|using|static_assert)")


def balanced(text):
    return all(text.count(a) == text.count(b) for a, b in ("()", "[]", "{}"))


def outside_strings(line, at):
    """Whether a position is neither in a literal nor in a comment."""
    quoted, i = None, 0
    while i < at:
        if quoted:
            if line[i] == "\\":
                i += 1
            elif line[i] == quoted:
                quoted = None
        elif line[i] in "\"'":
            if not (line[i] == "'" and i > 0 and line[i - 1].isdigit()):  # 1'000
                quoted = line[i]
        elif line.startswith("//", i):
            return False
        i += 1
    return quoted is None


def changes_of_line(line):
    """[(kind, new line)], each of which differs from the line."""
    if NOT_CODE.match(line):
        return []
    out = []
    if STATEMENT.match(line) and not NO_STATEMENT.match(line) and balanced(line):
        out.append(("drop", ""))
    if (m := CONDITION.match(line)) and balanced(m[2]) and "constexpr" not in m[1]:
        # An initializer or a declaration cannot be negated; the pattern leaves those with a `;` out.
        out.append(("negate", f"{m[1]}!({m[2]}){m[3]}"))
    for old, new in SWAPS.items():
        for at in (m.start() for m in re.finditer(re.escape(old), line)):
            if outside_strings(line, at):
                out.append(("swap", line[:at] + new + line[at + len(old):]))
    for m in NUMBER.finditer(line):
        if outside_strings(line, m.start()):
            out.append(("number", line[:m.start()] + str(int(m[1].replace("'", "")) + 1) + line[m.end():]))
    for old, new in (("true", "false"), ("false", "true")):
        for m in re.finditer(rf"\b{old}\b", line):
            if outside_strings(line, m.start()):
                out.append(("flip", line[:m.start()] + new + line[m.end():]))
    return [(kind, new) for kind, new in out if new != line]


def changes_of(path, text):
    """All changes of a file, in order. Enumerators and the inside of raw strings are left alone."""
    out, raw, same = [], False, collections.Counter()
    for number, line in enumerate(text.splitlines(), 1):
        if raw or 'R"' in line:
            raw = (raw or 'R"' in line) and ')"' not in line[line.find('R"') + 2:]
            continue
        out += [Change(path, number, kind, line, new, same[line]) for kind, new in changes_of_line(line)]
        same[line] += 1
    return out


def applied(text, change):
    lines = text.splitlines(keepends=True)
    if lines[change.line - 1].rstrip("\n") != change.old:
        raise ValueError(f"{change.path}:{change.line} is not what it was")
    lines[change.line - 1] = change.new + "\n"
    return "".join(lines)


def choose(changes, seed, count):
    """So many of them, as the seed says. A line that is added or moved elsewhere changes nothing about the choice of the others.

    A line is taken once, so that one with many operators does not stand for its neighbours."""
    def rank(*what):
        return hashlib.sha256(repr((seed, *what)).encode()).digest()

    lines = {}
    for x in changes:
        lines.setdefault((x.path, x.old, x.nth), []).append(x)
    first = sorted(lines, key=lambda key: rank(*key))[:count]
    return [min(lines[key], key=lambda x: rank(*x.key())) for key in first]
