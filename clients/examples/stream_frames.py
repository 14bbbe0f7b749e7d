#!/usr/bin/env python3
"""Classifies the frames of a video as they come: stream_frames.py MODEL CHANNELS HEIGHT WIDTH <frames

Frames come on stdin as raw pixels, a byte each, channels last:

    ffmpeg -i video.mp4 -f rawvideo -pix_fmt rgb24 -s 224x224 - | stream_frames.py resnet50_v2 3 224 224

Several are under way at a time; the answers come in the order of the frames, a line each. (The server: BARYON_SERVER)
"""

import asyncio
import sys
from typing import AsyncIterator

import numpy as np

from baryon_client import AsyncClient


async def frames(channels: int, height: int, width: int) -> AsyncIterator[np.ndarray]:
    """Frames as a network wants them: [1, C, H, W], from 0 to 1."""
    size = channels * height * width
    while len(frame := await asyncio.to_thread(sys.stdin.buffer.read, size)) == size:
        pixels = np.frombuffer(frame, np.uint8).reshape(1, height, width, channels)
        yield pixels.transpose(0, 3, 1, 2).astype(np.float32) / 255


async def main() -> None:
    model, sizes = sys.argv[1], [int(size) for size in sys.argv[2:5]]
    number = 0
    async with AsyncClient() as client:
        async for prediction in client.predict_many(model, frames(*sizes), in_flight=8):
            scores = prediction.array[0]
            print(f"frame {number}: class {scores.argmax()}, at {scores.max():.4f}", flush=True)
            number += 1


if __name__ == "__main__":
    if len(sys.argv) != 5:
        sys.exit(__doc__)
    asyncio.run(main())
