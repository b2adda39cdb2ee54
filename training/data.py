"""Training data: characters drawn by this folder's generator, and CC0 paper dolls.

data.py OUT [characters] [dolls-folder]     writes OUT/*.npy (premultiplied RGBA and joints)
"""
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
VALIDATION, HELD_OUT = 5_000_000, 9_000_000     # first seeds; training starts at 0
KEYS = [(255, 0, 255), (0, 255, 0), (0, 255, 255)]
# joints of the dolls' common stance, in their 32x32 pictures
STANCE = [(16, 5), (16, 8.5), (12.5, 9.5), (9.5, 13.5), (7, 17), (19.5, 9.5), (22.5, 13.5), (24.5, 17), (14, 19.5), (12.7, 25), (11.5, 30),
          (18, 19.5), (19.3, 25), (20.5, 30), (15, 4), (17, 4), (13.8, 4.5), (18.2, 4.5)]
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


def views(seed):
    """one character: the reference (view 0) and targets, half of them at its yaw"""
    c, r = make_char(seed), random.Random(seed * 31 + 7)
    yaw = r.choice(poses.REF_YAWS) + r.gauss(0, 4)
    out = [draw.frame(c, poses.reference_pose(r), yaw)]
    for _ in range(VIEWS - 1):
        out.append(draw.frame(c, poses.random_pose(r), yaw if r.random() < .5 else poses.random_yaw(r)))
    return np.stack([v[0] for v in out]), np.stack([v[1] for v in out])


def doll(folder, r):
    """compose the layers of one paper doll -> straight RGBA 32x32"""
    def pick(d, p):
        names = sorted(f for f in os.listdir(f"{folder}/{d}") if f.endswith(".png"))
        return Image.open(f"{folder}/{d}/{r.choice(names)}").convert("RGBA") if r.random() < p else None
    base = [f for f in sorted(os.listdir(f"{folder}/base")) if f.endswith(".png") and any(f.startswith(x + "_") for x in RACES)]
    layers = [pick("cloak", .25), Image.open(f"{folder}/base/{r.choice(base)}").convert("RGBA"), pick("boots", .6), pick("legs", .5), pick("body", .9),
              pick("gloves", .3), pick("hair", .7), pick("beard", .05), pick("head", .45), pick("hand1", .5), pick("hand2", .2)]
    im = Image.new("RGBA", (32, 32))
    for layer in layers:
        if layer is not None and layer.size == (32, 32):
            im.alpha_composite(layer)
    return np.asarray(im)


def doll_views(folder, seed):
    """a doll at 64x64: its stance only, moved and scaled a little"""
    r = random.Random(seed)
    d = doll(folder, r).astype(np.float32)
    d[..., :3] *= d[..., 3:] / 255
    src = Image.fromarray(d.round().astype(np.uint8), "RGBA")
    st = np.array(STANCE, np.float32)
    pics, joints = [], []
    size = r.choice([48, 56, 64, 64])
    for _ in range(VIEWS):
        s = size if r.random() < .7 else r.choice([48, 52, 56, 60, 64])
        x, y = (64 - s) // 2 + r.randint(-3, 3), (64 - s) - r.randint(0, 4 if s < 64 else 0)
        im = Image.new("RGBA", (64, 64))
        im.paste(src.resize((s, s), Image.NEAREST), (x, y))
        pics.append(np.asarray(im))
        joints.append(np.concatenate([st * s / 32 + [x, y], np.ones((18, 1))], 1))
    return np.stack(pics), np.stack(joints).astype(np.float32)


def work(job):
    folder, seed = job
    return doll_views(folder, seed) if folder else views(seed)


def save(out, name, jobs, pool):
    t0 = time.time()
    pics = np.lib.format.open_memmap(f"{out}/{name}_rgba.npy", "w+", np.uint8, (len(jobs), VIEWS, 64, 64, 4))
    joints = np.zeros((len(jobs), VIEWS, 18, 3), np.float32)
    for i, (p, j) in enumerate(pool.imap(work, jobs, 50)):
        pics[i], joints[i] = p, j
    pics.flush()
    np.save(f"{out}/{name}_joints.npy", joints)
    print(name, len(jobs), "characters,", round(time.time() - t0), "s", flush=True)


if __name__ == "__main__":
    out, n = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 16000
    os.makedirs(out, exist_ok=True)
    with Pool(2) as pool:
        save(out, "val", [(None, VALIDATION + i) for i in range(128)], pool)
        if len(sys.argv) > 3:
            save(out, "dolls", [(sys.argv[3], i) for i in range(1500)], pool)
            save(out, "valdolls", [(sys.argv[3], VALIDATION + i) for i in range(64)], pool)
        save(out, "train", [(None, i) for i in range(n)], pool)
