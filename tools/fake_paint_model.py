#!/usr/bin/env python3
"""A full-size Stable Diffusion model of random weights as one file, to try paint at full size without a download.

    fake_paint_model.py MODEL OUT.safetensors [--type F16|F32]

MODEL is one of tests/support/shapes.py: sd15 (2.1 GB as F16), sd15-inpaint, sd2, sdxl (6.9 GB), control-sd15, ...  Names
are LDM's.  A weight is drawn with a spread of .7 / sqrt(inputs), norms are one, biases nothing, so that numbers neither
vanish nor grow.   (needs numpy)"""
import math, os, struct, sys
import numpy as np

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'tests', 'support'))
import shapes

DRAWN = 1 << 24  # normal numbers, used over and over, from another place each time


class Values:
    def __init__(self, kind):
        self.chance = np.random.default_rng(1)
        self.normal = self.chance.standard_normal(DRAWN, dtype=np.float32)
        self.kind = kind

    def pieces(self, name, shape):
        count = math.prod(shape)
        if len(shape) < 2:
            yield np.full(count, 1 if name.endswith('weight') else 0, self.kind)
            return
        spread = .02 if 'embedding' in name else .7 / math.sqrt(math.prod(shape[1:]))
        while count > 0:
            begin = int(self.chance.integers(0, DRAWN // 2))
            piece = self.normal[begin:begin + count]
            yield (piece * np.float32(spread)).astype(self.kind)
            count -= len(piece)


def write(model, path, kind='F16'):
    found = shapes.tensors(shapes.MODELS[model], 'ldm')
    shapes.write_sparse(path, found, kind)
    values = Values({'F16': np.float16, 'F32': np.float32}[kind])
    with open(path, 'r+b') as file:
        file.seek(8 + struct.unpack('<Q', file.read(8))[0])
        for name, shape in found.items():
            for piece in values.pieces(name, shape):
                file.write(piece.tobytes())
    print(path, os.path.getsize(path) >> 20, 'MiB')


if __name__ == '__main__':
    if len(sys.argv) not in (3, 5) or sys.argv[1] not in shapes.MODELS:
        sys.exit(__doc__)
    write(sys.argv[1], sys.argv[2], *sys.argv[4:])
