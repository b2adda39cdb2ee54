"""What the mender is worth, through the C code that ships.

evaluate_mender.py [--first 9000000] [--characters 128] [--style classic] [--model models/mender]
                   [--noise 0,.02] [--dolls FOLDER-OF-LAYERS] [--grid OUT.png] [--strength 1]
                   [--estimated models/joints]

Characters as evaluate_puppet.py has them: a neutral stand, then any pose, from the reference's side or from
one at least 30 degrees away; true depth; joints true, or with the same error of so many heights in both.  Bare puppet and
mended puppet are scored alike: the silhouette is alpha > 127, PSNR is over the union with the truth's, on the
key colour; sharp: the mean gradient inside the true silhouette over the truth's; head: PSNR in the
true head's disc; better: the share of characters; held: pixels of held things that the mender
changed.  Estimated: the reference's joints are the estimator's, and the target's have the same
error, as a clip has that is fitted to the estimate.  Dolls: their own pose, joints off by 1 % of the height; pixels that change by more than 40 levels.
"""
import argparse
import random

import numpy as np
from PIL import Image

import draw
import evaluate_joints
import mend
import poses
import puppet
from characters import make_char
from data import HELD_OUT, STANCE, compose, doll, key_colour, straight

SIDES = [0, 0, 45, -45, 90, -90]


def xyzc(j):
    """the generator's joints as the puppet has them"""
    return j[..., [0, 1, 3, 2]].astype(np.float32)


def character(seed, side, style):
    c, r = make_char(seed, style), random.Random(seed * 31 + 7)
    yaw = r.choice(SIDES) + r.gauss(0, 4)
    p, q = poses.neutral(0), poses.random_pose(r, style)
    while max(abs(p[k] - q[k]) for k in p) < 1:
        q = poses.random_pose(r, style)
    to = yaw
    while side == "other" and abs((to - yaw + 180) % 360 - 180) < 30:
        to = poses.random_yaw(r, style)
    (ref, a), (target, b) = draw.frame(c, p, yaw), draw.frame(c, q, to)
    a, b = xyzc(a), xyzc(b)
    a[:, 3] = b[:, 3] = 1
    return c, straight(ref), target, a, b, c.headf * c.H / 2


def on(rgba, key):
    a = rgba[..., 3:].astype(np.float32) / 255
    return rgba[..., :3] * a + np.array(key, np.float32) * (1 - a)


def db(x, y, where):
    e = ((x - y) ** 2).mean(-1)[where]
    return 10 * np.log10(65025 / max(e.mean() if e.size else 0, 1e-3))


def gradient(x, where):
    g = np.abs(np.diff(x, axis=1))[:-1].sum(-1) + np.abs(np.diff(x, axis=0))[:, :-1].sum(-1)
    return (g * where[:-1, :-1]).sum()


def score(rgba, target, key, head):
    """-> IoU, dB, gradient, dB of the head"""
    s, t = rgba[..., 3] > 127, target[..., 3] > 127
    x, y = on(rgba, key), compose(target, key).astype(np.float32)
    return (s & t).sum() / max(1, (s | t).sum()), db(x, y, s | t), gradient(x, t), db(x, y, head & t)


def scene(seed, side, noise, args):
    """-> reference, target (premultiplied), their joints, the true head's disc"""
    c, ref, target, a, b, r = character(seed, side, args.style)
    error = np.random.default_rng(seed).standard_normal((18, 2)).astype(np.float32) * noise * np.ptp(a[:, 1])
    y, x = np.mgrid[:64, :64] + .5
    ears = b[[14, 15, 16, 17], :2].mean(0)
    head = (x - ears[0]) ** 2 + (y - ears[1]) ** 2 < r * r
    if args.estimator is not None:
        error = evaluate_joints.estimate(args.estimator, ref)[0][:, :2] - a[:, :2]
    a[:, :2] += error
    b[:, :2] += error
    return ref, target, a, b, head


def example(mender, seed, side, noise, args):
    ref, target, a, b, head = scene(seed, side, noise, args)
    pixels = is_hard(ref)
    frames, parts, _ = puppet.draw(ref, a, b[None], native=pixels)
    mended = mender.mend(ref, frames, parts, b[None], is_pixel_art=pixels, strength=args.strength)
    key, truth = key_colour(ref), gradient(compose(target, key_colour(ref)).astype(np.float32), target[..., 3] > 127)
    held = np.isin(parts[0], puppet.HELD) & (frames[0] != mended[0]).any(-1)
    return dict(bare=score(frames[0], target, key, head), mended=score(mended[0], target, key, head), truth=truth, held=held.sum(),
                changed=(frames[0] != mended[0]).any(-1).mean(), pictures=[on(x, key) for x in (ref, frames[0], mended[0])] + [compose(target, key)])


