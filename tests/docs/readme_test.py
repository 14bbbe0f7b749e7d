#!/usr/bin/python3
"""Types what the README and --help show, and compares what is seen with what is written: readme_test.py PROGRAM.

From the root of the project. A command that stands in the README and is known neither to be typed nor, with a reason, not
to be, is an error. Public addresses are those of a zoo on this machine.
"""

import contextlib
import hashlib
import http.server
import io
import math
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import threading
import unittest
import zipfile

PROGRAM = pathlib.Path(sys.argv[1]).absolute()
README = pathlib.Path("README.md").read_text()
ROOT = pathlib.Path("README.md").resolve().parent  # of the sources, all of them

# Not typed here.
ELSEWHERE = {
    "./deploy/run": "installs packages and builds",
    "docker ": "deploy/docker/test does what Docker does",
    "./deploy/test": "runs this",
    "tests/browser/page_test.py": "needs a browser",
    "deploy/docker/test": "needs root",
    "tests/fuzz/run": "needs clang",
    "alias baryon=": "stands in for typing bazel-bin/baryon",
}

# The program as it is typed: `serve` gets free ports, and SIGTERM as soon as it is ready; `bench` and `perf` are quick.
WRAPPER = """#!/usr/bin/env bash
set -euo pipefail
case "$1 $*" in
*--help) exec {program} "$@" ;;
perf*--seconds*) exec {program} "${{@:1:$# - 1}}" 0.05 --warmup-seconds=0 ;;
perf*) exec {program} "$@" --seconds=0.05 --warmup-seconds=0 ;;
bench*) exec {program} "$@" --seconds=0.05 ;;
esac
[ "$1" = serve ] || exec {program} "$@"
coproc server {{ exec {program} "$@" --grpc-port=0 --http-port=0 --metrics-port=0 --linger-seconds=0 --measure-seconds=0; }}
read -r line <&"${{server[0]}}"
kill -TERM "$server_PID"
wait "$server_PID"
echo "$line"
"""


def blocks(text: str, fence: str = "") -> list:
    """The indented blocks of a Markdown text, or those of ```fence."""
    if fence:
        return re.findall(rf"^```{re.escape(fence)}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    text = re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)
    found = re.findall(r"(?:^|\n\n)((?:    .*\n)+)", text)
    return [re.sub(r"^    ", "", block, flags=re.MULTILINE) for block in found]


def is_command(line: str) -> bool:
    return bool(re.match(r"(\$ )?(\./deploy|deploy/|tests/|baryon [a-z]|docker|alias|bazel|source)", line))


def elsewhere(command: str) -> bool:
    arguments = command.split(" ")
    if command.startswith("./deploy/run ") and not arguments[1].startswith("-"):
        return False
    return any(command.startswith(start) for start in ELSEWHERE)


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_) -> None:
        pass


@contextlib.contextmanager
def serving_files(folder: pathlib.Path):
    """The address of a web server that has the files of `folder`."""
    handler = lambda *args: QuietHandler(*args, directory=str(folder))  # noqa: E731
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/"
        server.shutdown()


