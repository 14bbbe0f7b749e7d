#!/usr/bin/env python3
"""The page at "/", in a real browser: page_test.py [PROGRAM] [--screenshot FILE]

Starts the program (bazel-bin/baryon) with the demo repository and headless Chromium (Debian's chromium and
chromium-driver, which are too large to be packages of deploy/test), then does what people do: looks, drops a picture,
chooses one by keyboard, pastes JSON, makes mistakes, goes on when the server is gone. Speaks WebDriver, which is JSON
over HTTP.
"""

import argparse
import base64
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.error
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
PICTURES = ROOT / "deploy/demo/pictures"
PATIENCE_SECONDS = 20  # for what has to appear; reaching it is a failure
ELEMENT = "element-6066-11e4-a52e-4f735466cecf"  # how WebDriver marks elements

arguments = argparse.Namespace(program=str(ROOT / "bazel-bin/baryon"), screenshot=None)


class Browser:
    """A headless Chromium with one window."""

    def __init__(self, dark: bool = False) -> None:
        self._driver = subprocess.Popen(["chromedriver", "--port=0"], stdout=subprocess.PIPE, text=True)
        for line in self._driver.stdout:
            if found := re.search(r"started successfully on port (\d+)", line):
                break
        self._root = f"http://127.0.0.1:{found[1]}"
        options = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--window-size=900,1060"]
        options += ["--blink-settings=preferredColorScheme=0"] if dark else []
        wanted = {"browserName": "chrome", "goog:chromeOptions": {"args": options},
                  "goog:loggingPrefs": {"browser": "ALL"}}
        self._session = ""
        self._session = "/session/" + self._ask("POST", "/session", {"capabilities": {"alwaysMatch": wanted}})["sessionId"]

    def close(self) -> None:
        self._ask("DELETE", "")
        self._driver.terminate()
        self._driver.wait()
        self._driver.stdout.close()

    def _ask(self, method: str, path: str, body: "dict | None" = None):
        data = json.dumps(body).encode() if method == "POST" else None
        request = urllib.request.Request(self._root + self._session + path, data, method=method)
        try:
            with urllib.request.urlopen(request) as response:
                return json.load(response)["value"]
        except urllib.error.HTTPError as error:
            raise AssertionError(json.load(error)["value"]["message"]) from None

    def open(self, url: str) -> None:
        self._ask("POST", "/url", {"url": url})

    def run(self, script: str, *args):
        """The value of the JavaScript function body `script`."""
        return self._ask("POST", "/execute/sync", {"script": script, "args": list(args)})

    def text(self, selector: str) -> str:
        return self.run("return document.querySelector(arguments[0])?.innerText ?? ''", selector)

    def type(self, selector: str, keys: str) -> None:
        element = self._ask("POST", "/element", {"using": "css selector", "value": selector})[ELEMENT]
        self._ask("POST", f"/element/{element}/value", {"text": keys})

    def press(self, keys: str) -> None:
        """Keys to whatever has the focus."""
        actions = [{"type": kind, "value": key} for key in keys for kind in ("keyDown", "keyUp")]
        self._ask("POST", "/actions", {"actions": [{"type": "key", "id": "keyboard", "actions": actions}]})

    def drop(self, selector: str, path: pathlib.Path) -> None:
        """What a drop of the file does, with a file that holds its bytes."""
        content = base64.b64encode(path.read_bytes()).decode()
        self.run(
            """const bytes = Uint8Array.from(atob(arguments[1]), (c) => c.charCodeAt(0));
            const transfer = new DataTransfer();
            transfer.items.add(new File([bytes], arguments[2], {type: 'image/png'}));
            for (const kind of ['dragenter', 'dragover', 'drop']) {
              document.querySelector(arguments[0]).dispatchEvent(
                  new DragEvent(kind, {dataTransfer: transfer, bubbles: true, cancelable: true}));
            }""",
            selector, content, path.name,
        )  # fmt: skip

    def screenshot(self) -> bytes:
        return base64.b64decode(self._ask("GET", "/screenshot"))

    def complaints(self) -> list:
        """What the browser has logged since it was asked last: errors of scripts, what the policy blocked."""
        return [entry["message"] for entry in self._ask("POST", "/se/log", {"type": "browser"})]

    def wait_for(self, what: str, script: str, *args):
        """The first true value of `script`."""
        end = time.monotonic() + PATIENCE_SECONDS
        while not (value := self.run(script, *args)):
            if time.monotonic() > end:
                raise AssertionError(f"expected {what}; the page says:\n{self.text('body')}")
            time.sleep(0.05)
        return value

    def wait_for_text(self, selector: str, pattern: str) -> str:
        return self.wait_for(
            f"{pattern!r} in {selector}",
            """const text = document.querySelector(arguments[0])?.innerText ?? '';
            return new RegExp(arguments[1]).test(text) ? text : ''""",
            selector, pattern,
        )  # fmt: skip


