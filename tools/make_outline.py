#!/usr/bin/env python3
"""Learns what the outline of a figure tells of its build, from generated characters whose build is known, and writes
src/pose/outline_table.h.

    python3 tools/make_outline.py [CHARACTERS]

A ridge regression from the widths of the figure at ROWS heights (in heights of the box around it) to two numbers: the
share of the head in the figure's height, and the figure's height in that of the box (a hat or a raised weapon makes the
box higher). Prints the error on characters that were not learned from. Needs what training/ needs.
"""
import os
import random
import sys

import numpy as np

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..')
sys.path.insert(0, os.path.join(ROOT, 'training'))
import characters
import draw
import poses

ROWS = 24
RIDGE = 0.5


def widths(alpha):
    """What src/pose/outline.c computes: mean width of the rows at ROWS heights of the box."""
    rows = np.flatnonzero(alpha.any(1))
    top, height = rows[0], rows[-1] + 1 - rows[0]
    w = alpha[top:top + height].sum(1) / height
    return np.interp((np.arange(ROWS) + .5) / ROWS * height - .5, np.arange(height), w), height


def main():
    n = int(sys.argv[1]) if len(sys.argv) > 1 else 2400
    x, y = [], []
    for k in range(n):
        c, r = characters.make_char(7000000 + k), random.Random(k)
        picture, _ = draw.frame(c, poses.reference_pose(r), r.choice(poses.REF_YAWS) + r.gauss(0, 4))
        w, height = widths(picture[..., 3] > 127)
        x.append(np.append(w, 1))
        y.append([c.headf, c.H / height])
    x, y = np.array(x), np.array(y)
    held = np.arange(n) % 4 == 0
    ridge = RIDGE * np.eye(ROWS + 1)
    ridge[-1, -1] = 0
    weights = np.linalg.solve(x[~held].T @ x[~held] + ridge, x[~held].T @ y[~held])
    error = np.abs(x[held] @ weights - y[held])
    plain = np.abs(np.median(y[~held], 0) - y[held])
    for name, e, p in zip(('head', 'height'), error.T, plain.T):
        print('%s: mean error %.3f, nine of ten below %.3f; always the median: %.3f' % (
            name, e.mean(), np.quantile(e, .9), p.mean()))
    with open(os.path.join(ROOT, 'src', 'pose', 'outline_table.h'), 'w') as f:
        f.write('/* Written by tools/make_outline.py. */\n')
        f.write('enum { OUTLINE_ROWS = %d };\n' % ROWS)
        for name, w in zip(('head', 'height'), weights.T):
            f.write('static const float outline_%s[OUTLINE_ROWS + 1] = {\n' % name)
            for at in range(0, ROWS + 1, 8):
                f.write('    ' + ', '.join('%.4ff' % v for v in w[at:at + 8]) + ',\n')
            f.write('};\n')


if __name__ == '__main__':
    main()
