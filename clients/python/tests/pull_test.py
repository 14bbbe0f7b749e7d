"""Models that the server fetches for its clients, from a zoo on this machine."""

from __future__ import annotations

import asyncio
import hashlib
import json
import tarfile

import pytest
from conftest import PICTURES, ROOT, start_baryon

import baryon_client
from baryon_client import AsyncClient, Client


@pytest.fixture(scope="module")
def puller(tmp_path_factory):
    """A server that has nothing, but may fetch "numbers" and "figures"."""
    zoo, repository = tmp_path_factory.mktemp("zoo"), tmp_path_factory.mktemp("repository")
    digits = ROOT / "deploy/demo/repository/digits"
    with tarfile.open(zoo / "digits.tar.gz", "w:gz", dereference=True) as archive:
        for file in [*(digits / "1").iterdir(), digits / "labels.txt", digits / "preprocess.json"]:
            archive.add(file, file.name)
    sha256 = hashlib.sha256((zoo / "digits.tar.gz").read_bytes()).hexdigest()
    entries = [{"name": name, "file": "digits.tar.gz", "sha256": sha256} for name in ("numbers", "figures")]
    (zoo / "zoo.json").write_text(json.dumps({"models": entries}))
    options = ["--repository", str(repository), "--pull", "--measure-seconds=0", "--linger-seconds=0"]
    process, addresses = start_baryon(*options, MXNET_GLUON_REPO=str(zoo))
    with process:
        yield addresses["grpc"]
        process.terminate()


def test_says_how_far_it_is_and_serves_what_came(puller):
    with Client(puller) as client:
        progress = list(client.pull("numbers"))  # as often as the server looked: at least once
        assert progress
        assert all("numbers" in step.step and step.bytes_done >= 0 for step in progress), progress
        client.wait_until_ready("numbers")
        assert client.classify("numbers", PICTURES / "3.png")[0][0].label == "3"
        with pytest.raises(baryon_client.BaryonError, match="nosuch"):
            list(client.pull("nosuch"))


def test_does_so_for_asyncio(puller):
    async def body():
        async with AsyncClient(puller) as client:
            assert [step async for step in client.pull("figures")]
            await client.wait_until_ready("figures")
            with pytest.raises(baryon_client.BaryonError, match="nosuch"):
                async for _ in client.pull("nosuch"):
                    pass

    asyncio.run(body())