def start_server(*options: str) -> "tuple[subprocess.Popen, str]":
    """A server of the demo repository, and the address of its page."""
    command = [arguments.program, "serve", "--grpc-port=0", "--http-port=0", "--metrics-port=0", "--measure-seconds=0"]
    command += ["--linger-seconds=0", "--repository", str(ROOT / "deploy/demo/repository"), *options]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    return server, "http://" + re.search(r" http=(\S+)", server.stdout.readline())[1]


class PageTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        cls.server, cls.url = start_server()
        cls.browser = Browser()

    @classmethod
    def tearDownClass(cls) -> None:
        cls.browser.close()
        if cls.server.poll() is None:
            cls.server.terminate()
        cls.server.wait()
        cls.server.stdout.close()

    def setUp(self) -> None:
        self.browser.open(self.url + "/")
        self.browser.wait_for_text("#models", r"digits\s+1\s+ready")
        self.browser.wait_for_text("#signature", "input data")

    def test_1_lists_models_with_signature_and_live_figures(self) -> None:
        self.assertRegex(self.browser.text("#server"), r"baryon \d+\.\d+\.\d+ answers")
        self.assertRegex(self.browser.text("#signature"), r"FP32 \[-1, 1, ")
        self.browser.drop("#drop", PICTURES / "1.png")
        self.wait_for_figures()

    def wait_for_figures(self) -> None:
        self.browser.wait_for(
            "the count of answers, and a latency",
            """const cells = document.querySelector('#models tr').cells;
            return Number(cells[6].innerText) > 0 && / ms$/.test(cells[4].innerText)""",
        )

    def test_2_names_the_digit_of_a_picture_that_is_dropped(self) -> None:
        for digit in (3, 8):
            self.browser.drop("#drop", PICTURES / f"{digit}.png")
            answer = self.browser.wait_for_text("#answer", rf"^Version 1 answered in [\d.]+ ms\s+{digit}\s+\d+\.\d %")
            self.assertEqual(answer.count(" %"), 5, answer)
        bars = self.browser.run("return [...document.querySelectorAll('.bar')].map((bar) => bar.offsetWidth)")
        self.assertEqual(bars, sorted(bars, reverse=True))
        self.assertGreater(bars[0], 100)
        self.assertTrue(self.browser.run("return document.querySelector('#preview').naturalWidth === 8"))
        self.wait_for_figures()
        if arguments.screenshot:
            pathlib.Path(arguments.screenshot).write_bytes(self.browser.screenshot())

    def test_3_works_without_a_mouse(self) -> None:
        # The file dialog is the system's; what it gives to the page comes from here.
        self.browser.type("#picture", str(PICTURES / "7.png"))
        self.browser.wait_for_text("#answer", r"\s7\s+\d+\.\d %")
        self.browser.run("document.activeElement.blur(); document.body.focus()")
        seen = []
        for _ in range(4):
            self.browser.press("\ue004")  # Tab
            seen.append(self.browser.run(
                "const e = document.activeElement; return e.id || e.innerText + (e.matches(':focus-visible') ? '' : '!')"))
        self.assertEqual(seen, ["digits", "picture", "json", "Predict"])
        self.browser.press("\ue007")  # Enter
        self.browser.wait_for_text("#answer", r"Version 1 answered")

    def test_4_takes_json(self) -> None:
        pixels = [[[[0.5] * 8] * 8]] * 2
        request = {"inputs": [{"name": "data", "shape": [2, 1, 8, 8], "datatype": "FP32", "data": pixels}]}
        for pasted in (pixels, request):
            self.browser.run("document.querySelector('#json').value = arguments[0]", json.dumps(pasted))
            self.browser.type("#json", "\ue009\ue007")  # Control+Enter
            self.browser.wait_for_text("#answer", r"Row 0\s[^R]*Row 1\s")
            self.browser.run("document.querySelector('#answer').replaceChildren()")

    def test_5_says_what_is_wrong(self) -> None:
        self.browser.run("document.querySelector('#json').value = '[[1, 2'")
        self.browser.run("document.querySelector('#json-form').requestSubmit()")
        self.browser.wait_for_text("#answer .error", "JSON")
        self.browser.run("document.querySelector('#json').value = '[[1, 2, 3]]'")
        self.browser.run("document.querySelector('#json-form').requestSubmit()")
        self.browser.wait_for_text("#answer .error", r'"data": expected .*got .*\[1, 3\]')
        self.browser.drop("#drop", pathlib.Path(__file__))
        self.browser.wait_for_text("#answer .error", "[Pp]icture|PNG|JPEG")

    def test_6_runs_under_its_policy_and_asks_nobody_else(self) -> None:
        asked = self.browser.run("return performance.getEntriesByType('resource').map((entry) => entry.name)")
        self.assertTrue(asked)
        self.assertEqual([name for name in asked if not name.startswith((self.url + "/", "data:", "blob:"))], [])
        refused = [line for line in self.browser.complaints() if "Content Security Policy" in line or "Uncaught" in line]
        self.assertEqual(refused, [])

    def test_7_is_dark_where_people_want_it_dark(self) -> None:
        def brightness(browser: Browser) -> int:
            color = browser.run("return getComputedStyle(document.body).backgroundColor")
            return sum(int(part) for part in re.findall(r"\d+", color)[:3])

        dark = Browser(dark=True)
        self.addCleanup(dark.close)
        dark.open(self.url + "/")
        self.assertGreater(brightness(self.browser), 600)
        self.assertLess(brightness(dark), 150)

    def test_8_asks_for_the_token_of_a_server_that_wants_one(self) -> None:
        with tempfile.NamedTemporaryFile("w") as file:
            file.write("the-token-of-users\n")
            file.flush()
            server, url = start_server("--auth-token-file", file.name)
            try:
                self.browser.open(url + "/")
                self.browser.wait_for("a place for the token", "return !document.querySelector('#token-form').hidden")
                self.browser.type("#token", "the-token-of-users\ue007")
                self.browser.wait_for_text("#models", r"digits\s+1\s+ready")
                self.assertTrue(self.browser.run("return document.querySelector('#token-form').hidden"))
            finally:
                server.terminate()
                server.wait()
                server.stdout.close()

    def test_9_says_so_when_the_server_has_gone(self) -> None:
        self.server.terminate()
        self.assertEqual(self.server.wait(), 0)
        self.browser.wait_for_text("#server", "The server does not answer")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("program", nargs="?", default=arguments.program)
    parser.add_argument("--screenshot", help="PNG file for what the page shows after a picture was dropped")
    parser.parse_args(namespace=arguments)
    arguments.program = os.path.abspath(arguments.program)
    unittest.main(argv=sys.argv[:1], verbosity=2)
