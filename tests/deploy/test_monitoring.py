"""Alert rules and dashboard: accepted by promtool, and made of metrics that there are."""
import json
import re
import unittest

from tree import metric_names, needs, needs_yaml, path, read, run, yaml

NAME = re.compile(r"\b((?:relay_gateway|process)_[a-z_]+)")

MATCHED = re.compile(r"\b(relay_gateway_[a-z_]+)\{([^}]*)\}")


def label_of(name):
    """The label of a counter and all of its values, as actors/metrics.cpp declares them."""
    row = re.search(rf'"{name}",\s*((?:"[^"]*"\s*)+),\s*"(\w*)",\s*((?:"[^"]*"\s*)+)\}}', read("actors", "metrics.cpp"))
    return row.group(2), "".join(re.findall('"([^"]*)"', row.group(3))).split() + ["other"]


def rules():
    return [rule for group in yaml.safe_load(read("deploy", "monitoring", "alerts.yaml"))["groups"] for rule in group["rules"]]


class Alerts(unittest.TestCase):
    @needs("promtool")
    def test_promtool_accepts_them(self):
        run("promtool", "check", "rules", path("deploy", "monitoring", "alerts.yaml"))

    @needs("promtool")
    def test_each_fires_on_what_it_is_for(self):
        run("promtool", "test", "rules", "alerts_test.yaml", cwd=path("deploy", "monitoring"))

    @needs_yaml
    def test_each_is_seen_to_fire(self):
        tests = yaml.safe_load(read("deploy", "monitoring", "alerts_test.yaml"))["tests"]
        fired = {x["alertname"] for test in tests for x in test.get("alert_rule_test", []) if x["exp_alerts"]}
        self.assertEqual(fired, {x["alert"] for x in rules()})

    @needs_yaml
    def test_they_ask_for_metrics_that_there_are(self):
        for rule in rules():
            for name in NAME.findall(rule["expr"]):
                self.assertIn(name, metric_names(), rule["alert"])

    @needs_yaml
    def test_they_ask_for_labels_that_the_code_gives(self):
        asked = [x for rule in rules() for x in MATCHED.findall(rule["expr"])]
        asked += [x for panel in json.loads(read("deploy", "monitoring", "grafana-dashboard.json"))["panels"]
                  for target in panel["targets"] for x in MATCHED.findall(target["expr"])]
        found = 0
        for name, matchers in asked:
            for label, how, value in re.findall(r'(\w+)\s*(=~|!~|!=|=)\s*"([^"]*)"', matchers):
                if label in ("job", "instance", "le", "platform", "stage"):
                    continue
                known, values = label_of(name)
                self.assertEqual(label, known, name)
                self.assertTrue(any(re.fullmatch(value, x) for x in values), f"{name}: no series has {label} {how} {value}")
                found += 1
        self.assertGreaterEqual(found, 3)

    @needs_yaml
    def test_each_has_a_severity_and_leads_to_the_runbook(self):
        for rule in rules():
            self.assertIn(rule["labels"]["severity"], ("critical", "warning"))
            self.assertEqual(rule["annotations"]["runbook"], "runbook.md#" + rule["alert"].lower())


class Dashboard(unittest.TestCase):
    def setUp(self):
        self.board = json.loads(read("deploy", "monitoring", "grafana-dashboard.json"))

    def test_it_shows_metrics_that_there_are(self):
        asked = {name for panel in self.board["panels"] for target in panel["targets"] for name in NAME.findall(target["expr"])}
        asked |= {name for x in self.board["templating"]["list"] if x["type"] == "query" for name in NAME.findall(x["query"]["query"])}
        self.assertGreater(len(asked), 20)
        self.assertEqual(asked - metric_names(), set())

    def test_panels_have_ids_descriptions_and_places_of_their_own(self):
        panels = self.board["panels"]
        self.assertEqual(len({x["id"] for x in panels}), len(panels))
        taken = set()
        for panel in panels:
            self.assertTrue(panel["description"], panel["title"])
            at = panel["gridPos"]
            cells = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
            self.assertFalse(cells & taken, panel["title"])
            self.assertLessEqual(at["x"] + at["w"], 24)
            taken |= cells

    def test_every_query_goes_to_the_chosen_source_and_instances(self):
        for panel in self.board["panels"]:
            for target in panel["targets"]:
                self.assertEqual(target["datasource"]["uid"], "${datasource}")
                self.assertIn('instance=~"$instance"', target["expr"])

    @needs("promtool")
    @needs_yaml
    def test_prometheus_can_read_every_query(self):
        # As recording rules, with Grafana's variables filled in.
        expressions = [re.sub(r"\$(job|instance)", ".*", target["expr"]).replace("$__rate_interval", "1m")
                       for panel in self.board["panels"] for target in panel["targets"]]
        recorded = [{"record": f"panel:query:{n}", "expr": x} for n, x in enumerate(expressions)]
        text = yaml.safe_dump({"groups": [{"name": "dashboard", "rules": recorded}]})
        self.assertIn("SUCCESS", run("promtool", "check", "rules", "/dev/stdin", input=text))
