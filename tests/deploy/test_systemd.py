"""The systemd unit: accepted by systemd-analyze, hardened, and in step with the gateway's own times."""
import os
import re
import tempfile
import unittest

from tree import needs, path, program, read, run

UNIT = ("deploy", "systemd", "relay-gateway.service")


def values(name):
    return re.findall(rf"^{name}=(.*)$", read(*UNIT), re.M)


def seconds(text):
    return float(text.rstrip("s"))


class Unit(unittest.TestCase):
    @needs("systemd-analyze")
    def test_verify_has_nothing_to_say(self):
        with tempfile.TemporaryDirectory() as folder:
            # The program of this build in the place of the installed one, which verify looks for.
            file = os.path.join(folder, "relay-gateway.service")
            with open(file, "w") as out:
                out.write(read(*UNIT).replace("/usr/bin/relay-gateway", program("relay-gateway"))
                          .replace("file:///usr/share/doc/relay-gateway/README.md", "file://" + path("README.md")))
            self.assertEqual(run("systemd-analyze", "verify", "--man=no", file).strip(), "")

    @needs("systemd-analyze")
    def test_exposure_is_low(self):
        said = run("systemd-analyze", "security", "--offline=yes", "--threshold=25", path(*UNIT))
        level = float(re.search(r"Overall exposure level for .*?: ([0-9.]+)", said).group(1))
        self.assertLessEqual(level, 2.5)

    def test_it_waits_longer_than_the_grace(self):
        grace = re.search(r"milliseconds grace\{(\d+)'(\d+)\}", read("config", "settings.hpp"))
        overtime = re.search(r"milliseconds overtime\{(\d+)'(\d+)\}", read("app", "service.cpp"))
        limit = sum(int(x.group(1) + x.group(2)) for x in (grace, overtime)) / 1000
        self.assertGreater(seconds(values("TimeoutStopSec")[0]), limit)

    def test_the_watchdog_waits_longer_than_a_thread_may_be_late(self):
        late = re.search(r"interval\{5'000\}, limit\{(\d+)'(\d+)\}", read("app", "health", "liveness_monitor.hpp"))
        self.assertGreater(seconds(values("WatchdogSec")[0]), int(late.group(1) + late.group(2)) / 1000)

    def test_exit_codes_that_only_a_person_mends_are_not_tried_again(self):
        codes = read("app", "process.hpp")
        for name in ("usage", "configuration"):
            self.assertIn(re.search(rf"{name} = (\d+)", codes).group(1), values("RestartPreventExitStatus")[0].split())

    def test_no_secret_is_in_the_environment(self):
        for line in values("Environment"):
            for pair in line.split():
                self.assertNotRegex(pair, r"(?i)(token|secret|key)=")
