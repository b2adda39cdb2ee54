"""Examples for the joint estimator: figures and what is none, each as the network sees it."""
import functools
import glob
import math
import random

import cv2
import numpy as np
import torch

import data
from jointnet import SIZE, decode

cv2.setNumThreads(1)
MIRROR = [0, 1, 5, 6, 7, 2, 3, 4, 11, 12, 13, 8, 9, 10, 15, 14, 17, 16]
DOLLS, STANDS = .07, .75        # shares: paper dolls of all, standing ones of the characters
MARGIN, SEEN = 1.12, 16         # the view's side by the figure's box; alpha from which a pixel belongs to it
WORDS = "the quick brown fox GAME OVER score 1024 press start LEVEL hello menu options exit".split()


# ------------------------------------------------------------------ the view
def box(alpha):
    """left, top, right, bottom of what is seen, or None"""
    ys, xs = np.nonzero(alpha.max(1) >= SEEN)[0], np.nonzero(alpha.max(0) >= SEEN)[0]
    return (xs[0], ys[0], xs[-1] + 1, ys[-1] + 1) if len(xs) else None


def square(b, margin=MARGIN):
    """a box to its view: left, top, side"""
    side = max(b[2] - b[0], b[3] - b[1]) * margin
    return (b[0] + b[2] - side) / 2, (b[1] + b[3] - side) / 2, side


def covers(start, side, n):
    """[SIZE,n]: how much of each target pixel each source pixel covers"""
    edge = start + side / SIZE * np.arange(SIZE + 1)
    low, high = edge[:-1, None], edge[1:, None]
    i = np.arange(n)[None]
    return (np.clip(np.minimum(high, i + 1) - np.maximum(low, i), 0, None) * (SIZE / side)).astype(np.float32)


def look(pm, view):
    """premultiplied RGBA (any size) through a view -> float32 [64,64,4], 0..255, each pixel the mean of its footprint"""
    x, y, side = view
    h, w = pm.shape[:2]
    rows = covers(y, side, h) @ pm.reshape(h, -1).astype(np.float32)
    return covers(x, side, w) @ rows.reshape(SIZE, w, 4)


# ------------------------------------------------------------------ changes
def turned(pm, j, r):
    """a small turn and stretch of picture and joints"""
    a, sx, sy = math.radians(r.gauss(0, 6)), r.uniform(.88, 1.12), r.uniform(.88, 1.12)
    h, w = pm.shape[:2]
    m = np.array([[sx * math.cos(a), -sx * math.sin(a)], [sy * math.sin(a), sy * math.cos(a)]]) * .85
    at = np.array([w / 2, h / 2])
    m = np.concatenate([m, (at - m @ at)[:, None]], 1)
    how = cv2.INTER_NEAREST if r.random() < .3 else cv2.INTER_LINEAR
    n = m.copy()
    n[:, 2] += m[:, :2] @ [.5, .5] - .5         # cv2 counts from the pixels' middles
    out = j.copy()
    out[:, :2] = j[:, :2] @ m[:, :2].T + m[:, 2]
    out[:, 3] *= .85
    return cv2.warpAffine(pm, n, (w, h), flags=how), out


def pulled(pm, j, r, most):
    """elbows, hands, knees and feet moved a little, smoothly"""
    h, w = pm.shape[:2]
    gy, gx = np.mgrid[:h, :w].astype(np.float32) + .5
    grid = np.stack([gx, gy], -1)
    ids = [3, 4, 6, 7, 9, 10, 12, 13]
    d = np.array([[r.uniform(-most, most) for _ in range(2)] for _ in ids], np.float32)

    def field(p):
        k = np.exp(-((p[..., None, :] - j[ids, :2]) ** 2).sum(-1) / (2 * (w * .09) ** 2))
        return k @ d
    src = (grid - field(grid) - .5).astype(np.float32)
    out = j.copy()
    out[:, :2] += field(j[:, :2].astype(np.float32))
    return cv2.remap(pm, src[..., 0], src[..., 1], cv2.INTER_NEAREST), out


