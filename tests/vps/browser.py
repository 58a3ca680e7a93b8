"""A headless Chromium, led by the WebDriver protocol of its own driver."""

import json
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from deployer.rehearsal.machine import Machine
from deployer.rehearsal.processes import leader

ELEMENT = "element-6066-11e4-a52e-4f735466cecf"
"""What WebDriver calls the key of an element."""


@dataclass(frozen=True)
class Browser:
    """One window of it, with cookies of its own."""

    session: str

    def ask(self, path: str, body: Mapping[str, Any] | None = None, method: str = "") -> Any:
        """A command of WebDriver."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.session + path, data, method=method or None)
        try:
            with urllib.request.urlopen(request, timeout=120) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{path} {body}: {error.read().decode()[:2000]}") from error

    def open(self, url: str) -> None:
        """Go there, until the page has loaded."""
        self.ask("/url", {"url": url})

    def element(self, selector: str) -> str:
        """What this selector of CSS finds first, as a path."""
        try:
            found = self.ask("/element", {"using": "css selector", "value": selector})
        except AssertionError as error:
            raise AssertionError(f"no {selector} in {self.ask('/url')}:\n{self.text()}") from error
        return f"/element/{found[ELEMENT]}"

    def type(self, selector: str, text: str) -> None:
        """Put this into a field, in the place of what is there; or the path of a file."""
        element = self.element(selector)
        if self.script("return document.querySelector(arguments[0]).type", selector) != "file":
            self.ask(f"{element}/clear", {})
        self.ask(f"{element}/value", {"text": text})

    def click(self, selector: str, arrived: str) -> None:
        """Press it, and wait for the page that it leads to: where this JavaScript is true."""
        self.ask(f"{self.element(selector)}/click", {})
        self.wait_for(arrived)

    def wait_for(self, arrived: str) -> None:
        """Until the page is there as a whole, and this JavaScript is true on it."""
        latest = time.monotonic() + 60
        while not self.script(f"return document.readyState == 'complete' && ({arrived})"):
            assert time.monotonic() < latest, self.text()
            time.sleep(0.1)

    def script(self, code: str, *arguments: Any) -> Any:
        """What this JavaScript returns; of a promise, what becomes of it."""
        return self.ask("/execute/sync", {"script": code, "args": arguments})

    def look_like(self, width: int, height: int, scheme: str) -> None:
        """Be a window of this size, of somebody who likes it `light` or `dark`."""
        size = {"width": width, "height": height, "deviceScaleFactor": 2, "mobile": width < 500}
        scheme_of = {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
        for command, values in (("setDeviceMetricsOverride", size), ("setEmulatedMedia", scheme_of)):
            self.ask("/goog/cdp/execute", {"cmd": f"Emulation.{command}", "params": values})

    def complaints(self) -> list[str]:
        """What it has written to its console since this was asked the last time."""
        return [str(entry["message"]) for entry in self.ask("/se/log", {"type": "browser"})]

    def text(self) -> str:
        """What a person reads there."""
        return str(self.script("return document.body.innerText"))


@contextmanager
def browser(vps: Machine, *names: str) -> Iterator[Browser]:
    """One for which these names lead to this machine, whatever their certificates are.

    It is in the machine's network: where other machines come and go, Chromium gives up what it has begun.
    """
    driver = subprocess.Popen(
        [
            *("nsenter", f"--target={leader(vps.name)}", "--net"),
            *("chromedriver", "--port=0", "--allowed-ips="),
        ],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert driver.stdout
        said = next(line for line in driver.stdout if "started successfully on port" in line)
        root = f"http://{vps.address}:{said.split()[-1].rstrip('.')}/session"
        rules = ",".join(f"MAP {name} 127.0.0.1" for name in names)
        switches = ["--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"]
        options = {"args": [*switches, f"--host-resolver-rules={rules}, MAP * ~NOTFOUND"]}
        wanted = {"acceptInsecureCerts": True, "goog:chromeOptions": options}
        wanted["goog:loggingPrefs"] = {"browser": "ALL"}
        session = Browser(root).ask("", {"capabilities": {"alwaysMatch": wanted}})["sessionId"]
        window = Browser(f"{root}/{session}")
        try:
            yield window
        finally:
            window.ask("", method="DELETE")
    finally:
        driver.terminate()
        driver.wait()
