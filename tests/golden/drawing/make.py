"""OpenPose COCO-18 skeletons drawn with OpenCV as the pose models were trained on: the bytes."""
import math
import os
import sys

import cv2
import numpy as np

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..'))
import common

LIMBS = ((1, 2), (1, 5), (2, 3), (3, 4), (5, 6), (6, 7), (1, 8), (8, 9), (9, 10), (1, 11), (11, 12), (12, 13), (1, 0),
         (0, 14), (14, 16), (0, 15), (15, 17))
PALETTE = ((255, 0, 0), (255, 85, 0), (255, 170, 0), (255, 255, 0), (170, 255, 0), (85, 255, 0), (0, 255, 0),
           (0, 255, 85), (0, 255, 170), (0, 255, 255), (0, 170, 255), (0, 85, 255), (0, 0, 255), (85, 0, 255),
           (170, 0, 255), (255, 0, 255), (255, 0, 170), (255, 0, 85))
SIZES = ((512, 512), (128, 128), (96, 128), (300, 200), (64, 64))
COUNT = 12
# A standing figure in units of the canvas, so that most limbs look like limbs.
BODY = ((.50, .14), (.50, .26), (.41, .27), (.36, .42), (.33, .56), (.59, .27), (.65, .41), (.69, .55), (.44, .55),
        (.42, .74), (.41, .93), (.56, .55), (.58, .74), (.60, .92), (.47, .11), (.53, .11), (.44, .13), (.56, .13))


def joints(k, w, h):
    """(18, 3) float32: x, y in pixels, 1 or 0 for seen or missing. Values of multiples of 1/8 stay exact anywhere."""
    u = common.uniform('in.joints%d' % k, (18, 2))
    xy = np.array(BODY) + u * (0.0, .05, .1, .1, .2, .2, .35, .35, .5, .5, .9, 1.2)[k]
    xy = np.round(xy * (w, h) * 8) / 8
    seen = np.ones((18, 1))
    if k in (3, 5, 7):
        seen[common.uniform('in.seen%d' % k, (18,)) > .4] = 0
    if k == 1:
        xy[3], xy[4], xy[14] = xy[2], xy[2] + (.25, 0), xy[0]   # limbs of no length, or nearly
    if k == 2:
        xy[[9, 12]] = xy[[8, 11]] + (0, h * .2)                 # exactly upright, exactly level
        xy[[6, 7]] = xy[[5, 5]] + ((w * .125, 0), (w * .25, 0))
    return np.concatenate([xy, seen], 1).astype(np.float32)


def draw(points, w, h):
    half = max(1, round(4 * min(w, h) / 512))
    canvas = np.zeros((h, w, 3), np.uint8)
    for k, (a, b) in enumerate(LIMBS):
        if not (points[a, 2] and points[b, 2]):
            continue
        (xa, ya), (xb, yb) = points[a, :2].astype(np.float64), points[b, :2].astype(np.float64)
        length = math.sqrt((xa - xb) ** 2 + (ya - yb) ** 2)
        angle = math.degrees(math.atan2(ya - yb, xa - xb))
        ring = cv2.ellipse2Poly((int((xa + xb) / 2), int((ya + yb) / 2)), (int(length / 2), half), int(angle), 0, 360, 1)
        cv2.fillConvexPoly(canvas, ring, [int(c * 0.6) for c in PALETTE[k]])
    for k in range(18):
        if points[k, 2]:
            cv2.circle(canvas, (int(points[k, 0]), int(points[k, 1])), half, PALETTE[k], thickness=-1)
    return canvas


def runs(canvas, palette):
    """Row-major runs: lengths and palette indices. A run ends with its row and is at most 255 long."""
    index = np.full(canvas.shape[:2], -1)
    for i, c in enumerate(palette):
        index[(canvas == c).all(2)] = i
    assert (index >= 0).all()
    lengths, values = [], []
    for row in index:
        edges = np.concatenate([[0], np.flatnonzero(np.diff(row)) + 1, [len(row)]])
        for n, v in zip(np.diff(edges), row[edges[:-1]]):
            parts = [255] * ((n - 1) // 255)
            lengths += parts + [n - 255 * len(parts)]
            values += [v] * (len(parts) + 1)
    return np.array(lengths, np.uint8), np.array(values, np.uint8)


def main():
    common.pins()
    palette = [(0, 0, 0)] + list(PALETTE) + [tuple(int(c * 0.6) for c in p) for p in PALETTE[:17]]
    out = {'palette': np.array(palette, np.uint8)}
    for k in range(COUNT):
        for w, h in SIZES:
            if (w, h) == (512, 512) and k % 3 and k < 11:
                continue
            p = joints(k, w, h)
            name = '%02d.%dx%d' % (k, w, h)
            out[name + '.joints'] = p
            out[name + '.len'], out[name + '.val'] = runs(draw(p, w, h), palette)
    common.write('drawing/skeletons.safetensors', out)


if __name__ == '__main__':
    main()
