"""The systemd unit: accepted by systemd-analyze, hardened, and in step with the gateway's own times; then run by a real systemd."""
import os
import re
import subprocess
import tempfile
import time
import unittest

from systemd_host import Host, missing
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
        overtime = re.search(r"milliseconds overtime\{(\d+)'(\d+)\}", read("app", "service_parts.hpp"))
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


WHY_NOT = missing()


@unittest.skipIf(WHY_NOT, f"no systemd of its own: {WHY_NOT}")
class Running(unittest.TestCase):
    """The unit as it is shipped, with all of its hardening, under a real systemd."""

    @classmethod
    def setUpClass(cls):
        cls.host = Host()
        cls.addClassCleanup(cls.host.end)
        cls.until(lambda: True, "systemd", cls.host.wait_until_up)
        cls.host.copy(program("relay-gateway"), "/usr/bin/relay-gateway")
        cls.host.copy(program("relay-connector"), "/usr/bin/relay-connector")
        cls.host.copy(path(*UNIT), "/etc/systemd/system/relay-gateway.service")
        cls.host.put("/etc/credstore/relay-gateway.token", "token-of-the-credential\n", 0o600)
        cls.host.put("/etc/systemd/system/connector.service",
                     "[Service]\nExecStart=/usr/bin/relay-connector --listen 127.0.0.1:9490 --record /run/record.jsonl\n")
        cls.configure()
        cls.host.run("systemctl", "daemon-reload")
        cls.host.run("systemctl", "start", "connector")

    @classmethod
    def configure(cls, more=""):
        cls.host.put("/etc/relay-gateway/config.yaml", "gateway:\n  relay_url: http://127.0.0.1:9490\n  relay_platforms: discord\n"
                     "  relay_bot_ids: {discord: {botId: \"1\"}}\n  relay_id: gw-of-the-unit\n" + more)

    @classmethod
    def until(cls, probe, what, step=None, limit=30):
        """The first true value of `probe`, looked at again and again."""
        end = time.monotonic() + limit

        def patience():
            if time.monotonic() > end:
                raise AssertionError(f"not within {limit} s: {what}")
            subprocess.run(["/bin/true"], check=True)
        if step:
            step(patience)
        while not (value := probe()):
            patience()
        return value

    def setUp(self):
        self.configure()
        self.host.run("systemctl", "start", "relay-gateway")
        self.addCleanup(self.host.run, "systemctl", "stop", "relay-gateway")
        self.addCleanup(self.host.run, "systemctl", "reset-failed", "relay-gateway", check=False)

    def shown(self, **wanted):
        def look():
            now = self.host.shows("relay-gateway")
            return now if all(part in now.get(name, "") for name, part in wanted.items()) else None
        return self.until(look, f"{wanted}")

    def test_it_is_ready_connected_with_its_credential_and_confined(self):
        now = self.shown(ActiveState="active", StatusText="connected; discord")
        self.assertEqual((now["Type"], now["NRestarts"], now["DynamicUser"]), ("notify", "0", "yes"))
        with open(self.host.path("/run/record.jsonl"), encoding="utf-8") as record:
            self.assertIn("provision", record.read())
        with open(self.host.path(f"/proc/{now['MainPID']}/status"), encoding="utf-8") as status:
            fields = dict(x.rstrip("\n").split(":\t", 1) for x in status if ":\t" in x)
        self.assertNotEqual(fields["Uid"].split("\t")[0], "0")
        self.assertEqual((fields["CapEff"], fields["NoNewPrivs"], fields["Seccomp"]), ("0" * 16, "1", "2"))
        self.assertTrue(os.path.exists(self.host.path("/var/lib/private/relay-gateway/relay.db")))
        self.host.run("relay-gateway", "probe", "ready")

    def test_a_reload_is_told_and_a_refused_one_is_in_the_status_line(self):
        self.shown(StatusText="connected")
        self.configure("  log_level: debug\n")
        self.host.run("systemctl", "reload", "relay-gateway")
        self.configure("  log_level: [broken\n")
        self.host.run("systemctl", "reload", "relay-gateway")
        now = self.shown(StatusText="reload")
        self.assertEqual((now["ActiveState"], now["NRestarts"]), ("active", "0"))

    def test_one_that_hangs_is_ended_by_the_watchdog_and_started_again(self):
        self.host.put("/run/systemd/system/relay-gateway.service.d/quick.conf", "[Service]\nWatchdogSec=2\nRestartSec=100ms\n")
        self.addCleanup(self.host.run, "systemctl", "daemon-reload")
        self.addCleanup(os.unlink, self.host.path("/run/systemd/system/relay-gateway.service.d/quick.conf"))
        self.host.run("systemctl", "daemon-reload")
        self.host.run("systemctl", "restart", "relay-gateway")
        before = self.shown(StatusText="connected")
        self.host.run("systemctl", "kill", "--signal=STOP", "relay-gateway")
        now = self.shown(NRestarts="1", StatusText="connected")
        self.assertNotEqual(now["MainPID"], before["MainPID"])

    def test_a_wrong_configuration_is_not_tried_again(self):
        self.host.run("systemctl", "stop", "relay-gateway")
        self.configure("  agent: \"exec:'never closed\"\n")
        done = self.host.run("systemctl", "start", "relay-gateway", check=False)
        self.assertNotEqual(done.returncode, 0)
        now = self.host.shows("relay-gateway")
        self.assertEqual((now["ActiveState"], now["ExecMainStatus"], now["NRestarts"]), ("failed", "78", "0"))

    def test_it_stops_in_order(self):
        self.shown(StatusText="connected")
        self.host.run("systemctl", "stop", "relay-gateway")
        now = self.host.shows("relay-gateway")
        self.assertEqual((now["ActiveState"], now["Result"], now["ExecMainStatus"]), ("inactive", "success", "0"))