def coloured(pm, r):
    """channels exchanged, contrast and brightness changed"""
    rgb, a = pm[..., :3], pm[..., 3:]
    if r.random() < .12:
        rgb = rgb[..., r.sample(range(3), 3)]
    if r.random() < .5:
        rgb = rgb * r.uniform(.6, 1.3) + a * r.uniform(-.15, .25)
    if r.random() < .02:
        rgb = a - rgb
    return np.concatenate([np.clip(rgb, 0, a), a], -1)


def mirrored(x, j, yaw):
    j = j[MIRROR].copy()
    j[:, 0] = SIZE - j[:, 0]
    return x[:, ::-1], j, -yaw


# ------------------------------------------------------------------ no figures
@functools.cache
def tiles(folder):
    names = [f for k in ("item", "dngn", "effect") for f in sorted(glob.glob(f"{folder}/{k}/**/*.png", recursive=True))]
    return [f for f in names if "statue" not in f and "altar" not in f]


def tile(folder, r):
    x = cv2.imread(r.choice(tiles(folder)), cv2.IMREAD_UNCHANGED)
    if x.ndim != 3 or x.shape[2] != 4:
        x = np.dstack([x if x.ndim == 3 else cv2.merge([x] * 3), np.full(x.shape[:2], 255, np.uint8)])
    return data.premultiplied(x)


def scribble(r):
    """words, blobs, noise, or a landscape"""
    x = np.zeros((64, 64, 4), np.uint8)
    kind = r.choice(["words", "blobs", "noise", "land", "blobs"])
    colour = lambda: (*(r.randrange(256) for _ in range(3)), 255)
    if kind == "noise":
        x[..., :3] = np.random.RandomState(r.randrange(1 << 30)).randint(0, 256, (64, 64, 3))
        x[..., 3] = 255
        return cv2.resize(x[:r.choice([8, 64])], (64, 64), interpolation=cv2.INTER_LINEAR)
    if kind == "land":
        x[:] = np.linspace(np.array(colour()), np.array(colour()), 64)[:, None].astype(np.uint8)
    if kind == "words":
        for y in range(14, 64, 16):
            cv2.putText(x, r.choice(WORDS), (r.randrange(8), y), r.randrange(8), r.uniform(.35, .7), colour(), r.choice([1, 2]))
        return x
    for _ in range(r.randint(1, 6)):
        if r.random() < .5:
            cv2.ellipse(x, (r.randrange(64), r.randrange(64)), (r.randint(3, 28), r.randint(3, 28)), r.uniform(0, 180), 0, 360, colour(), -1)
        else:
            cv2.fillPoly(x, [np.array([[r.randrange(64), r.randrange(64)] for _ in range(r.randint(3, 6))])], colour())
    return x


def part(pm, j, held, r):
    """a head alone, or what was held alone"""
    x = pm.copy()
    if held.sum() > 40 and r.random() < .6:
        x[~held] = 0
        return x
    head, neck = j[[0, 14, 15, 16, 17], :2].mean(0), j[1, :2]
    gy, gx = np.mgrid[:64, :64] + .5
    below = ((np.stack([gx, gy], -1) - neck) @ (neck - head)) > -.15 * ((neck - head) ** 2).sum()
    x[below] = 0
    return x


