"""Training data: characters drawn by this folder's generator, and CC0 paper dolls.

data.py OUT [characters] [dolls-folder] [--style classic] [--standing N]     writes OUT/*.npy, see `save`
data.py OUT --clips N     writes OUT/clips_*.npy: for motion.py
"""
import argparse
import functools
import os
import random
import sys
import time
from multiprocessing import Pool

import numpy as np
from PIL import Image

import draw
import poses
from characters import make_char

VIEWS = 6                     # the reference and five targets
CLIP, CYCLES = 8, (8, 10, 12, 16)       # frames in a row, of a cycle of so many
STANDING, CLIPS, VALIDATION, HELD_OUT = 1_000_000, 3_000_000, 5_000_000, 9_000_000     # first seeds; training starts at 0
KEYS = [(255, 0, 255), (0, 255, 0), (0, 255, 255)]
# joints of the dolls' common stance, in their 32x32 pictures
STANCE = [(16, 6.5), (16, 8.7), (12.3, 10), (10, 14.2), (7.8, 16.8), (19.7, 10), (22, 14.2), (24.2, 16.8), (14, 19.5), (12.8, 25), (11.5, 29.3),
          (18, 19.5), (19.2, 25), (20.5, 29.3), (15, 5.5), (17, 5.5), (13.5, 6), (18.5, 6)]
DEPTH = {0: 2.4, 14: 2.2, 15: 2.2}             # of those that are not 0
RACES = ["human", "elf", "deep_elf", "dwarf", "deep_dwarf", "gnome", "halfling", "demigod", "kobold", "mummy", "ghoul", "merfolk", "orc", "vampire", "troll", "minotaur_brown1"]


def key_colour(rgba):
    """the key farthest from the character: largest minimum, over pixels with alpha > 127,
    of the largest channel distance; ties go to the first"""
    a = rgba[..., 3]
    px = rgba[..., :3][a > 127].astype(np.int32)
    return max(KEYS, key=lambda k: np.abs(px - np.array(k)).max(1).min() if len(px) else 0)


def straight(pm):
    """premultiplied RGBA -> straight RGBA"""
    a = pm[..., 3:].astype(np.float32)
    rgb = (pm[..., :3] * 255. / np.maximum(a, 1)).clip(0, 255) * (a > 0)
    return np.concatenate([rgb.round(), a], -1).astype(np.uint8)


def compose(pm, key):
    """premultiplied RGBA on a flat colour -> uint8 RGB"""
    a = pm[..., 3:].astype(np.float32) / 255
    return (pm[..., :3] + np.asarray(key, np.float32) * (1 - a)).round().clip(0, 255).astype(np.uint8)


def on_key(rgba, key):
    """straight RGBA on a flat colour -> uint8 RGB"""
    a = rgba[..., 3:].astype(np.float32) / 255
    return (rgba[..., :3] * a + np.asarray(key, np.float32) * (1 - a)).round().astype(np.uint8)


def views(seed, style="all"):
    """one character: the reference (view 0) and targets, half of them at its yaw
    -> RGBA [V,64,64,4], joints [V,18,4], held [V,64,64], yaws [V] in degrees"""
    c, r = make_char(seed, style), random.Random(seed * 31 + 7)
    yaws = [poses.reference_yaw(r, style)]
    out = [draw.view(c, poses.reference_pose(r, style), yaws[0])]
    for _ in range(VIEWS - 1):
        pose = poses.random_pose(r, style)
        yaws.append(yaws[0] if r.random() < .5 else poses.random_yaw(r, style))
        out.append(draw.view(c, pose, yaws[-1]))
    return *(np.stack([v[i] for v in out]) for i in range(3)), np.array(yaws, np.float32)


def standing(seed):
    """one character in poses of references, seen from anywhere; returns what `views` does"""
    c, r = make_char(seed), random.Random(seed)
    yaws, out = [], []
    for _ in range(VIEWS):
        yaws.append(r.uniform(-180, 180))
        out.append(draw.view(c, poses.reference_pose(r, "all"), yaws[-1]))
    return *(np.stack([v[i] for v in out]) for i in range(3)), np.array(yaws, np.float32)


def clip(seed, style="all"):
    """one character: the reference (view 0), then frames in a row of one animation; returns what `views` does"""
    c, r = make_char(seed, style), random.Random(seed * 31 + 7)
    yaws = [poses.reference_yaw(r, style)]
    out = [draw.view(c, poses.reference_pose(r, style), yaws[0])]
    name, start, step = r.choice(poses.MOVES), r.random(), 1 / r.choice(CYCLES)
    yaws += [yaws[0] if r.random() < .5 else poses.random_yaw(r, style)] * CLIP
    out += [draw.view(c, poses.clip_pose(name, (start + i * step) % 1), yaws[1]) for i in range(CLIP)]
    return *(np.stack([v[i] for v in out]) for i in range(3)), np.array(yaws, np.float32)


def premultiplied(rgba):
    out = rgba.astype(np.float32)
    out[..., :3] *= out[..., 3:] / 255
    return out.round().astype(np.uint8)


@functools.cache
def layer_files(folder, kind):
    return sorted(f for f in os.listdir(f"{folder}/{kind}") if f.endswith(".png"))


