"""Measure the joint estimator on what it has never seen.

evaluate_joints.py MODEL [--characters 256] [--seeds heldout|validation] [--dolls FOLDER] [--pictures FOLDER]

MODEL is the model folder, or a checkpoint of joints.py.  PCK@t is the share of joints, the hidden ones too, that lie
within t times the torso's length (from the neck to the hips' middle, in the picture) of the truth.
"""
import argparse
import os
import random

import numpy as np
import torch
from PIL import Image, ImageDraw
from safetensors.torch import load_file

import data
import draw
import jointdata
import parallel
import poses
from characters import make_char
from jointnet import JointNet
from skeleton import COLOURS, LIMBS

GROUPS = {"face": [0, 14, 15, 16, 17], "neck, shoulders": [1, 2, 5], "elbows": [3, 6], "wrists": [4, 7], "hips": [8, 11], "knees": [9, 12], "ankles": [10, 13]}


def load(path):
    if os.path.isdir(path):
        model = JointNet()
        model.load_state_dict({k: v.float() for k, v in load_file(f"{path}/model.safetensors").items()})
        return model.eval()
    return parallel.load(JointNet(), path)


# ------------------------------------------------------------------ what is measured
class Sample:
    def __init__(self, kind, rgba, joints, yaw, look="doll"):
        self.kind, self.rgba, self.joints, self.yaw, self.look = kind, rgba, joints, yaw, look


def characters(first, n, style="all"):
    """per seed: the reference's pose from a side of its own and from any, and any pose from any side"""
    for seed in range(first, first + n):
        c, r = make_char(seed, style), random.Random(seed * 31 + 7)
        shots = [("reference", poses.reference_yaw(r), poses.reference_pose(r, style))]
        shots.append(("reference, any yaw", r.uniform(-180, 180), poses.reference_pose(r, style)))
        shots.append(("any pose, any yaw", r.uniform(-180, 180), poses.random_pose(r, style)))
        for kind, yaw, pose in shots:
            pm, j, _ = draw.view(c, pose, yaw)
            yield Sample(kind if style == "all" else "classic " + kind, data.straight(pm), j, yaw, c.look if style == "all" else "plain")


def dolls(folder, first, n):
    """composed anew, scaled, moved, half of them mirrored"""
    for seed in range(first, first + n):
        pm, j, _, yaw = (x[0] for x in data.doll_views(folder, seed))
        if seed % 2:
            pm, j, yaw = jointdata.mirrored(pm, j, yaw)
        yield Sample("paper dolls", data.straight(pm), j, float(yaw))


def nothing(folder, first, n):
    """pictures without a figure"""
    r = random.Random(first)
    for i in range(n):
        if i % 3 == 0 and folder:
            pm = jointdata.tile(folder + "/..", r)
        elif i % 3 == 1:
            pm = jointdata.scribble(r)
        else:
            pm, j, held, _ = (x[0] for x in data.views(first + i))
            pm = jointdata.part(pm, j, held, r)
        if jointdata.box(pm[..., 3]) is not None:
            yield Sample("no figure", data.straight(pm), None, 0)


@torch.no_grad()
def estimate(model, rgba):
    x, views = jointdata.seen_picture(rgba)
    return jointdata.found(*model(x), views)


def error(xyzc, joints):
    """distances by the torso's length [18]"""
    torso = np.hypot(*(joints[1, :2] - (joints[8, :2] + joints[11, :2]) / 2))
    return np.hypot(*(xyzc[:, :2] - joints[:, :2]).T) / max(torso, 1e-6)


def turn(a, b):
    return abs((a - b + 180) % 360 - 180)


# ------------------------------------------------------------------ the report
def row(name, errors, more=""):
    e = np.concatenate(errors)
    print(f"| {name} | {len(errors)} | {(e < .05).mean():.3f} | **{(e < .1).mean():.3f}** | {(e < .2).mean():.3f} |{more}")


