#!/usr/bin/env python3
"""Says what is on pictures: classify_picture.py MODEL PICTURE... (the server: BARYON_SERVER)

The model has to say how pictures become its input (preprocess.json), as those of the zoo do.
"""

import sys

from baryon_client import BaryonError, Client


def main() -> None:
    model, pictures = sys.argv[1], sys.argv[2:]
    with Client() as client:
        for picture, classes in zip(pictures, client.classify(model, pictures, top=3)):
            print(picture)
            for best in classes:
                print(f"  {best.score:8.4f}  {best.label or best.index}")


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    try:
        main()
    except BaryonError as error:
        sys.exit(f"classify_picture: {error}")
