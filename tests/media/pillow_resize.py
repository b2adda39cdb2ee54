"""Prints the table of test_resize.c: CRC-32 of what Pillow's resize makes of a picture from a formula.

Any Pillow from 3.3 on prints the same: no size here makes the picture wider and lower, or much lower than narrower, where
Pillow 13 does the columns first.
"""
import zlib

import numpy as np
from PIL import Image

FILTERS = ('NEAREST', 'BOX', 'BILINEAR', 'BICUBIC', 'LANCZOS')
SIZES = ((20, 33), (64, 64), (47, 10), (101, 61), (1, 1), (13, 150), (94, 122), (46, 60))
W, H = 47, 61


def source(channels):
    y, x, c = np.meshgrid(np.arange(H), np.arange(W), np.arange(channels), indexing='ij')
    v = (x * 7 + y * 13 + c * 50 + x * y * (c + 1) // 5) % 256
    return np.where((x // 6 + y // 9) % 3 == 0, 255 * ((x + y) % 2), v).astype(np.uint8)


for mode in ('L', 'RGB', 'RGBA'):
    a = source(len(mode))
    im = Image.fromarray(a[..., 0] if mode == 'L' else a, mode)
    for name in FILTERS:
        for size in SIZES:
            crc = zlib.crc32(im.resize(size, getattr(Image.Resampling, name)).tobytes())
            print('{%d, RESIZE_%s, %d, %d, 0x%08x},' % (len(mode), name, *size, crc))