def report(rows):
    """rows: (sample, xyzc, yaw, figure, error or None)"""
    figures = [r for r in rows if r[4] is not None]
    print("| pictures | n | PCK@0.05 | PCK@0.1 | PCK@0.2 | yaw off by (median) | found as a figure |\n|---|---|---|---|---|---|---|")
    for kind in dict.fromkeys(r[0].kind for r in figures):
        these = [r for r in figures if r[0].kind == kind]
        off = np.median([turn(r[2], r[0].yaw) for r in these])
        row(kind, [r[4] for r in these], f" {off:.0f} | {np.mean([r[3] > .5 for r in these]):.3f} |")
    rest = [r[3] for r in rows if r[4] is None]
    print(f"\nno figure: {np.mean([f < .5 for f in rest]):.3f} of {len(rest)} known as such\n")
    these = [r for r in figures if r[0].kind == "reference, any yaw"]
    print("| reference, any yaw | n | PCK@0.05 | PCK@0.1 | PCK@0.2 |\n|---|---|---|---|---|")
    for look in sorted({r[0].look for r in these}):
        row(look, [r[4] for r in these if r[0].look == look])
    for name, ids in GROUPS.items():
        row(name, [r[4][ids] for r in these])
    sides = ((0, 45, "from the front"), (45, 135, "from the side"), (135, 181, "from behind"))
    for low, high, name in sides:
        row(name, [r[4] for r in these if low <= abs(turn(r[0].yaw, 0)) < high])
    sure = np.concatenate([np.stack([r[1][:, 3], r[4]], 1)[r[0].joints[:, 2] > 0] for r in these])
    print("\n| confidence (joints that are not turned away) | share | of them within 0.15 |\n|---|---|---|")
    for low, high in ((0, .5), (.5, .8), (.8, .95), (.95, 1.01)):
        m = (sure[:, 0] >= low) & (sure[:, 0] < high)
        print(f"| {low} to {min(high, 1)} | {m.mean():.2f} | {(sure[m, 1] < .15).mean() if m.any() else 0:.2f} |")


def drawn(sample, xyzc, scale=4, side=64):
    """the skeleton over the picture; the truth as small white dots"""
    im = Image.new("RGB", (side * scale, side * scale), (96, 104, 112))
    rgba = Image.fromarray(sample.rgba).resize([v * scale for v in sample.rgba.shape[1::-1]], Image.NEAREST)
    im.paste(rgba, (0, 0), rgba)
    d = ImageDraw.Draw(im)
    p = [tuple(v) for v in xyzc[:, :2] * scale]
    for i, (a, b) in enumerate(LIMBS):
        if min(xyzc[a, 3], xyzc[b, 3]) > .3:
            d.line([p[a], p[b]], fill=COLOURS[i], width=2)
    for x, y in sample.joints[:, :2] * scale:
        d.ellipse([x - 2, y - 2, x + 2, y + 2], fill=(255, 255, 255))
    return np.asarray(im)


def sheet(rows, path, across=8):
    tiles = [drawn(r[0], r[1]) for r in rows]
    tiles += [np.zeros_like(tiles[0])] * (-len(tiles) % across)
    Image.fromarray(np.concatenate([np.concatenate(tiles[i:i + across], 1) for i in range(0, len(tiles), across)])).save(path)


def main():
    p = argparse.ArgumentParser()
    p.add_argument("model")
    p.add_argument("--seeds", default="heldout", choices=["heldout", "validation"])
    p.add_argument("--characters", type=int, default=256)
    p.add_argument("--dolls", help="folder of paper doll layers")
    p.add_argument("--pictures", help="folder for pictures of the first, the best and the worst")
    a = p.parse_args()
    torch.set_num_threads(1)
    model = load(a.model)
    first = data.HELD_OUT if a.seeds == "heldout" else data.VALIDATION
    samples = list(characters(first, a.characters)) + list(characters(first, a.characters // 4, "classic"))
    if a.dolls:
        samples += dolls(a.dolls, first, a.characters // 2)
    samples += nothing(a.dolls, first + 500_000, a.characters)
    rows = []
    for s in samples:
        xyzc, yaw, figure = estimate(model, s.rgba)
        rows.append((s, xyzc, yaw, figure, None if s.joints is None else error(xyzc, s.joints)))
    report(rows)
    if a.pictures:
        os.makedirs(a.pictures, exist_ok=True)
        these = [r for r in rows if r[0].kind == "reference, any yaw"]
        sheet(these[:32], f"{a.pictures}/first.png")
        sheet(sorted(these, key=lambda r: -r[4].mean())[:16], f"{a.pictures}/worst.png")
        sheet([r for r in rows if r[0].kind.startswith("any pose")][:32], f"{a.pictures}/poses.png")
        if a.dolls:
            sheet([r for r in rows if r[0].kind == "paper dolls"][:16], f"{a.pictures}/dolls.png")


if __name__ == "__main__":
    main()
