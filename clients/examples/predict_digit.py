#!/usr/bin/env python3
"""Draws a digit and asks what it is: predict_digit.py [HOST:PORT]"""

import sys

import numpy as np

from baryon_client import Client

# 8x8 pixels, from dark to light; the network was trained on numbers from 0 to 1.
DRAWING = """
. . 3 9 9 3 . .
. 1 9 3 3 9 . .
. . . . 1 9 . .
. . . 5 9 4 . .
. . . . 3 9 2 .
. . . . . 8 5 .
. . 4 . 2 9 3 .
. . 4 9 9 5 . .
"""


def main() -> None:
    rows = DRAWING.replace(".", "0").strip().splitlines()
    pixels = np.array([row.split() for row in rows], np.float32) / 9
    with Client(sys.argv[1] if len(sys.argv) > 1 else None) as client:
        scores = client.predict("digits", pixels.reshape(1, 1, 8, 8)).array[0]
    print(f"{scores.argmax()}, at {scores.max():.2f}")


if __name__ == "__main__":
    main()