def is_hard(rgba):
    """alpha all or nothing"""
    return bool(np.isin(rgba[..., 3], (0, 255)).all())


def report(name, done):
    bare, mended = (np.array([d[k] for d in done]) for k in ("bare", "mended"))
    sharp = [m[:, 2].sum() / sum(d["truth"] for d in done) for m in (bare, mended)]
    gain = (mended - bare).mean(0)
    error = (mended - bare).std(0) / len(done) ** .5
    wins = (mended > bare).mean(0) * 100
    print(f"| {name} | {bare[:, 0].mean():.3f} / {bare[:, 1].mean():.2f} | {mended[:, 0].mean():.3f} / {mended[:, 1].mean():.2f} "
          f"| {gain[0]:+.3f} / {gain[1]:+.2f} (se {error[0]:.3f} / {error[1]:.2f}) | {wins[0]:.0f} % / {wins[1]:.0f} % "
          f"| {sharp[0]:.2f} -> {sharp[1]:.2f} | {bare[:, 3].mean():.2f} -> {mended[:, 3].mean():.2f} | {sum(d['held'] for d in done)} |", flush=True)


def grid(done, path, columns=12, scale=3):
    """the pictures of each below each other (reference, puppet, mended, truth), in rows of so many characters"""
    out = []
    for k in range(0, len(done), columns):
        block = done[k:k + columns]
        block += [block[-1]] * (columns - len(block))
        out += [np.concatenate([d["pictures"][i] for d in block], 1).round().astype(np.uint8) for i in range(len(block[0]["pictures"]))]
        out.append(np.zeros((4, 64 * columns, 3), np.uint8))
    im = Image.fromarray(np.concatenate(out))
    im.resize((im.width * scale, im.height * scale), Image.NEAREST).save(path, optimize=True)


def dolls(mender, folder, strength, n=64):
    stance = np.array([[x, y, 0, 1] for x, y in STANCE], np.float32)
    rows = []
    for seed in range(n):
        d = doll(folder, random.Random(HELD_OUT + seed))[0]
        j = stance.copy()
        j[:, :2] += np.random.default_rng(seed).standard_normal((18, 2)) * .01 * 30
        frames, parts, _ = puppet.draw(d, j, (j + np.array([.02, 0, 0, 0], np.float32))[None], native=True)
        mended = mender.mend(d, frames, parts, j[None], is_pixel_art=True, strength=strength)[0]
        far = lambda x: (np.abs(on(x, (0, 0, 0)) - on(d, (0, 0, 0))).max(-1) > 40) | (np.abs(x[..., 3].astype(int) - d[..., 3]) > 40)
        rows.append([far(frames[0]).sum(), far(mended).sum(), (np.isin(parts[0], puppet.HELD) & (frames[0] != mended).any(-1)).sum(), (d[..., 3] > 127).sum()])
    rows = np.array(rows, float)
    share = rows[:, :2] / rows[:, 3:] * 100
    print(f"dolls in their own pose: {share[:, 0].mean():.2f} % of the figure's pixels changed by the puppet, {share[:, 1].mean():.2f} % when mended "
          f"(worst {share[:, 1].max():.1f} %); held pixels changed {rows[:, 2].sum():.0f}", flush=True)


if __name__ == "__main__":
    ap = argparse.ArgumentParser()
    ap.add_argument("--characters", type=int, default=128)
    ap.add_argument("--first", type=int, default=HELD_OUT)
    ap.add_argument("--style", default="classic", choices=["classic", "all"])
    ap.add_argument("--model", default="models/mender")
    ap.add_argument("--noise", default="0,.02")
    ap.add_argument("--estimated")
    ap.add_argument("--dolls")
    ap.add_argument("--grid")
    ap.add_argument("--strength", type=float, default=1)
    args = ap.parse_args()
    mender = mend.Mender(args.model)
    args.estimator = evaluate_joints.load(args.estimated) if args.estimated else None
    print("| IoU / dB | puppet | mended | gain | better | sharp | head dB | held |\n|---|---|---|---|---|---|---|---|")
    for noise in map(float, args.noise.split(",")):
        for side in ("same", "other"):
            done = [example(mender, args.first + i, side, noise, args) for i in range(args.characters)]
            report(f"{side} side, {noise * 100:g} % noise", done)
            if args.grid and noise == 0:
                grid(done[:24], args.grid.replace(".png", f"-{side}.png"))
    if args.dolls:
        dolls(mender, args.dolls, args.strength)
