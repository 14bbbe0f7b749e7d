"""What the tests share: a real server, and one that answers as a test says."""

from __future__ import annotations

import os
import pathlib
import subprocess
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Callable, Dict, Iterator, List, Optional

import grpc
import pytest

ROOT = pathlib.Path(os.path.abspath(__file__)).parents[3]  # not resolved: under Bazel these are links
PICTURES = ROOT / "deploy/demo/pictures"


def start_baryon(*arguments: str, **environment: str) -> "tuple[subprocess.Popen[str], Dict[str, str]]":
    """Starts the program on free ports; returns it and its addresses once it is ready."""
    program = os.environ.get("BARYON", str(ROOT / "bazel-bin/baryon"))
    ports = ["--grpc-port=0", "--http-port=0", "--metrics-port=0"]
    command = [program, "serve", *ports, *arguments]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ, **environment})
    assert server.stdout is not None
    line = server.stdout.readline()
    assert line.startswith("baryon: ready "), f"expected the ready line, got {line!r}"
    return server, dict(word.split("=", 1) for word in line.split()[2:])


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """The address of a server of the demo repository, loading by request."""
    repository = str(ROOT / "deploy/demo/repository")
    process, addresses = start_baryon("--repository", repository, "--measure-seconds=0", "--model-control=explicit")
    with process:
        from baryon_client import Client

        with Client(addresses["grpc"]) as client:
            client.load("digits")
        yield addresses["grpc"]
        process.terminate()
        assert process.wait() == 0


class FakeServer:
    """Answers Predict with one status after the other, then for good with an empty answer."""

    def __init__(self) -> None:
        self.failures: List[Callable[[Any], None]] = []
        self.metadata: List[Dict[str, str]] = []  # of each attempt
        self.time_left: List[float] = []
        self._server = grpc.server(ThreadPoolExecutor(4))
        self._server.add_generic_rpc_handlers(
            [
                grpc.method_handlers_generic_handler(
                    "baryon.v1.PredictionService", {"Predict": grpc.unary_unary_rpc_method_handler(self._answer)}
                )
            ]
        )
        self.address = ""

    def start(self, credentials: Optional[grpc.ServerCredentials] = None) -> None:
        if credentials is None:
            port = self._server.add_insecure_port("127.0.0.1:0")
        else:
            port = self._server.add_secure_port("127.0.0.1:0", credentials)
        self.address = f"127.0.0.1:{port}"
        self._server.start()

    def stop(self) -> None:
        self._server.stop(None)

    def fail_with(self, code: grpc.StatusCode, push_back: Optional[str] = None) -> None:
        def fail(context: Any) -> None:
            if push_back is not None:
                context.set_trailing_metadata([("grpc-retry-pushback-ms", push_back)])
            context.abort(code, "come later")

        self.failures.append(fail)

    def _answer(self, request: bytes, context: Any) -> bytes:
        self.metadata.append(dict(context.invocation_metadata()))
        self.time_left.append(context.time_remaining())
        if self.failures:
            self.failures.pop(0)(context)
        return b""


@pytest.fixture
def fake() -> Iterator[FakeServer]:
    fake = FakeServer()
    yield fake
    fake.stop()