# ------------------------------------------------------------------ examples
class Examples:
    """characters in any pose (the set "train"), standing ones, and dolls"""
    def __init__(self, folder, dolls, seed):
        self.sets = [[np.load(f"{folder}/{name}_{k}.npy", mmap_mode="r") for k in ("rgba", "joints", "held", "yaws")] for name in ("train", "standing")]
        self.dolls, self.r = dolls, random.Random(seed)
        self.stance = np.array([(x, y, 1, data.DEPTH.get(i, 0)) for i, (x, y) in enumerate(data.STANCE)], np.float32)

    def character(self):
        r = self.r
        stands = r.random() < STANDS
        rgba, joints, held, yaws = self.sets[stands]
        i = r.randrange(len(joints))
        k = 0 if not stands and r.random() < .4 else r.randrange(data.VIEWS)
        return rgba[i, k], joints[i, k], np.unpackbits(held[i, k], -1).astype(bool), float(yaws[i, k])

    def doll(self):
        r = self.r
        pm = data.premultiplied(data.doll(self.dolls, r)[0])
        j = self.stance
        if r.random() < .5:
            pm, j = pulled(pm.repeat(4, 0).repeat(4, 1), j * [4, 4, 1, 4], r, r.choice([2, 5, 9]))
        return pm, j, None, 0.

    def figure(self):
        """-> float32 [64,64,4] (0..255), joints [18,4] in its pixels, yaw in degrees"""
        r = self.r
        pm, j, _, yaw = self.doll() if r.random() < DOLLS else self.character()
        if r.random() < .35:
            pm, j = turned(pm, j, r)
        b = box(pm[..., 3])
        if b is None or b[2] - b[0] < 3:
            return self.figure()
        x, y, side = square(b, MARGIN * math.exp(r.gauss(0, .04)))
        view = x + side * r.gauss(0, .015), y + side * r.gauss(0, .015), side
        j = j.copy()
        j[:, :2] = (j[:, :2] - view[:2]) * (SIZE / side)
        j[:, 3] *= SIZE / side
        p = look(pm, view)
        if r.random() < .5:
            p, j, yaw = mirrored(p, j, yaw)
        return coloured(p, r), j, yaw

    def nothing(self):
        r = self.r
        kind = r.random()
        if kind < .4:
            pm = tile(self.dolls + "/..", r)
        elif kind < .7:
            pm = scribble(r)
        else:
            pm = part(*self.character()[:3], r)
        b = box(pm[..., 3])
        if b is None or b[2] - b[0] < 3:
            return self.nothing()
        p = look(pm, square(b))
        return coloured(p[:, ::-1] if r.random() < .5 else p, r)


# ------------------------------------------------------------------ one picture
LOOKS = ((1.12, False), (1.12, True), (1.07, False), (1.17, True))     # margin, mirrored


def seen_picture(rgba):
    """straight RGBA uint8 of any size -> what the network takes [4,4,64,64], and its views"""
    pm = rgba.astype(np.float32)
    pm[..., :3] *= pm[..., 3:] / 255
    views = [(square(box(rgba[..., 3]), margin), mirror) for margin, mirror in LOOKS]
    x = [look(pm, view)[:, ::-1] if mirror else look(pm, view) for view, mirror in views]
    return torch.from_numpy(np.stack(x)).permute(0, 3, 1, 2) / 255 - .5, views


def found(maps, side, views):
    """what the network says of one picture's views -> x, y, z and confidence [18,4] in its pixels, yaw in degrees, figure 0..1"""
    xyz, sure, _, turn, figure = (t.numpy() for t in decode(maps, side))
    sure, figure = 1 / (1 + np.exp(-sure)), 1 / (1 + np.exp(-figure))
    turn = turn / np.hypot(*turn.T)[:, None]
    xyz, turn = xyz.copy(), turn.copy()
    for i, ((x, y, width), mirror) in enumerate(views):
        if mirror:
            xyz[i], sure[i] = xyz[i, MIRROR], sure[i, MIRROR]
            xyz[i, :, 0], turn[i, 0] = SIZE - xyz[i, :, 0], -turn[i, 0]
        xyz[i] = xyz[i] * (width / SIZE) + [x, y, 0]
    part = (sure ** 2 + 1e-3)[..., None]
    sine, cosine = turn.mean(0)
    return np.concatenate([(xyz * part).sum(0) / part.sum(0), sure.mean(0)[:, None]], 1), math.degrees(math.atan2(sine, cosine)), float(figure.mean())
