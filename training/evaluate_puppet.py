"""Measure the bare puppet on characters of the generator that nothing was tuned on.

evaluate_puppet.py [--characters 128] [--first 9000000] [--rows same,other,...] [--grid OUT.png]
                   [--dolls FOLDER-OF-LAYERS] [--processes 2]

Reference: a neutral stand seen from one of six sides; target: any pose, from the same side or
from one at least 30 degrees away.  True joints with depth.  The silhouette is alpha > 127; PSNR
is taken over the union of puppet's and truth's, on the key colour.  Copying the reference is
scored alike.  Dolls: their own pose moved by nothing, and by .02 pixels (which the drawing
must survive): the share of the figure's pixels that change by more than 40 levels.
"""
import argparse
import random
import time
from multiprocessing import Pool

import numpy as np
from PIL import Image

import draw
import poses
import puppet
from characters import make_char
from data import HELD_OUT, STANCE, compose, doll, key_colour, straight
from rig import COCO, rig

SIDES = [0, 0, 45, -45, 90, -90]
ROWS = ["same", "other", "native", "identity", "identity native", "2 % reference", "4 % reference",
        "2 % both", "4 % both", "z unknown"]


def joints(c, p, yaw):
    j = rig(c, p, yaw)
    return np.array([[*j[n], 1] for n in COCO], np.float32)


def character(seed, side):
    """reference, target (premultiplied), their joints; the target seen from the `same` or an `other` side"""
    c, r = make_char(seed), random.Random(seed * 31 + 7)
    yaw = r.choice(SIDES) + r.gauss(0, 4)
    p, q = poses.neutral(0), poses.random_pose(r)
    while max(abs(p[k] - q[k]) for k in p) < 1:         # the reference itself would count as 78 dB
        q = poses.random_pose(r)
    to = yaw
    while side == "other" and abs((to - yaw + 180) % 360 - 180) < 30:
        to = poses.random_yaw(r)
    ref, target = draw.frame(c, p, yaw)[0], draw.frame(c, q, to)[0]
    return ref, target, joints(c, p, yaw), joints(c, q, to)


def disturbed(row, a, b, rng):
    """the same error in both, as when the target is fitted to the estimate, or in the reference only"""
    sigma = float(row.split()[0]) / 100 * np.ptp(a[:, 1])
    noise = (rng.standard_normal((18, 2)) * sigma).astype(np.float32)
    a, b = a.copy(), b.copy()
    a[:, :2] += noise
    if row.endswith("both"):
        b[:, :2] += noise
    return a, b


def score(rgba, target, key):
    s, t = rgba[..., 3] > 127, target[..., 3] > 127
    a = rgba[..., 3:].astype(np.float32) / 255
    x = rgba[..., :3] * a + np.array(key) * (1 - a)
    e = ((x - compose(target, key)) ** 2).mean(-1)[s | t].mean()
    return (s & t).sum() / max(1, (s | t).sum()), 10 * np.log10(65025 / max(e, 1e-3))


def example(job):
    row, seed = job
    ref, target, a, b = character(seed, "other" if row == "other" else "same")
    picture = straight(ref)
    native = "native" in row
    if native:
        picture = np.where(picture[..., 3:] > 127, picture | np.array([0, 0, 0, 255], np.uint8), 0).astype(np.uint8)
    if "%" in row:
        a, b = disturbed(row, a, b, np.random.default_rng(seed))
    if row == "z unknown":
        a, b = a.copy(), b.copy()
        a[:, 2] = b[:, 2] = 0
    if "identity" in row:           # a hair off, so that the puppet and not the picture is drawn
        target, b = ref, a + np.array([.02, 0, 0, 0], np.float32)
    t0 = time.process_time()
    frame, part, labels = puppet.draw(picture, a, b[None], native=native, depth=row != "z unknown")
    took = time.process_time() - t0
    key = key_colour(picture)
    return dict(seed=seed, ref=ref, target=target, frame=frame[0], labels=labels, key=key, took=took,
                scores=score(frame[0], target, key), copy=score(straight(ref), target, key))


