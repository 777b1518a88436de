"""Makes the test-only variant of the sources: copies of those files that mutations.txt changes, each change behind a
switch (run/mutant.hpp). A change whose code is gone is listed as not applied; the mutation test then fails.

usage: mutate.py SOURCE_ROOT MUTATIONS OUT_FOLDER FILE...   (FILE: the sources that may be changed)
"""
import pathlib
import re
import sys


def read(path):
    """[(name, what, [(file, old, new)])]"""
    found, part = [], None
    for line in path.read_text().splitlines():
        if line.startswith("== "):
            found.append([line[3:].strip(), "", []])
            part = None
        elif line.startswith("what: "):
            found[-1][1] = line[6:]
        elif line.startswith("file: "):
            found[-1][2].append([line[6:].strip(), [], []])
            part = None
        elif line == "from:":
            part = 1
        elif line == "to:":
            part = 2
        elif part and line != "":
            found[-1][2][-1][part].append(line)
    return [(n, w, [(f, "\n".join(a), "\n".join(b)) for f, a, b in edits]) for n, w, edits in found]


def pattern(code):
    """Matches `code` however it is broken into lines."""
    return re.compile(r"\s*".join(re.escape(token) for token in re.findall(r"\w+|[^\w\s]", code)))


def main():
    root, spec, out = map(pathlib.Path, sys.argv[1:4])
    texts = {name: (root / name).read_text() for name in sys.argv[4:]}
    rows = []
    for number, (name, what, edits) in enumerate(read(spec), 1):
        switch = f"relay::sim::mutant({number})"
        ok = bool(edits) and all(
            file in texts and len(pattern(old).findall(texts[file])) == 1 for file, old, new in edits)
        if ok:
            for file, old, new in edits:
                changed = new.replace("MUTANT", switch)
                texts[file] = pattern(old).sub(lambda _: changed, texts[file])
        rows.append(f'    {{{number}, "{name}", "{what}", {"true" if ok else "false"}}},')
    for name, text in texts.items():
        write(out / name, f'#include "relay_gateway/tests/sim/run/mutant.hpp"\n#line 1 "{name}"\n{text}')
    table = "\n".join(rows)
    write(out / "table.cpp", '#include "relay_gateway/tests/sim/run/mutant.hpp"\n\nnamespace relay::sim {\n\n'
          f"const mutation mutations[] = {{\n{table}\n    {{0, nullptr, nullptr, false}}}};\n\n}} // namespace relay::sim\n")


def write(path, text):
    """Leaves an equal file alone, so that nothing is compiled for nothing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists() or path.read_text() != text:
        path.write_text(text)


if __name__ == "__main__":
    main()