@functools.cache
def layer_file(path):
    return Image.open(path).convert("RGBA")


def doll(folder, r):
    """compose the layers of one paper doll -> straight RGBA 32x32, what it holds bool 32x32"""
    def pick(d, p):
        name = r.choice(layer_files(folder, d))
        return layer_file(f"{folder}/{d}/{name}") if r.random() < p else None
    base = [f for f in layer_files(folder, "base") if any(f.startswith(x + "_") for x in RACES)]
    layers = [pick("cloak", .25), layer_file(f"{folder}/base/{r.choice(base)}"), pick("boots", .6), pick("legs", .5), pick("body", .9),
              pick("gloves", .3), pick("hair", .7), pick("beard", .05), pick("head", .45), pick("hand1", .5), pick("hand2", .2)]
    im, held = Image.new("RGBA", (32, 32)), np.zeros((32, 32), bool)
    for k, layer in enumerate(layers):
        if layer is not None and layer.size == (32, 32):
            im.alpha_composite(layer)
            if k >= len(layers) - 2:
                held |= np.asarray(layer)[..., 3] > 127
    return np.asarray(im), held


def doll_views(folder, seed):
    """a doll at 64x64: its stance only, moved and scaled a little; returns what `views` does"""
    r = random.Random(seed)
    d = doll(folder, r)
    src, held = (Image.fromarray(x) for x in (premultiplied(d[0]), d[1].astype(np.uint8)))
    stance = np.array([(x, y, 1, DEPTH.get(i, 0)) for i, (x, y) in enumerate(STANCE)], np.float32)
    pics, joints, helds = [], [], []
    size = r.choice([48, 56, 64, 64])
    for _ in range(VIEWS):
        s = size if r.random() < .7 else r.choice([48, 52, 56, 60, 64])
        x, y = (64 - s) // 2 + r.randint(-3, 3), (64 - s) - r.randint(0, 4 if s < 64 else 0)
        im, hold = Image.new("RGBA", (64, 64)), Image.new("L", (64, 64))
        im.paste(src.resize((s, s), Image.NEAREST), (x, y))
        hold.paste(held.resize((s, s), Image.NEAREST), (x, y))
        pics.append(np.asarray(im))
        helds.append(np.asarray(hold) > 0)
        joints.append(stance * [s / 32, s / 32, 1, s / 32] + [x, y, 0, 0])
    return np.stack(pics), np.stack(joints).astype(np.float32), np.stack(helds), np.zeros(VIEWS, np.float32)


def work(job):
    folder, seed, style = job
    if style == "standing":
        return standing(seed)
    if style == "clip":
        return clip(seed)
    return doll_views(folder, seed) if folder else views(seed, style)


def save(out, name, jobs, pool, count=VIEWS):
    """OUT/name_rgba [n,V,64,64,4] premultiplied, _joints [n,V,18,4], _held [n,V,64,8] bits, _yaws [n,V]"""
    t0 = time.time()
    pics = np.lib.format.open_memmap(f"{out}/{name}_rgba.npy", "w+", np.uint8, (len(jobs), count, 64, 64, 4))
    joints = np.zeros((len(jobs), count, 18, 4), np.float32)
    held, yaws = np.zeros((len(jobs), count, 64, 8), np.uint8), np.zeros((len(jobs), count), np.float32)
    for i, (p, j, h, y) in enumerate(pool.imap(work, jobs, 50)):
        pics[i], joints[i], held[i], yaws[i] = p, j, np.packbits(h, -1), y
    pics.flush()
    for kind, x in dict(joints=joints, held=held, yaws=yaws).items():
        np.save(f"{out}/{name}_{kind}.npy", x)
    print(name, len(jobs), "characters,", round(time.time() - t0), "s", flush=True)


if __name__ == "__main__":
    p = argparse.ArgumentParser()
    p.add_argument("out")
    p.add_argument("characters", type=int, nargs="?", default=16000)
    p.add_argument("dolls", nargs="?", help="folder of paper doll layers")
    p.add_argument("--style", default="all", choices=["all", "classic"])
    p.add_argument("--standing", type=int, default=0, help="how many more, in poses of references from any side: for joints.py")
    p.add_argument("--clips", type=int, default=0, help="how many clips, and nothing else")
    a = p.parse_args()
    os.makedirs(a.out, exist_ok=True)
    if a.clips:
        with Pool(2) as pool:
            save(a.out, "clips", [(None, CLIPS + i, "clip") for i in range(a.clips)], pool, CLIP + 1)
        raise SystemExit
    with Pool(2) as pool:
        save(a.out, "val", [(None, VALIDATION + i, a.style) for i in range(128)], pool)
        if a.dolls:
            save(a.out, "dolls", [(a.dolls, i, None) for i in range(1500)], pool)
            save(a.out, "valdolls", [(a.dolls, VALIDATION + i, None) for i in range(64)], pool)
        if a.standing:
            save(a.out, "standing", [(None, STANDING + i, "standing") for i in range(a.standing)], pool)
        save(a.out, "train", [(None, i, a.style) for i in range(a.characters)], pool)
