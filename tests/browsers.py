"""A real browser for tests and benchmarks: Chromium without a screen, driven through a pipe."""

import base64
import json
import os
import shutil
import subprocess
import time
from contextlib import suppress

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
_FLAGS = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--hide-scrollbars",
    "--remote-debugging-pipe",
)  # fmt: skip


def find_browser():
    """Return the path of a Chromium, or None."""
    return next(filter(None, map(shutil.which, NAMES)), None)


class Browser:
    """One page of a headless Chromium, asked by the DevTools protocol.

    Parameters
    ----------
    profile : Path
        A folder for what it keeps.
    size : (int, int), default=(1280, 800)
        Of the window.
    """

    def __init__(self, profile, size=(1280, 800)):
        to_read, self._to = os.pipe()
        self._from, to_write = os.pipe()

        def connect():  # Chromium reads from 3 and writes to 4
            held = os.dup(to_read), os.dup(to_write)
            for wanted, one in zip((3, 4), held):
                os.dup2(one, wanted)

        command = [find_browser(), *_FLAGS, f"--user-data-dir={profile}", "about:blank"]
        self._process = subprocess.Popen(
            command, preexec_fn=connect, close_fds=False,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        os.close(to_read)
        os.close(to_write)
        self._number, self._unread, self._session = 0, b"", None
        self.requests, self.messages = [], []
        target = self.ask("Target.createTarget", url="about:blank")["targetId"]
        attached = self.ask("Target.attachToTarget", targetId=target, flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.ask(f"{domain}.enable")
        self.resize(*size)

    def __enter__(self):
        return self

    def __exit__(self, *error):
        with suppress(OSError, EOFError):
            self._session = None
            self.ask("Browser.close")
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(10)
        self._process.kill()
        self._process.wait()
        os.close(self._to)
        os.close(self._from)

    def ask(self, method, **parameters):
        """Send a command and return its answer."""
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._to, json.dumps(message).encode() + b"\0")
        while (answer := self._next()).get("id") != self._number:
            self._note(answer)
        if "error" in answer:
            raise RuntimeError(f"{method}: {answer['error']}")
        return answer["result"]

    def _next(self):
        while b"\0" not in self._unread:
            part = os.read(self._from, 1 << 20)
            if not part:
                raise EOFError("the browser has ended")
            self._unread += part
        message, _, self._unread = self._unread.partition(b"\0")
        return json.loads(message)

    def _note(self, event):
        about = event.get("params", {})
        if event.get("method") == "Network.requestWillBeSent":
            self.requests.append(about["request"]["url"])
        elif event.get("method") == "Runtime.exceptionThrown":
            details = about["exceptionDetails"]
            self.messages.append(details.get("exception", {}).get("description", details["text"]))
        elif event.get("method") == "Log.entryAdded":
            self.messages.append(about["entry"]["text"])

    def resize(self, width, height, ratio=1, is_phone=False):
        """Give the window another size, in pixels of the page."""
        self.ask(
            "Emulation.setDeviceMetricsOverride",
            width=width, height=height, deviceScaleFactor=ratio, mobile=is_phone,
        )  # fmt: skip

    def dark(self, is_dark):
        """Say that the user likes dark pages, or light ones."""
        value = "dark" if is_dark else "light"
        features = [{"name": "prefers-color-scheme", "value": value}]
        self.ask("Emulation.setEmulatedMedia", features=features)

    def open(self, path, ready="document.documentElement?.dataset.ready", seconds=60):
        """Open a file, and wait until an expression is true in it."""
        self.requests, self.messages = [], []
        self.ask("Page.navigate", url="about:blank")
        self.ask("Page.navigate", url=path if "://" in str(path) else path.as_uri())
        self.wait(ready, seconds)

    def wait(self, expression, seconds=20):
        """Wait until an expression is true."""
        end = time.monotonic() + seconds
        while not self.run(expression):
            if time.monotonic() > end:
                raise TimeoutError(f"{expression} stays untrue. The page says: {self.messages}")
            time.sleep(0.02)

    def run(self, expression):
        """Return the value of an expression, awaited."""
        found = self.ask(
            "Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True,
            userGesture=True,
        )  # fmt: skip
        if "exceptionDetails" in found:
            details = found["exceptionDetails"]
            raise RuntimeError(details.get("exception", {}).get("description", details["text"]))
        return found["result"].get("value")

    def mouse(self, kind, x, y, **more):
        """Send an event of the mouse: "mouseMoved", "mousePressed", "mouseReleased"."""
        self.ask("Input.dispatchMouseEvent", type=kind, x=x, y=y, **more)

    def click(self, x, y):
        """Press and release at a place."""
        self.mouse("mouseMoved", x, y)
        self.mouse("mousePressed", x, y, button="left", buttons=1, clickCount=1)
        self.mouse("mouseReleased", x, y, button="left", clickCount=1)

    def drag(self, places, shift=False):
        """Press at the first place, move through the others, and release."""
        held = {"modifiers": 8 if shift else 0}
        self.mouse("mousePressed", *places[0], button="left", buttons=1, clickCount=1, **held)
        for place in places[1:]:
            self.mouse("mouseMoved", *place, button="left", buttons=1, **held)
        self.mouse("mouseReleased", *places[-1], button="left", clickCount=1, **held)

    def press(self, key, text=""):
        """Press and release a key."""
        for kind in ("keyDown", "keyUp"):
            self.ask(
                "Input.dispatchKeyEvent", type=kind, key=key, text=text if kind == "keyDown" else ""
            )

    def write(self, text):
        """Write into what has the focus."""
        self.ask("Input.insertText", text=text)

    def picture(self, path):
        """Save what the window shows as a PNG."""
        shown = self.ask("Page.captureScreenshot", format="png")
        path.write_bytes(base64.b64decode(shown["data"]))
