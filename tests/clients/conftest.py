"""The servers under test: one that serves its whole repository, and one whose models are loaded by request."""
import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile

import pytest

ROOT = pathlib.Path(os.path.abspath(__file__)).parents[2]  # not resolved: under Bazel these are links

collect_ignore = ["golden.py"]
_processes = []


def _write_graph(folder, nodes, heads):
    """An export without parameters; `nodes` are (operator, name, inputs)."""
    folder.mkdir(parents=True)
    symbol = {
        "nodes": [{"op": op, "name": name, "attrs": {"__shape__": "(0, 4)"} if op == "null" else {},
                   "inputs": [[i, 0, 0] for i in inputs]} for op, name, inputs in nodes],
        "arg_nodes": [i for i, node in enumerate(nodes) if node[0] == "null"],
        "heads": [[i, 0, 0] for i in heads],
        "attrs": {"mxnet_version": ["int", 10901]},
    }
    (folder / "graph-symbol.json").write_text(json.dumps(symbol))


def _write_repository(folder):
    shutil.copytree(ROOT / "deploy/demo/repository/digits", folder / "digits")
    _write_graph(folder / "two_inputs/1",
                 [("null", "a", []), ("null", "b", []), ("elemwise_sub", "difference", [0, 1])], [2])
    _write_graph(folder / "two_outputs/1",
                 [("null", "x", []), ("negative", "minus", [0]), ("square", "square", [0])], [1, 2])


def _start(folder, *options):
    program = os.environ.get("BARYON", str(ROOT / "bazel-bin/baryon"))
    process = subprocess.Popen([program, "serve", "--repository", folder, "--grpc-port", "0", "--http-port", "0",
                                "--metrics-port", "0", "--measure-seconds", "0", *options],
                               stdout=subprocess.PIPE, text=True)
    _processes.append(process)
    ready = process.stdout.readline()
    addresses = dict(re.findall(r"(\w+)=(\S+:\d+)", ready))
    assert len(addresses) == 3, f"expected the ready line, got {ready!r}"
    return addresses


def pytest_configure(config):
    config.repository = tempfile.TemporaryDirectory()
    folder = pathlib.Path(config.repository.name)
    _write_repository(folder)
    addresses = _start(folder)
    control = _start(folder, "--model-control", "explicit")
    # Before the test modules are read: golden.py has them from there.
    os.environ.update(BARYON_GRPC=addresses["grpc"], BARYON_HTTP=addresses["http"],
                      BARYON_METRICS=addresses["metrics"], BARYON_EXPLICIT_GRPC=control["grpc"],
                      BARYON_EXPLICIT_HTTP=control["http"])


def pytest_sessionfinish(session, exitstatus):
    # Without a package index all are skipped, which is listed and no failure.
    if exitstatus == pytest.ExitCode.NO_TESTS_COLLECTED and not os.environ.get("BARYON_TEST_CLIENTS"):
        session.exitstatus = 0
    for process in _processes:
        process.terminate()
    codes = [process.wait(timeout=120) for process in _processes]
    if any(codes):
        print(f"the servers ended with {codes}")
        session.exitstatus = 1


def pytest_unconfigure(config):
    config.repository.cleanup()
