"""The image, and a gateway that runs in it."""
import json
import os
import re
import subprocess
import tempfile

from engine import IMAGES, Containers, call, free_port, logs, podman

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
LIMIT = 150 * 1000 * 1000


def version():
    return subprocess.run([os.path.join(ROOT, "deploy/version")], capture_output=True, text=True, check=True).stdout.strip()


class Image(Containers):
    def setUp(self):
        super().setUp()
        self.image = json.loads(podman("inspect", IMAGES["gateway"]))[0]
        self.config = self.image["Config"]

    def test_it_is_small(self):
        self.assertLess(self.image["Size"], LIMIT)

    def test_what_it_says_of_itself(self):
        self.assertEqual(self.config["User"], "65532:65532")
        self.assertEqual(self.config["StopSignal"] or self.image.get("StopSignal"), "SIGTERM")
        self.assertEqual(list(self.config["Volumes"]), ["/var/lib/relay-gateway"])
        health = (self.config.get("Healthcheck") or self.image["Healthcheck"])["Test"]
        self.assertEqual(health, ["CMD", "/usr/bin/relay-gateway", "probe", "live"])
        labels = self.config["Labels"]
        self.assertEqual(labels["org.opencontainers.image.version"], version())
        for name in ("title", "description", "revision", "created", "licenses"):
            self.assertTrue(labels["org.opencontainers.image." + name], name)

    def test_there_is_no_shell_and_no_package_manager(self):
        files = self.files()
        for name in ("bin/sh", "usr/bin/sh", "usr/bin/bash", "usr/bin/dash", "usr/bin/apt", "usr/bin/dpkg", "usr/bin/perl"):
            self.assertNotIn(name, files)
        self.assertIn("usr/bin/relay-gateway", files)
        self.assertIn("etc/ssl/certs/ca-certificates.crt", files)
        self.assertIn("usr/share/doc/relay-gateway/sbom.spdx.json", files)

    def files(self):
        name = podman("create", IMAGES["gateway"]).strip()
        self.names.append(name)
        export = subprocess.Popen(["podman", "export", name], stdout=subprocess.PIPE)
        listed = subprocess.run(["tar", "-t"], stdin=export.stdout, capture_output=True, text=True, check=True).stdout
        export.wait()
        return {x.rstrip("/") for x in listed.splitlines()}

    def test_scanners_find_the_packages(self):
        found = {x.rsplit("/", 1)[1] for x in self.files() if x.startswith("var/lib/dpkg/status.d/")}
        for name in ("relay-gateway", "libc6", "libssl3", "ca-certificates"):
            self.assertIn(name, found)


class Running(Containers):
    def test_connected_echoing_probed_and_stopped(self):
        connector = self.connector()
        name, url = self.gateway(connector)
        self.assertEqual(json.loads(call(url + "/v1/status")[1])["state"], "connected")
        self.tell(connector, "hello image")
        self.assertEqual(self.echoed(connector, "hello image")["frame"]["action"]["op"], "send")
        for what in ("ready", "live"):
            self.assertEqual(self.exec(name, "/usr/bin/relay-gateway", "probe", what), (0, ""))
        code, said = self.exec(name, "relay-gateway", "status")
        self.assertEqual(code, 0, said)
        self.assertNotEqual(self.exec(name, "/bin/sh", "-c", "true")[0], 0)
        code, took = self.stop(name)
        self.assertEqual(code, 0)
        self.assertLess(took, 1.0)

    def test_the_state_volume_outlives_the_container(self):
        volume = f"relay-image-test-{os.getpid()}"
        self.addCleanup(podman, "volume", "rm", "--force", volume, check=False)
        connector = self.connector()
        mount = ("--volume", f"{volume}:/var/lib/relay-gateway")
        # No agent: what comes stays on disk.
        first, url = self.gateway(connector, *mount, GATEWAY_AGENT="link")
        self.tell(connector, "for whoever comes next")
        self.until(lambda: json.loads(call(url + "/v1/status")[1])["events"]["pending"] == 1, "the event is accepted")
        podman("--runtime", "runc", "kill", first)
        self.gateway(connector, *mount)
        self.echoed(connector, "for whoever comes next")

    def test_a_random_host_name_becomes_the_id_only_with_a_warning(self):
        connector = self.connector()
        name, _ = self.gateway(connector, "--uts", "private", "--hostname", "4f1c2b9a7d3e", GATEWAY_RELAY_ID=None)
        self.assertRegex(logs(name), '"event":"provision.container_host_name","gateway_id":"gw-4f1c2b9a7d3e"')

    def test_a_wrong_setting_ends_it_with_78(self):
        name = self.start("wrong", IMAGES["gateway"], "--env", "GATEWAY_LISTEN=0.0.0.0:9480")
        self.assertEqual(podman("wait", name).strip(), "78")


