"""Tokens and TLS."""

from __future__ import annotations

import asyncio
import shutil
import subprocess

import grpc
import pytest

import baryon_client
from baryon_client import AsyncClient, Client, RetryPolicy, Tls


def test_sends_the_token_with_every_call(fake):
    fake.start()
    with Client(fake.address, token="secret-token") as client:
        client.predict("m", [1.0])
    tokens = iter(["first", "second"])
    with Client(fake.address, token=lambda: next(tokens)) as client:
        client.predict("m", [1.0])
        client.predict("m", [1.0])
    with Client(fake.address) as client:
        client.predict("m", [1.0])
    sent = [metadata.get("authorization") for metadata in fake.metadata]
    assert sent == ["Bearer secret-token", "Bearer first", "Bearer second", None]


@pytest.fixture(scope="module")
def pems(tmp_path_factory):
    """A certificate for "baryon.test" that signs itself, and its key."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    folder = tmp_path_factory.mktemp("pems")
    command = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=baryon.test"
    subprocess.run(
        [*command.split(), "-addext", "subjectAltName=DNS:baryon.test", "-keyout", "key.pem", "-out", "cert.pem"],
        cwd=folder,
        check=True,
        stderr=subprocess.DEVNULL,
    )
    return folder


def server_credentials(pems, mutual: bool) -> grpc.ServerCredentials:
    key, certificate = (pems / "key.pem").read_bytes(), (pems / "cert.pem").read_bytes()
    return grpc.ssl_server_credentials([(key, certificate)], certificate if mutual else None, mutual)


def test_trusts_the_given_authority_alone(fake, pems):
    fake.start(server_credentials(pems, mutual=False))
    tls = Tls(ca=pems / "cert.pem", server_name="baryon.test")
    with Client(fake.address, tls=tls) as client:
        client.predict("m", [1.0])

    async def ask():
        async with AsyncClient(fake.address, tls=tls) as client:
            await client.predict("m", [1.0])

    asyncio.run(ask())
    assert len(fake.metadata) == 2
    for stranger in (Tls(server_name="baryon.test"), Tls(ca=pems / "cert.pem", server_name="other.test")):
        with Client(fake.address, tls=stranger, retry=RetryPolicy(attempts=1)) as client:
            with pytest.raises(baryon_client.Unavailable):
                client.predict("m", [1.0])
    assert len(fake.metadata) == 2


def test_shows_its_own_certificate(fake, pems):
    fake.start(server_credentials(pems, mutual=True))
    known = Tls(pems / "cert.pem", pems / "cert.pem", pems / "key.pem", "baryon.test")
    with Client(fake.address, tls=known) as client:
        client.predict("m", [1.0])
    nobody = Tls(pems / "cert.pem", server_name="baryon.test")
    with Client(fake.address, tls=nobody, retry=RetryPolicy(attempts=1)) as client:
        with pytest.raises(baryon_client.Unavailable):
            client.predict("m", [1.0])
    assert len(fake.metadata) == 1


def test_a_certificate_comes_with_its_key(pems):
    with pytest.raises(ValueError, match="expected certificate and key"):
        Tls(certificate=pems / "cert.pem").credentials()
    with pytest.raises(OSError):
        Tls(ca=pems / "nosuch.pem").credentials()
