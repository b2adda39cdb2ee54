# SPDX-License-Identifier: MIT
"""What Pillow sees in a picture, as RGBA bytes."""
from PIL import Image


def seen(rgba):
    """Pixels of alpha 0 have no colour that anybody sees."""
    return b"".join(rgba[i:i + 4] if rgba[i + 3] else bytes(4) for i in range(0, len(rgba), 4))


def moving(path):
    """Frames, how many ms each lasts, and how often they play (0: forever, None: not said)."""
    frames, ms = [], []
    with Image.open(path) as im:
        plays = im.info.get("loop")
        for i in range(getattr(im, "n_frames", 1)):
            im.seek(i)
            frames.append(im.convert("RGBA").tobytes())
            ms.append(round(im.info.get("duration", 0)))
    return frames, ms, plays
