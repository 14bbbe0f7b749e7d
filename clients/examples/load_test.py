#!/usr/bin/env python3
"""How many requests a server answers, and how fast: load_test.py MODEL [SECONDS [CLIENTS]]

Each client asks again as soon as it has its answer. `baryon perf` does more, and costs the machine less: this one shows
what a program in Python gets. (The server: BARYON_SERVER)
"""

import asyncio
import sys
import time

import numpy as np

from baryon_client import AsyncClient


async def ask(client: AsyncClient, model: str, inputs: dict, end: float, latencies: list) -> None:
    while (start := time.monotonic()) < end:
        await client.predict(model, inputs)
        latencies.append(time.monotonic() - start)


async def main() -> None:
    model = sys.argv[1]
    seconds = float(sys.argv[2]) if len(sys.argv) > 2 else 5.0
    clients = int(sys.argv[3]) if len(sys.argv) > 3 else 8
    latencies: list = []
    async with AsyncClient() as client:
        version = (await client.model(model))[-1]
        # One row; sizes that the model leaves open are 8.
        shapes = {i.name: [1] + [size if size > 0 else 8 for size in i.shape[1:]] for i in version.inputs}
        inputs = {i.name: np.random.random(shapes[i.name]).astype(i.dtype) for i in version.inputs}
        end = time.monotonic() + seconds
        await asyncio.gather(*(ask(client, model, inputs, end, latencies) for _ in range(clients)))
    p50, p99 = np.percentile(latencies, [50, 99]) * 1000
    print(f"{len(latencies) / seconds:.0f} requests/s, p50 {p50:.2f} ms, p99 {p99:.2f} ms")


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    asyncio.run(main())
