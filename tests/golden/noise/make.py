"""Normal noise of a CPU generator of torch, and the generator's walk over successive draws."""
import os
import sys

import torch

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..'))
import common

SEEDS = (0, 1, 42, 123456789, 4294967295, 5000000001)
COUNTS = (1, 2, 5, 15, 16, 17, 31, 32, 33, 1000)
WALK = (16, 3, 1, 5, 17, 2, 32, 15, 1, 40, 8, 1000, 7)


def main():
    common.pins()
    out = {}
    for kind, dtype in (('f32', torch.float32), ('f16', torch.float16)):
        for seed in SEEDS:
            for n in COUNTS:
                g = torch.Generator().manual_seed(seed)
                out['%s.seed%d.n%d' % (kind, seed, n)] = torch.randn(n, generator=g, dtype=dtype)
            g = torch.Generator().manual_seed(seed)
            x = torch.randn(1, 4, 64, 64, generator=g, dtype=dtype).flatten()
            out['%s.seed%d.n16384.first' % (kind, seed)] = x[:8]
            out['%s.seed%d.n16384.last' % (kind, seed)] = x[-8:]
            out['%s.seed%d.n16384.sum' % (kind, seed)] = x.double().sum().reshape(1)
        for seed in (42, 7):
            g = torch.Generator().manual_seed(seed)
            for k, n in enumerate(WALK):
                out['%s.walk%d.%02d' % (kind, seed, k)] = torch.randn(n, generator=g, dtype=dtype)
    # One generator that draws both types, as a caller may.
    g = torch.Generator().manual_seed(42)
    for k, (n, dtype) in enumerate(((16, torch.float16), (5, torch.float32), (4, torch.float16), (20, torch.float32))):
        out['mixed.%d' % k] = torch.randn(n, generator=g, dtype=dtype)
    # The raw 32-bit draws under it all: the low 24 bits of a draw, as torch.rand shows them.
    g = torch.Generator().manual_seed(42)
    out['rand.seed42'] = torch.rand(700, generator=g)
    common.write('noise/noise.safetensors', out, {'seeds': SEEDS, 'counts': COUNTS, 'walk': WALK})


if __name__ == '__main__':
    main()
