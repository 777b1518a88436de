#!/usr/bin/env python3
"""Types on the connector's console page as a Discord and as a Telegram user and awaits the agent's answers.

    console_page.py URL [--screenshots DIR] [--timeout SECONDS]

URL is a running connector with a gateway whose agent repeats what it is told (echo). Exits 0 when every answer
came in the right chat, 1 otherwise. Nothing here sleeps: each step waits for what the page shows.
"""
import argparse
import pathlib
import sys
import tempfile

from selenium import webdriver
from selenium.common.exceptions import TimeoutException
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait


def browser(profile, width=1200, height=820):
    options = Options()
    for flag in ("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
                 "--disable-background-networking", "--disable-component-update", "--disable-sync",
                 "--disable-dev-shm-usage", f"--window-size={width},{height}", f"--user-data-dir={profile}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    return webdriver.Chrome(options=options, service=Service("/usr/bin/chromedriver"))


class Page:
    def __init__(self, driver, timeout):
        self.driver = driver
        self.timeout = timeout

    def wait(self, what, condition):
        try:
            return WebDriverWait(self.driver, self.timeout, poll_frequency=0.05).until(lambda _: condition())
        except TimeoutException:
            raise AssertionError(f"timed out waiting for {what}") from None

    def find(self, css):
        return self.driver.find_elements(By.CSS_SELECTOR, css)

    def texts(self, css):
        # In one call: the page may replace elements between two.
        return self.driver.execute_script(
            "return [...document.querySelectorAll(arguments[0])].map(x => x.textContent)", css)

    def open(self, url):
        self.driver.get(url)
        self.wait("the platform tabs", lambda: self.find("#platforms button"))
        self.wait("a connected gateway", lambda: self.find("#gateways .up"))

    def click(self, css):
        self.driver.execute_script("document.querySelector(arguments[0]).click()", css)

    def choose(self, platform):
        self.click(f'#platforms button[data-platform="{platform}"]')
        self.wait(f"the {platform} tab", lambda: self.find(
            f'#platforms button[data-platform="{platform}"][aria-selected="true"]'))

    def say(self, text):
        field = self.driver.find_element(By.ID, "text")
        field.send_keys(text)
        field.send_keys(Keys.ENTER)
        self.wait(f"own message {text!r}", lambda: any(text in x for x in self.texts("#log .mine .bubble")))

    def answered(self, text):
        self.wait(f"an answer to {text!r}", lambda: any(text in x for x in self.texts("#log .bot .bubble")))


def run(page, url, shots):
    def shot(name):
        if shots:
            shots.mkdir(parents=True, exist_ok=True)
            page.driver.save_screenshot(str(shots / f"{name}.png"))

    page.open(url)
    for platform in ("discord", "telegram"):
        text = f"hello from {platform} <b>&amp;</b> \u2713"
        page.choose(platform)
        page.say(text)
        page.answered(text)
        other = "telegram" if platform == "discord" else "discord"
        strays = [x for x in page.texts("#log .bot .bubble") if f"hello from {other}" in x]
        assert not strays, f"an answer for {other} is shown in a {platform} chat: {strays}"
        assert not page.find("#log .bubble b"), "markup in a message was not shown as text"
        shot(platform)

    # A chat with others in it, too: it has its own conversation.
    page.choose("discord")
    page.click('#chats button[data-chat="general"]')
    page.wait("the channel", lambda: page.texts("#chat-name") == ["#general"])
    page.say("hello channel")
    page.answered("hello channel")
    assert not any("hello from" in x for x in page.texts("#log .bubble")), "two chats are mixed"
    shot("channel")

    # What comes in a chat that is not looked at: a dot beside its name, and below it the id by which logs and agents name the chat.
    page.driver.execute_script("""fetch('control/inject', {method: 'POST', headers: {'Content-Type': 'application/json'}, body:
        JSON.stringify({platform: 'discord', chat_id: 'chat-4711', chat_type: 'channel', user_id: 'u-9', user_name: 'Nina', text: 'psst'})})""")
    page.wait("the dot", lambda: page.find('#chats button.news[data-chat="chat-4711"]'))
    assert page.texts('#chats button[data-chat="chat-4711"] small')[0].endswith("chat-4711"), page.texts("#chats small")
    unread, read, dot = page.driver.execute_script("""const high = chat => document.querySelector(`#chats button[data-chat="${chat}"]`);
        return [high('chat-4711').offsetHeight, high('general').offsetHeight,
                getComputedStyle(high('chat-4711').querySelector('.name'), '::after').content]""")
    assert dot != "none" and unread == read, f"the dot is not in the line of the name: {unread} instead of {read} pixels high"
    tabs = page.driver.execute_script("return [...document.querySelectorAll('#platforms button')].map(x => [x.offsetHeight, x.className])")
    assert len({high for high, _ in tabs}) == 1 and any("news" in name for _, name in tabs), f"a tab's dot is not in its line: {tabs}"
    lines = page.driver.execute_script("const x = document.querySelector('#platforms .news'); return x.clientHeight / parseFloat(getComputedStyle(x).lineHeight)")
    assert lines < 2, f"a tab with a dot is {lines:.1f} lines high"
    shot("unread")

    errors = [x["message"] for x in page.driver.get_log("browser") if x["level"] == "SEVERE"]
    assert not errors, f"the browser complains: {errors}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("url")
    parser.add_argument("--screenshots", type=pathlib.Path)
    parser.add_argument("--timeout", type=float, default=20)
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        driver = browser(profile)
        try:
            run(Page(driver, wanted.timeout), wanted.url, wanted.screenshots)
        except AssertionError as wrong:
            print(f"console page: {wrong}", file=sys.stderr)
            return 1
        finally:
            driver.quit()
    print("console page: both platforms answered")
    return 0


if __name__ == "__main__":
    sys.exit(main())
