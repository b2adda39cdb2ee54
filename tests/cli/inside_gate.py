"""Whether refine kept to its gate: python3 inside_gate.py BARE MENDED REFINED [--all], folders of frames.

Alpha is the mended frame's everywhere.  A pixel that is not must have been changed by the mender; with --all any may
be drawn anew.  Something must be.
"""
import os
import sys

from PIL import Image


def pixels(folder, name):
    rgba = Image.open(f'{folder}/{name}').convert('RGBA').tobytes()
    return [rgba[i:i + 4] for i in range(0, len(rgba), 4)]


drawn = 0
for name in sorted(os.listdir(sys.argv[1])):
    bare, mended, refined = (pixels(folder, name) for folder in sys.argv[1:4])
    assert len(bare) == len(mended) == len(refined)
    for b, m, r in zip(bare, mended, refined):
        assert m[3] == r[3], f'{name}: alpha {m[3]} became {r[3]}'
        assert m == r or b != m or '--all' in sys.argv, f'{name}: {tuple(m)} became {tuple(r)} where the mender changed nothing'
        drawn += m != r
assert drawn > 20, f'{drawn} pixels drawn anew'
