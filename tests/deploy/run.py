#!/usr/bin/env python3
"""Checks of deploy/: what an operator gets must fit the code, and the tools of its kind must accept it.

    run.py --build DIR [PATTERN ...]      DIR is a build directory with both programs; a pattern is part of 'topic.Class.test'

A check whose tool is not installed says so and is skipped; the exit code is 77 when nothing else was asked for.
"""
import argparse
import os
import sys
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)

from tree import PLACE  # noqa: E402


def every(suite):
    for item in suite:
        if isinstance(item, unittest.TestSuite):
            yield from every(item)
        else:
            yield item


def main():
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--build", required=True)
    asked.add_argument("pattern", nargs="*")
    given = asked.parse_args()
    PLACE["build"] = os.path.abspath(given.build)
    found = [x for x in every(unittest.defaultTestLoader.discover(HERE, top_level_dir=HERE))
             if not given.pattern or any(p in x.id().removeprefix("test_") for p in given.pattern)]
    if not found:
        print("no check has such a name", file=sys.stderr)
        return 2
    outcome = unittest.TextTestRunner(verbosity=2).run(unittest.TestSuite(found))
    for check, why in outcome.skipped:
        print(f"skipped: {check.id().removeprefix('test_')}: {why}")
    if not outcome.wasSuccessful():
        return 1
    return 77 if len(outcome.skipped) == len(found) else 0


if __name__ == "__main__":
    sys.exit(main())