class Readme(Containers):
    """What deploy/README.md tells a newcomer to type, typed."""

    def typed(self):
        with open(os.path.join(ROOT, "deploy/README.md"), encoding="utf-8") as file:
            block = re.search(r"^## A container\n\n((?:    [^\n]*\n)+)", file.read(), re.M).group(1)
        build, *rest = [x[4:] for x in block.splitlines()]
        self.assertTrue(build.startswith("deploy/container/build --base "), build)     # which the image has been
        return "\n".join(rest)

    def test_a_secured_and_observed_container(self):
        connector, text = self.connector(), self.typed()
        mark, metrics, listen = f"relay-image-test-{os.getpid()}", free_port(), free_port()
        self.names.append(mark)
        self.addCleanup(podman, "volume", "rm", "--force", mark, check=False)
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        for theirs, ours in (("THE-TOKEN", "a-token"), ("relay-state", mark), ("https://connector.example", connector), ("--name gw", f"--name {mark}"),
                             ("exec gw", f"exec {mark}"), ("9481", str(metrics)),
                             ('localhost/relay-gateway:"$(deploy/version)"', IMAGES["gateway"]),
                             ("-e GATEWAY_RELAY_ID=gw-1", f"-e GATEWAY_RELAY_ID=gw-1 -e GATEWAY_LISTEN=127.0.0.1:{listen}")):
            self.assertIn(theirs, text)
            text = text.replace(theirs, ours)
        run, look = text.split("podman exec", 1)
        shell = f'set -euo pipefail\npodman() {{ "{ROOT}/tests/image/podman-on-host" "$@"; }}\n'
        ready = f'until curl -s --fail http://127.0.0.1:{listen}/readyz; do :; done >/dev/null\n'
        done = subprocess.run(["bash", "-c", f"{shell}{run}\n{ready}podman exec{look}"], capture_output=True, text=True,
                              check=False, timeout=120, cwd=folder.name)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        for part in ("state         connected", "PLATFORM", "relay_gateway_connected 1"):
            self.assertIn(part, done.stdout)
        self.assertEqual(call(f"http://127.0.0.1:{metrics}/metrics")[0], 401)
        self.assertEqual(podman("--runtime", "runc", "exec", mark, "relay-gateway", "check").count("a-token"), 0)


class ExecAgent(Containers):
    def test_an_agent_in_the_image_answers_and_leaves_no_zombie(self):
        agent = os.path.join(ROOT, "deploy/container/echo_agent.py")
        connector = self.connector()
        name, _ = self.gateway(connector, "--volume", f"{agent}:/agent/echo_agent.py:ro", image="exec-agent",
                               GATEWAY_AGENT="exec:/usr/bin/python3 -u /agent/echo_agent.py")
        self.tell(connector, "hello agent")
        self.echoed(connector, "hello agent")
        # A process of the container whose parent ends at once: process 1, the gateway, inherits and collects it.
        self.assertEqual(self.exec(name, "/bin/sh", "-c", "(sh -c 'exec true' &) & exit 0")[0], 0)
        count = "import glob; print(sum(') Z ' in open(x).read() for x in glob.glob('/proc/[0-9]*/stat')))"
        self.until(lambda: self.exec(name, "/usr/bin/python3", "-c", count)[1].strip() == "0", "no zombie is left")
        self.assertTrue(re.match("relay-gateway", self.exec(name, "/bin/cat", "/proc/1/comm")[1]))
        code, took = self.stop(name)
        self.assertEqual(code, 0)
        self.assertLess(took, 1.0)
