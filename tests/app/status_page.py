#!/usr/bin/env python3
"""The status page in real Chromium, of a gateway that is connected to the stand-in and wants a token.

    status_page.py BIN_DIR [--screenshots DIR]

Logs in by the form, sees state, platforms, plots and log events; then the same without scripts, in the dark, and on a
narrow screen. Exits 0 when all of it was there. Nothing here sleeps: each step waits for what the page shows.
"""
import argparse
import json
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

from selenium import webdriver
from selenium.common.exceptions import StaleElementReferenceException, TimeoutException
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

TOKEN, ADMIN = "read-token-of-the-page", "admin-token-of-the-page"
# Takes every event but those of one chat.
AGENT = """
import json, sys
for line in sys.stdin:
    x = json.loads(line)
    if x["type"] == "inbound" and x["event"]["text"] != "keep":
        for frame in ({"type": "action", "request_id": x["delivery_id"], "delivery_id": x["delivery_id"],
                       "action": {"op": "send", "chat_id": x["event"]["source"]["chat_id"], "content": "yes"}},
                      {"type": "ack", "delivery_id": x["delivery_id"]}):
            print(json.dumps(frame), flush=True)
"""


def browser(profile, width=1100, height=1500, dark=False, scripts=True):
    options = Options()
    for flag in ("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
                 "--disable-background-networking", "--disable-component-update", "--disable-sync",
                 "--disable-dev-shm-usage", f"--window-size={width},{height}", f"--user-data-dir={profile}"):
        options.add_argument(flag)
    if dark:
        options.add_argument("--force-dark-mode")
        options.add_argument("--blink-settings=preferredColorScheme=0")
    if not scripts:
        options.add_experimental_option("prefs", {"profile.managed_default_content_settings.javascript": 2})
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    return webdriver.Chrome(options=options, service=Service("/usr/bin/chromedriver"))


def wait(driver, what, condition):
    try:
        # The page draws itself anew meanwhile: what was found a moment ago may be gone.
        return WebDriverWait(driver, 20, 0.05, (StaleElementReferenceException,)).until(lambda _: condition())
    except TimeoutException:
        raise AssertionError(f"timed out waiting for {what}") from None


def text_of(driver, css):
    return " ".join(x.text for x in driver.find_elements(By.CSS_SELECTOR, css))


def log_in(driver, url):
    driver.get(url)
    field = wait(driver, "the login form", lambda: driver.find_elements(By.NAME, "token"))[0]
    field.send_keys("wrong")
    driver.find_element(By.CSS_SELECTOR, "button").click()
    wait(driver, "the refusal", lambda: "neither" in text_of(driver, "[role=alert]"))
    driver.find_element(By.NAME, "token").send_keys(TOKEN)
    driver.find_element(By.CSS_SELECTOR, "button").click()


def no_complaints(driver, but=()):
    complaints = [x["message"] for x in driver.get_log("browser") if not any(part in x["message"] for part in but)]
    if complaints:
        raise AssertionError(f"the browser complains: {complaints}")


def look(url, shots, name, **how):
    with tempfile.TemporaryDirectory() as profile:
        driver = browser(profile, **how)
        try:
            log_in(driver, url)
            if how.get("scripts", True):
                wait(driver, "the state", lambda: text_of(driver, "#state") == "connected")
                wait(driver, "both platforms", lambda: {"discord", "telegram"} <= set(text_of(driver, "#platforms h3").split()))
                wait(driver, "a plot with values", lambda: driver.execute_script(
                    "const x = document.querySelector('#plots polyline'); return x && x.getAttribute('points').includes(' ')"))
                wait(driver, "log events", lambda: "link.up" in text_of(driver, "#log"))
                wait(driver, "what waits for a restart", lambda: "gateway.reactions" in text_of(driver, "#waits"))
                wait(driver, "latencies", lambda: "delivery to ack" in text_of(driver, "#latencies"))
                wait(driver, "the oldest event", lambda: re.search(r"waits \d+ s", text_of(driver, "#work")))
                stages = wait(driver, "the platforms' stages", lambda: text_of(driver, "#platforms"))
                if stages.count("Provisioning") != 2 or stages.count("Policy") != 2:
                    raise AssertionError(f"{name}: not every platform tells its stages: {stages}")
                wide = driver.execute_script("return document.documentElement.scrollWidth - document.documentElement.clientWidth")
                if wide > 0:
                    raise AssertionError(f"{name}: the page is {wide} pixels wider than the screen")
            else:
                wait(driver, "the table", lambda: "gateway_id" in text_of(driver, "noscript"))
                for part in ("waits for a restart", "gateway.reactions", "delivery_to_ack: p99_ms", "events: oldest_age_ms",
                             "discord: provisioning"):
                    if part not in wait(driver, "the table", lambda: text_of(driver, "noscript")):
                        raise AssertionError(f"the table without scripts has no {part!r}")
            if shots:
                shots.mkdir(parents=True, exist_ok=True)
                driver.save_screenshot(str(shots / f"status-{name}.png"))
            no_complaints(driver, but=("401",))     # the refused login
            driver.find_element(By.XPATH, "//button[text()='Log out']").click()
            wait(driver, "the login form again", lambda: driver.find_elements(By.NAME, "token"))
        finally:
            driver.quit()


