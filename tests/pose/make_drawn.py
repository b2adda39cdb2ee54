#!/usr/bin/env python3
"""Draws random skeletons with OpenCV and writes drawn.h: a hash of each picture's bytes.

    python3 -m venv v && v/bin/pip install opencv-python-headless==4.11.0.86 numpy==1.26.4
    v/bin/python tests/pose/make_drawn.py

tests/golden/drawing holds whole pictures of a few skeletons; this holds many, at sizes where rounding is close, so that
a wrong step of the rasteriser cannot hide. Joints come from a small generator that test_draw.c repeats.
"""
import math
import os

import cv2
import numpy as np

LIMBS = ((1, 2), (1, 5), (2, 3), (3, 4), (5, 6), (6, 7), (1, 8), (8, 9), (9, 10), (1, 11), (11, 12), (12, 13), (1, 0),
         (0, 14), (14, 16), (0, 15), (15, 17))
COLOURS = ((255, 0, 0), (255, 85, 0), (255, 170, 0), (255, 255, 0), (170, 255, 0), (85, 255, 0), (0, 255, 0), (0, 255, 85),
           (0, 255, 170), (0, 255, 255), (0, 170, 255), (0, 85, 255), (0, 0, 255), (85, 0, 255), (170, 0, 255),
           (255, 0, 255), (255, 0, 170), (255, 0, 85))
SIZES = ((192, 256), (320, 320), (1024, 640), (33, 47), (1, 9), (513, 300), (1100, 1900), (200, 200))
EACH = 12


class Numbers:
    def __init__(self, seed):
        self.state = seed

    def next(self, limit):
        self.state = (self.state * 1664525 + 1013904223) & 0xFFFFFFFF
        return (self.state >> 8) % limit


def skeleton(k, w, h):
    """x and y are eighths of a pixel; every third skeleton reaches far outside, one joint in eight is missing"""
    r, reach = Numbers(k + 1), 3 if k % 3 == 0 else 1
    joints = []
    for _ in range(18):
        x = r.next(8 * w * reach) / 8 - w * (reach - 1) / 2
        y = r.next(8 * h * reach) / 8 - h * (reach - 1) / 2
        joints.append((x, y, r.next(8) > 0))
    return joints


def draw(joints, w, h):
    canvas = np.zeros((h, w, 3), np.uint8)
    half = max(1, round(4 * min(w, h) / 512))
    for k, (a, b) in enumerate(LIMBS):
        (xa, ya, sa), (xb, yb, sb) = joints[a], joints[b]
        if sa and sb:
            length, angle = math.hypot(xa - xb, ya - yb), math.degrees(math.atan2(ya - yb, xa - xb))
            ring = cv2.ellipse2Poly((int((xa + xb) / 2), int((ya + yb) / 2)), (int(length / 2), half), int(angle), 0, 360, 1)
            cv2.fillConvexPoly(canvas, ring, [int(c * 0.6) for c in COLOURS[k]])
    for (x, y, seen), colour in zip(joints, COLOURS):
        if seen:
            cv2.circle(canvas, (int(x), int(y)), half, colour, thickness=-1)
    return canvas


def fnv(data):
    h = 0xCBF29CE484222325
    for byte in data:
        h = ((h ^ byte) * 0x100000001B3) & 0xFFFFFFFFFFFFFFFF
    return h


def main():
    print('OpenCV', cv2.__version__)
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'drawn.h')
    with open(path, 'w') as f:
        f.write('/* Written by make_drawn.py with OpenCV %s. */\n' % cv2.__version__)
        f.write('enum { DRAWN_SIZES = %d, DRAWN_EACH = %d };\n' % (len(SIZES), EACH))
        f.write('static const int drawn_size[DRAWN_SIZES][2] = {%s};\n' % ', '.join('{%d, %d}' % s for s in SIZES))
        f.write('static const uint64_t drawn_hash[DRAWN_SIZES][DRAWN_EACH] = {\n')
        for s, (w, h) in enumerate(SIZES):
            hashes = [fnv(draw(skeleton(s * EACH + k, w, h), w, h).tobytes()) for k in range(EACH)]
            f.write('    {' + ', '.join('0x%016x' % v for v in hashes) + '},\n')
        f.write('};\n')


if __name__ == '__main__':
    main()