@contextlib.contextmanager
def serving_models(*options: str):
    """The ready line of a server of the demo's models."""
    command = [PROGRAM, "serve", "--repository", "deploy/demo/repository", "--measure-seconds=0", *options]
    command += ["--grpc-port=0", "--http-port=0", "--metrics-port=0", "--linger-seconds=0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        yield server.stdout.readline().strip()
        server.terminate()


def address_of(ready: str) -> str:
    return re.search(r"grpc=(\S+)", ready)[1]


class ReadmeTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        cls.stack = contextlib.ExitStack()
        cls.work = pathlib.Path(cls.stack.enter_context(tempfile.TemporaryDirectory()))
        for name in ("deploy", "clients"):
            (cls.work / name).symlink_to(pathlib.Path(name).absolute())
        (cls.work / "bin").mkdir()
        wrapper = cls.work / "bin/baryon"
        wrapper.write_text(WRAPPER.format(program=PROGRAM))
        wrapper.chmod(0o755)
        (cls.work / "DIR/digits").mkdir(parents=True)
        (cls.work / "DIR/digits/1").symlink_to(pathlib.Path("deploy/demo/repository/digits/1").absolute())
        with zipfile.ZipFile("tests/golden/pictures.zip") as pictures:
            (cls.work / "cat.jpg").write_bytes(pictures.read("pictures/color.jpg"))
        cls.ready = cls.stack.enter_context(serving_models())
        cls.address = address_of(cls.ready)
        cls.zoo = cls.stack.enter_context(serving_files(cls.make_zoo()))

    @classmethod
    def tearDownClass(cls) -> None:
        cls.stack.close()

    @classmethod
    def make_zoo(cls) -> pathlib.Path:
        """A zoo with resnet50_v2: its parameters, seeded."""
        folder = cls.work / "zoo"
        folder.mkdir()
        made = subprocess.run([PROGRAM, "export", "resnet50_v2", "--output", folder / "r"], capture_output=True)
        assert made.returncode == 0, made.stderr
        params = folder / "r-0000.params"
        digest = hashlib.sha256(params.read_bytes()).hexdigest()
        entry = f'"name": "resnet50_v2", "file": "{params.name}", "sha256": "{digest}", "architecture": "resnet50_v2"'
        (folder / "zoo.json").write_text(f'{{"models": [{{{entry}}}]}}')
        return folder

    def type(self, command: str, address: str = "") -> str:
        """What is seen on stdout after `command`, which has to be done well; asks the server at `address`."""
        command = command.replace("./deploy/run ", "baryon ").replace("https://models.example.org/", self.zoo)
        environment = dict(
            os.environ,
            PATH=f"{self.work}/bin:/usr/bin:/bin",
            BARYON_SERVER=address or self.address,
            BARYON_CACHE=str(self.work / "cache"),
            MXNET_GLUON_REPO=self.zoo,
            no_proxy="127.0.0.1",
            MANPAGER="cat",
        )
        done = subprocess.run(
            ["bash", "-c", command],
            cwd=self.work,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )
        self.assertEqual(done.returncode, 0, f"{command}\n{done.stderr}")
        return done.stdout

    def assert_like(self, seen: str, written: str) -> None:
        """The same words; numbers may differ in their last digits. "..." stands for any more lines."""
        lines = written.rstrip().split("\n")
        if lines[-1].strip() == "...":
            lines.pop()
            self.assertGreater(len(seen.rstrip().split("\n")), len(lines))
        for got, wanted in zip(seen.split("\n"), lines):
            self.assertEqual(len(got.split()), len(wanted.split()), f"{got}\nrather than\n{wanted}")
            for word, other in zip(got.split(), wanted.split()):
                if re.fullmatch(r"[0-9.]+(e-?[0-9]+)?", other):
                    self.assertTrue(math.isclose(float(word), float(other), rel_tol=0.02), f"{got}\n{wanted}")
                else:
                    self.assertEqual(word, other)

    def test_every_command_does_what_it_says(self) -> None:
        typed = 0
        for block in blocks(README):
            lines = block.rstrip("\n").split("\n")
            for i, line in enumerate(lines):
                if not is_command(line):
                    continue
                command = line.removeprefix("$ ")
                # What stands behind a command in a column of its own is prose.
                command = re.sub(r"(\S)(  +| also )\S.*", r"\1", command)
                if elsewhere(command):
                    continue
                with self.subTest(command):
                    seen = self.type(command)
                    typed += 1
                    self.assertNotEqual(seen, "")
                    if line.startswith("$ "):
                        self.assert_like(seen, "\n".join(lines[i + 1 :]))
        self.assertGreaterEqual(typed, 9)

    def test_lines_that_are_no_commands_are_output(self) -> None:
        for block in blocks(README):
            lines = block.rstrip("\n").split("\n")
            for i, line in enumerate(lines):
                shown = any(before.startswith("$ ") for before in lines[:i])
                self.assertTrue(is_command(line) or shown or line.startswith("baryon: ready "), line)

    def test_the_ready_line_is_as_shown(self) -> None:
        def shape(line: str) -> str:
            return re.sub(r"models=[0-9]+", "models=N", re.sub(r":[0-9]+", ":PORT", line))

        [shown] = re.findall(r"^    (baryon: ready .*)$", README, re.MULTILINE)
        self.assertEqual(shape(self.ready), shape(shown))

    def test_commands_in_the_text_can_be_typed(self) -> None:
        inline = re.findall(r"`((?:baryon|source) [^`]*)`", README.replace("\n", " "))
        self.assertTrue(inline)
        shown = {"MODEL": "deploy/demo/repository/digits", "COMMAND": "run", "man -l -": "cat"}
        for command in inline:
            with self.subTest(command):
                if re.fullmatch(r"baryon [a-z]+", command):
                    command += " --help"
                for word, other in shown.items():
                    command = command.replace(word, other)
                command = re.sub(r" --profile$| MODEL --batch.*", " --help", command)
                self.type(command)

    def test_the_examples_of_help_can_be_typed(self) -> None:
        commands = re.findall(r"^  ([a-z]+) ", self.type("baryon --help").split("Subcommands:")[1], re.MULTILINE)
        self.assertIn("serve", commands)
        quiet = ("load", "unload", "completion", "pull", "remove", "verify", "export")
        self.type("baryon pull resnet50_v2")
        with serving_models("--model-control=explicit") as ready:
            for name in commands:
                _, shown = self.type(f"baryon {name} --help").split("Examples:\n")
                examples = re.findall(r"^  (.+)$", shown, re.MULTILINE)
                self.assertTrue(examples, name)
                for command in examples:
                    with self.subTest(command):
                        command = command.replace("man -l -", "cat")
                        seen = self.type(command, address_of(ready) if name in ("load", "unload") else "")
                        self.assertTrue(seen or name in quiet, command)

    def test_files_it_leads_to_are_there(self) -> None:
        for target in re.findall(r"\]\(([^)#:]+)\)", README):
            self.assertTrue((ROOT / target).exists(), target)

    def test_the_lines_of_python_do_what_they_say(self) -> None:
        [lines] = blocks(README, "python")
        sys.path.insert(0, "clients/python")
        output = io.StringIO()
        with contextlib.redirect_stdout(output):
            exec(compile(lines.replace("127.0.0.1:8001", self.address), "README.md", "exec"), {})
        label, score = output.getvalue().split()
        self.assertEqual(label, "3")
        self.assertGreater(float(score), 0.9)


if __name__ == "__main__":
    sys.exit(not unittest.main(argv=sys.argv[:1], exit=False).result.wasSuccessful())
