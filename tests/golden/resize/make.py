"""Pillow's 8-bit RGB resize, bicubic and Lanczos: the bytes."""
import os
import sys

import numpy as np
from PIL import Image

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..'))
import common

# (width, height) of the source, then of the results
CASES = (((50, 37), ((56, 56), (64, 64), (25, 18), (13, 40), (96, 24), (50, 20), (31, 37), (7, 5), (1, 1))),
         ((16, 16), ((64, 48), (17, 15), (5, 9))),
         ((3, 5), ((24, 20), (2, 2))),
         ((1, 1), ((6, 4),)),
         ((96, 64), ((32, 32), (64, 64), (11, 63))))
FILTERS = (('bicubic', Image.BICUBIC), ('lanczos', Image.LANCZOS))


def source(w, h):
    """Noise in the upper half, hard stripes and flat colours below: both show what a kernel does."""
    u = common.uniform('in.resize.%dx%d' % (w, h), (h, w, 3))
    a = ((u + 1) * 128).astype(np.uint8)
    a[h // 2:, :, 0] = (np.arange(w) // 3 % 2 * 255).astype(np.uint8)
    a[h // 2:, w // 2:, 1] = 255
    a[h // 2:, :, 2] = 0
    return a


def main():
    common.pins()
    out = {}
    for (w, h), sizes in CASES:
        a = source(w, h)
        out['in.%dx%d' % (w, h)] = a
        for name, code in FILTERS:
            for size in sizes:
                out['%s.%dx%d.%dx%d' % (name, w, h, *size)] = np.asarray(Image.fromarray(a, 'RGB').resize(size, code))
    common.write('resize/resize.safetensors', out)


if __name__ == '__main__':
    main()
