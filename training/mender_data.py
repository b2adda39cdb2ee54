"""Examples for the mender: a reference, and frames of a puppet made of it beside what they should have been.

mender_data.py OUT [characters] [dolls-folder]    writes OUT/{train,large,dolls}_*.npy

For each character a reference [n,S,S,4] (straight RGBA), and of each of its frames the puppet, the skeleton, the
truth, and what is held: OWN where the puppet says so, ELSEWHERE where a held thing truly is but
the puppet shows something else.  The mender may not touch the one, and is not asked for the other.
"""
import os
import random
import sys
import time
from multiprocessing import Pool

import numpy as np

import draw
import finish
import poses
import puppet
import skeleton
from characters import make_char
from data import DEPTH, STANCE, VIEWS, doll, straight
from rig import joints as coco

FRAMES = VIEWS - 1
DOLLS = 1500
OWN, ELSEWHERE = 1, 2
ALIKE = 60              # levels that a puppet's pixel may be off and still show the held thing
SHARE_EXACT, WORST_ERROR, SHARE_DEPTH = .25, .03, .7     # joints that are right; else off by so many heights; with depth


def scene(c, pose, yaw):
    """-> straight RGBA, joints [18,4], held; pixel art in its own pixels"""
    rgba, j, held = draw.view(c, pose, yaw, native=True)
    if c.pixel:
        rgba, j, held = rgba[::2, ::2], j * [.5, .5, 1, .5], held[::2, ::2]
    return straight(rgba), j.astype(np.float32), held


def large_scene(c, pose, yaw):
    """the same at 96 x 96, without the finish"""
    painter = draw.Painter(c, pose | dict(spin=0), yaw, 3)
    painter.paint()
    im, mask, held = (finish.shrunk(np.asarray(x), 8) for x in (painter.pen.im, painter.pen.mask, painter.pen.held))
    return straight(np.concatenate([im, mask], 2)), coco(painter.rig, c) * np.float32([1.5, 1.5, 1, 1.5]), held[..., 0] > 127


def is_pixel_art(c):
    return c.pixel or c.look == "native"


def height(rgba):
    rows = np.nonzero((rgba[..., 3] > 127).any(1))[0]
    return rows[-1] - rows[0] + 1 if len(rows) else 1


def enlarged(x, size):
    """by whole pixels, in the middle of a frame of `size`"""
    k = max(1, size // len(x))
    x = x.repeat(k, 0).repeat(k, 1)
    at = (size - len(x)) // 2
    out = np.zeros((size, size, *x.shape[2:]), x.dtype)
    out[at:at + len(x), at:at + len(x)] = x
    return out


def enlarged_joints(j, side, size):
    k = max(1, size // side)
    return j * np.float32([k, k, 1, k]) + np.float32([(size - side * k) // 2] * 2 + [0, 0])


def difference(a, b):
    """the largest of colours over black and of alphas"""
    a, b = a.astype(np.int32), b.astype(np.int32)
    colours = np.abs(a[..., :3] * a[..., 3:] - b[..., :3] * b[..., 3:]).max(-1) // 255
    return np.maximum(colours, np.abs(a[..., 3] - b[..., 3]))


def holding(part, frame, truth, held):
    own = np.isin(part, puppet.HELD)
    return np.where(own, OWN, np.where(held & (difference(frame, truth) > ALIKE), ELSEWHERE, 0)).astype(np.uint8)


def off(joints, rgba, sigma, rng):
    """the same error, of sigma heights, on each joint of all poses [n,18,4]"""
    error = np.zeros((18, 4), np.float32)
    error[:, :2] = rng.normal(0, sigma * height(rgba), (18, 2))
    return joints + error


def example(ref, targets, sigma, rng, size, pixels):
    """ref, targets: (rgba, joints, held)"""
    joints = off(np.stack([t[1] for t in [ref] + targets]), ref[0], sigma, rng)
    xyzc = joints[..., [0, 1, 3, 2]]
    frames, parts, _ = puppet.draw(ref[0], xyzc[0], xyzc[1:], native=pixels, depth=rng.random() < SHARE_DEPTH)
    side, fit = len(ref[0]), lambda x: enlarged(x, size)
    return dict(reference=fit(ref[0]), puppet=[fit(f) for f in frames], held=[fit(holding(p, f, t[0], t[2])) for p, f, t in zip(parts, frames, targets)],
                skeleton=[skeleton.picture(enlarged_joints(j, side, size), size, size) for j in joints[1:]], truth=[fit(t[0]) for t in targets])


def character(seed, look=scene, size=64, frames=FRAMES):
    """half the frames from the reference's side; one in eight is the reference's own pose, one in eight nearly so"""
    r, rng = random.Random(seed * 31 + 7), np.random.default_rng(seed)
    style = "classic" if r.random() < .45 else "all"
    c = make_char(seed, style)
    if size != 64 and is_pixel_art(c):
        c = make_char(seed, "classic")
        c.pixel = False
    yaw, stand = poses.reference_yaw(r, style), poses.reference_pose(r, style)
    ref, targets = look(c, stand, yaw), []
    for _ in range(frames):
        u = r.random()
        if u < .1:
            targets.append(ref)
        elif u < .22:
            targets.append(look(c, poses.jitter(stand, r, r.uniform(2, 8)), yaw))
        else:
            targets.append(look(c, poses.random_pose(r, style), yaw if r.random() < .5 else poses.random_yaw(r, style)))
    sigma = 0 if r.random() < SHARE_EXACT else r.uniform(0, WORST_ERROR)
    return example(ref, targets, sigma, rng, size, is_pixel_art(c))


def large(seed):
    return character(seed, large_scene, 96, 4)


def paper(job):
    """a paper doll in its own pose, joints a little off"""
    folder, seed = job
    r, rng = random.Random(seed), np.random.default_rng(seed)
    stance = np.array([(x, y, 1, DEPTH.get(i, 0)) for i, (x, y) in enumerate(STANCE)], np.float32)
    rgba, held = doll(folder, r)
    ref = rgba, stance, held
    return example(ref, [ref] * 2, r.uniform(0, .03), rng, 64, True)


def write(out, name, work, jobs, pool):
    t0, files = time.time(), None
    for i, got in enumerate(pool.imap(work, jobs, 20)):
        if files is None:
            files = {k: np.lib.format.open_memmap(f"{out}/{name}_{k}.npy", "w+", np.uint8, (len(jobs), *np.shape(v))) for k, v in got.items()}
        for k, v in got.items():
            files[k][i] = v
    print(name, len(jobs), "characters,", round(time.time() - t0), "s", flush=True)


if __name__ == "__main__":
    out, n = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 8000
    os.makedirs(out, exist_ok=True)
    with Pool(2) as pool:
        if len(sys.argv) > 3:
            write(out, "dolls", paper, [(sys.argv[3], i) for i in range(DOLLS)], pool)
        write(out, "large", large, range(2_000_000, 2_000_000 + n // 6), pool)
        write(out, "train", character, range(n), pool)