def report(name, done):
    s, c = np.array([d["scores"] for d in done]), np.array([d["copy"] for d in done])
    print(f"| {name} | {c[:, 0].mean():.3f} / {c[:, 1].mean():.2f} | {s[:, 0].mean():.3f} / {s[:, 1].mean():.2f} "
          f"| {np.percentile(s[:, 0], 10):.3f} / {np.percentile(s[:, 1], 10):.2f} | {(s > c).mean(0)[0] * 100:.0f} % / {(s > c).mean(0)[1] * 100:.0f} % "
          f"| {np.median([d['took'] for d in done]) * 1000:.1f} ms |", flush=True)


PALETTE = np.array([(0, 0, 0), (120, 120, 120), (255, 210, 60), (230, 30, 30), (255, 130, 0), (0, 190, 0), (140, 255, 0), (0, 0, 230),
                    (0, 140, 255), (150, 0, 200), (255, 0, 255), (0, 200, 200), (130, 80, 30), (255, 255, 255), (200, 200, 255)], np.uint8)


def grid(done, path, columns=12, scale=3):
    """reference | parts | puppet | truth, in rows of so many characters"""
    out = []
    for k in range(0, len(done), columns):
        block = done[k:k + columns]
        block += [block[-1]] * (columns - len(block))
        for row in (lambda d: compose(d["ref"], d["key"]), lambda d: PALETTE[d["labels"]],
                    lambda d: compose((d["frame"] * np.concatenate([np.repeat(d["frame"][..., 3:] / 255, 3, 2), np.ones((64, 64, 1))], 2)).round().astype(np.uint8), d["key"]),
                    lambda d: compose(d["target"], d["key"])):
            out.append(np.concatenate([row(d) for d in block], 1))
        out.append(np.zeros((4, 64 * columns, 3), np.uint8))
    im = Image.fromarray(np.concatenate(out))
    im.resize((im.width * scale, im.height * scale), Image.NEAREST).save(path)


def dolls(folder, n=64):
    st = np.array([[x, y, 0, 1] for x, y in STANCE], np.float32)
    for name, by, native in (("own pose", 0, True), (".02 pixels off", .02, True), (".02 pixels off, smooth", .02, False)):
        changed = []
        for seed in range(n):
            d = doll(folder, random.Random(HELD_OUT + seed))[0]
            frame = puppet.draw(d, st, (st + np.array([by, 0, 0, 0], np.float32))[None], native=native)[0][0]
            diff = np.abs(frame.astype(int) - d).max(-1) > 40
            changed.append(diff.sum() / max(1, (d[..., 3] > 127).sum()))
        print(f"dolls, {name}: {np.mean(changed) * 100:.2f} % of the figure's pixels changed, worst {np.max(changed) * 100:.1f} %")


if __name__ == "__main__":
    ap = argparse.ArgumentParser()
    ap.add_argument("--characters", type=int, default=128)
    ap.add_argument("--first", type=int, default=HELD_OUT)
    ap.add_argument("--rows", default=",".join(ROWS))
    ap.add_argument("--grid")
    ap.add_argument("--dolls")
    ap.add_argument("--processes", type=int, default=2)
    args = ap.parse_args()
    print("| IoU / PSNR in the union (dB) | copy | puppet | a tenth is below | better than copy | build and one frame |\n|---|---|---|---|---|---|")
    with Pool(args.processes) as pool:
        for row in args.rows.split(","):
            done = pool.map(example, [(row, args.first + i) for i in range(args.characters)], 4)
            report(row, done)
            if args.grid and row in ("same", "other", "native"):
                grid(done[:48], args.grid.replace(".png", f"-{row}.png"))
    if args.dolls:
        dolls(args.dolls)