def start(command, environment, line):
    """The process and the URL in the line of its output that begins so."""
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    for text in process.stdout:
        found = re.search(rf"{line}.*?(https?://\S+)", text)
        if found:
            return process, found.group(1)
    raise AssertionError(f"{command[0]} printed no URL")


def post(url, body, token=None):
    headers = {"Content-Type": "application/json", **({"Authorization": f"Bearer {token}"} if token else {})}
    with urllib.request.urlopen(urllib.request.Request(url, json.dumps(body).encode(), headers), timeout=10) as answer:
        return answer.status


def give_it_something_to_show(gateway, connector, home):
    """A setting that waits for a restart, turns that are over, and one that its agent keeps."""
    (home / "config.yaml").write_text("gateway: {reactions: true}\n")
    post(gateway + "v1/reload", {}, ADMIN)
    for chat in ("one", "two", "keep"):
        event = {"platform": "discord", "chat_id": chat, "chat_type": "dm", "user_id": "u-1", "user_name": "Nina", "text": chat}
        until = time.monotonic() + 20
        while True:
            try:
                post(connector + "/control/inject", event)
                break
            except urllib.error.HTTPError as refused:   # 409: nobody fronts that platform yet
                if refused.code != 409 or time.monotonic() > until:
                    raise


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("binaries", type=pathlib.Path)
    parser.add_argument("--screenshots", type=pathlib.Path)
    how = parser.parse_args()
    processes = []
    with tempfile.TemporaryDirectory() as home:
        try:
            plain = {"PATH": "/usr/bin:/bin", "HOME": home}
            connector, url = start([how.binaries / "relay-connector", "--listen", "127.0.0.1:0"], plain, "")
            processes.append(connector)
            settings = {**plain, "GATEWAY_RELAY_URL": url, "GATEWAY_RELAY_PLATFORMS": "discord,telegram",
                        "GATEWAY_RELAY_ACCESS_TOKEN": "token-of-the-page-test", "GATEWAY_AGENT": f"exec:/usr/bin/python3 -u {home}/agent.py",
                        "GATEWAY_STATE_DIR": "none", "HERMES_HOME": home, "GATEWAY_LISTEN": "0.0.0.0:0",
                        "GATEWAY_ADMIN_TOKEN": ADMIN, "GATEWAY_READ_TOKEN": TOKEN}
            (pathlib.Path(home) / "agent.py").write_text(AGENT)
            gateway, page = start([how.binaries / "relay-gateway", "run"], settings, "listening on")
            processes.append(gateway)
            page = page.replace("0.0.0.0", "127.0.0.1") + "/"
            give_it_something_to_show(page, url, pathlib.Path(home))
            look(page, how.screenshots, "light")
            look(page, how.screenshots, "dark", dark=True)
            look(page, how.screenshots, "narrow", width=500, height=1800)
            look(page, how.screenshots, "plain", scripts=False)
            print("the status page shows what it should")
            return 0
        finally:
            for process in processes:
                process.send_signal(signal.SIGTERM)
            for process in processes:
                try:
                    process.wait(timeout=30)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()


if __name__ == "__main__":
    sys.exit(main())
