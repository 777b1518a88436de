"""The Kubernetes manifests: rendered by kubectl where it is installed, else read as they are."""
import copy
import functools
import re
import shutil
import subprocess
import unittest

from tree import needs_yaml, path, read, sources, yaml


@functools.cache
def rendered():
    """Documents by kind. Without kubectl: the files themselves, whose names and labels are not yet completed."""
    folder = path("deploy", "kubernetes")
    if shutil.which("kubectl"):
        done = subprocess.run(["kubectl", "kustomize", folder], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise AssertionError(done.stderr)
        text = done.stdout
    else:
        listed = yaml.safe_load(read("deploy", "kubernetes", "kustomization.yaml"))["resources"]
        text = "\n---\n".join(read("deploy", "kubernetes", name) for name in listed)
    return {x["kind"]: x for x in yaml.safe_load_all(text)}


def seconds(text):
    return {"s": 1, "m": 60}[text[-1]] * float(text[:-1])


@needs_yaml
class Manifests(unittest.TestCase):
    def setUp(self):
        self.all = copy.deepcopy(rendered())
        self.pod = self.all["StatefulSet"]["spec"]["template"]["spec"]
        self.container, = self.pod["containers"]
        self.environment = {x["name"]: x.get("value", "") for x in self.container["env"]}

    def test_one_replica_with_a_volume_that_outlives_it(self):
        spec = self.all["StatefulSet"]["spec"]
        self.assertEqual(spec["replicas"], 1)
        claims = {x["metadata"]["name"] for x in spec["volumeClaimTemplates"]}
        state, = [x for x in self.container["volumeMounts"] if x["mountPath"] == self.environment["GATEWAY_STATE_DIR"]]
        self.assertIn(state["name"], claims)
        self.assertEqual(spec["serviceName"], self.all["Service"]["metadata"]["name"])

    def test_probes_are_on_paths_that_there_are_and_mean_the_right_thing(self):
        paths = {name: self.container[name + "Probe"]["httpGet"]["path"] for name in ("startup", "liveness", "readiness")}
        self.assertEqual(paths, {"startup": "/startupz", "liveness": "/livez", "readiness": "/readyz"})
        table = read("app", "admin", "server.cpp")
        for where in paths.values():
            # Open, for a kubelet has no token.
            self.assertRegex(table, rf'\{{"{where}", "GET", &admin_server::\w+, right::open')

    def test_the_pod_may_stop_longer_than_the_grace(self):
        self.assertGreater(self.pod["terminationGracePeriodSeconds"], seconds(self.environment["GATEWAY_GRACE"]) + 3)

    def test_secrets_are_files(self):
        for name, value in self.environment.items():
            self.assertFalse(re.search("TOKEN$|SECRET$|KEY$", name), name)
            if name.endswith("_FILE"):
                mounts = {x["mountPath"]: x["name"] for x in self.container["volumeMounts"]}
                volume = next(mounts[x] for x in mounts if value.startswith(x + "/"))
                self.assertIn("secret", next(x for x in self.pod["volumes"] if x["name"] == volume))
        self.assertIn("GATEWAY_RELAY_ACCESS_TOKEN_FILE", self.environment)

    def test_the_security_context_is_the_restricted_one(self):
        self.assertEqual(self.pod["securityContext"]["runAsUser"], 65532)
        self.assertTrue(self.pod["securityContext"]["runAsNonRoot"])
        self.assertEqual(self.pod["securityContext"]["seccompProfile"], {"type": "RuntimeDefault"})
        own = self.container["securityContext"]
        self.assertEqual((own["allowPrivilegeEscalation"], own["readOnlyRootFilesystem"], own["capabilities"]),
                         (False, True, {"drop": ["ALL"]}))
        self.assertIs(self.pod["automountServiceAccountToken"], False)

    def test_nothing_comes_in_but_prometheus(self):
        spec = self.all["NetworkPolicy"]["spec"]
        self.assertEqual(set(spec["policyTypes"]), {"Ingress", "Egress"})
        allowed, = spec["ingress"]
        self.assertEqual([str(x["port"]) for x in allowed["ports"]], [self.environment["GATEWAY_METRICS_LISTEN"].split(":")[1]])
        self.assertTrue(allowed["from"])
        self.assertIn({"protocol": "TCP", "port": 443}, [y for x in spec["egress"] for y in x["ports"]])

    def test_prometheus_scrapes_with_the_token(self):
        endpoint, = self.all["PodMonitor"]["spec"]["podMetricsEndpoints"]
        self.assertEqual(endpoint["path"], "/metrics")
        self.assertIn(endpoint["port"], [x["name"] for x in self.container["ports"]])
        self.assertIn("credentials", endpoint["authorization"])

    def test_what_commands_is_not_reached_from_outside(self):
        self.assertNotIn("GATEWAY_LISTEN", self.environment)
        for port in self.container["ports"] + self.all["Service"]["spec"]["ports"]:
            self.assertEqual(port["name"], "metrics")

    def test_the_id_is_that_of_the_pod(self):
        self.assertEqual(self.environment["GATEWAY_RELAY_ID"], "gw-$(POD_NAME)")

    def test_every_variable_is_a_setting(self):
        known = set()
        for _, text in sources("config"):
            known.update(re.findall(r'"(GATEWAY_[A-Z_]+)"', text))
        for name in self.environment:
            if name != "POD_NAME":
                self.assertIn(name.removesuffix("_FILE"), known)
