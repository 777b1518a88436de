#!/usr/bin/env python3
"""Runs the black-box scenarios against a real relay-gateway.

    run.py --bin DIR [PATTERN ...]      DIR holds relay-gateway; a pattern is part of 'topic.Class.test_name'
"""
import argparse
import concurrent.futures
import os
import sys
import time
import traceback
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)

from harness.scenario import BINARIES  # noqa: E402


def every(suite):
    for item in suite:
        if isinstance(item, unittest.TestSuite):
            yield from every(item)
        else:
            yield item


def short(identity):
    """Without the folder: 'link.test_redial.Class.test_name' is 'redial.Class.test_name'."""
    return identity.partition("test_")[2] if not identity.startswith("unittest.") else identity


def name_of(test):
    return short(test.id())


class Outcome(unittest.TestResult):
    """Keeps failures together with what the gateways said."""

    def __init__(self):
        super().__init__()
        self.reports = []

    def _report(self, test, err):
        kind, error, trace = err
        ours = [x for x in traceback.extract_tb(trace) if x.filename.startswith(HERE)]
        text = "".join(traceback.format_list(ours) + traceback.format_exception_only(kind, error))
        scenario = getattr(test, "test_case", test)
        evidence = scenario.evidence() if hasattr(scenario, "evidence") else ""
        self.reports.append(f"{test}\n{text}{evidence}")

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self._report(test, err)

    def addError(self, test, err):
        super().addError(test, err)
        self._report(test, err)

    def addSubTest(self, test, subtest, err):
        super().addSubTest(test, subtest, err)
        if err is not None:
            self._report(subtest, err)


def run_one(directory, identity):
    BINARIES["directory"] = directory
    outcome = Outcome()
    begun = time.monotonic()
    unittest.defaultTestLoader.loadTestsFromName(identity).run(outcome)
    skipped = outcome.skipped[0][1] if outcome.skipped else None
    return identity, outcome.reports, skipped, time.monotonic() - begun


def show(identity, reports, skipped, took):
    verdict = "FAIL" if reports else "skip" if skipped else "ok"
    print(f"{verdict:4} {took:6.2f} s  {short(identity)}" + (f"  ({skipped})" if skipped else ""), flush=True)
    for report in reports:
        print("     " + report.replace("\n", "\n     "), flush=True)
    return bool(reports)


def main():
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--bin", required=True, help="directory of relay-gateway")
    asked.add_argument("--jobs", type=int, default=4, help="scenarios at a time (most of them wait); default 4")
    asked.add_argument("--list", action="store_true", help="only name the scenarios")
    asked.add_argument("pattern", nargs="*")
    given = asked.parse_args()
    directory = os.path.abspath(given.bin)
    os.chdir(HERE)
    tests = [x for x in every(unittest.defaultTestLoader.discover(HERE, top_level_dir=HERE))
             if not given.pattern or any(p in name_of(x) for p in given.pattern)]
    if given.list:
        print("\n".join(name_of(x) for x in tests))
        return 0
    if not os.access(os.path.join(directory, "relay-gateway"), os.X_OK):
        print(f"no relay-gateway in {directory}", file=sys.stderr)
        return 2
    if not tests:
        print("no scenario has such a name", file=sys.stderr)
        return 2
    begun, failed = time.monotonic(), []
    together = [x.id() for x in tests if not getattr(x, "alone", False)]
    with concurrent.futures.ProcessPoolExecutor(given.jobs) as pool:
        for done in concurrent.futures.as_completed([pool.submit(run_one, directory, x) for x in together]):
            if show(*done.result()):
                failed.append(done.result()[0])
    for identity in (x.id() for x in tests if getattr(x, "alone", False)):
        if show(*run_one(directory, identity)):
            failed.append(identity)
    print(f"{len(tests)} scenarios, {len(failed)} failed, {time.monotonic() - begun:.0f} s")
    for identity in sorted(failed):
        print(f"  failed: {short(identity)}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
