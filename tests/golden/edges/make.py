"""cv2.Canny of small pictures at three pairs of thresholds: every pixel, eight to a byte."""
import os
import sys

import cv2
import numpy as np
from PIL import Image

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, '..'))
import common

PAIRS = ((100, 200), (40, 90), (300, 120))   # the last in the wrong order
EXAMPLES = os.path.join(HERE, '..', '..', '..', 'examples')
CROPS = (('knight', 90, 40, 60, 50), ('photo-astronaut', 180, 120, 96, 80), ('painted-ranger', 200, 90, 64, 64),
         ('pixel-hero', 0, 0, 32, 32), ('line-art', 150, 60, 72, 48), ('swamp-troll', 140, 120, 50, 61))
NOISE = ((1, 1), (1, 17), (23, 1), (2, 2), (3, 5), (40, 30))   # width, height


def blank(w, h, value=255):
    return np.full((h, w, 3), value, np.uint8)


def drawn():
    """Slopes of every direction, soft and hard; equal neighbours; channels that disagree."""
    rings = blank(64, 56, 30)
    for r in range(24, 2, -7):
        cv2.circle(rings, (32, 28), r, (9 * r, 250 - 7 * r, 60 + 3 * r), -1, cv2.LINE_AA)
    fan = blank(60, 60)
    for i in range(12):
        t = np.pi * i / 12
        cv2.line(fan, (30, 30), (int(30 + 40 * np.cos(t)), int(30 + 40 * np.sin(t))), (20 * i, 0, 200 - 10 * i), 1 + i % 3)
    y, x = np.mgrid[:48, :52]
    waves = np.stack([127 + 127 * np.sin(x / 3 + y / 9), 127 + 127 * np.sin(y / 4), 127 + 127 * np.sin((x - y) / 5)], -1)
    steps = np.stack([x // 6 * 28, y // 5 * 25, (x + y) // 7 * 17], -1) % 256
    ramp = np.stack([x * 4, x * 4, x * 4], -1) % 256
    board = np.stack([(x // 4 + y // 4) % 2 * 255, (x // 4 + y // 4 + 1) % 2 * 255, (x // 8) % 2 * 90], -1)
    soft = cv2.GaussianBlur(rings, (0, 0), 2.5)
    pictures = {'rings': rings, 'fan': fan, 'waves': waves, 'steps': steps, 'ramp': ramp, 'board': board, 'soft': soft}
    pictures['rings.grey'] = cv2.cvtColor(rings, cv2.COLOR_RGB2GRAY)[..., None]
    return {k: v.astype(np.uint8) for k, v in pictures.items()}


def pictures():
    out = drawn()
    for w, h in NOISE:
        c = 1 if (w, h) == (3, 5) else 3
        out['noise.%dx%d' % (w, h)] = ((common.uniform('in.edges.%dx%d' % (w, h), (h, w, c)) + 1) * 128).astype(np.uint8)
    for name, x, y, w, h in CROPS:
        im = Image.open(os.path.join(EXAMPLES, name + '.png')).convert('RGBA')
        flat = Image.new('RGBA', im.size, (255, 255, 255, 255))
        flat.alpha_composite(im)
        crop = np.asarray(flat.convert('RGB'))[y:y + h, x:x + w]
        assert crop.shape == (h, w, 3) and crop.std() > 10, (name, im.size, crop.shape)
        out[name] = crop
    return out


def main():
    common.pins()
    out = {}
    for name, im in pictures().items():
        out['in.' + name] = im
        for low, high in PAIRS:
            edges = cv2.Canny(im, low, high)
            assert set(np.unique(edges)) <= {0, 255} and edges.shape == im.shape[:2]
            out['%d.%d.%s' % (low, high, name)] = np.packbits(edges.reshape(-1) > 0)
    assert len(out) == 20 * (1 + len(PAIRS))
    common.write('edges/edges.safetensors', out)


if __name__ == '__main__':
    main()
