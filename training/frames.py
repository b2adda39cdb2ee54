"""What the diffusion model is to refine: for every view of the data the puppet's frame of it, drawn from view 0.

frames.py DATA [characters]     writes DATA/{train,dolls,clips}_frames.npy u8 [n,V,64,64,4], straight alpha, of the
                                first so many characters of each; the others are trained without

The rules are the mender's (mender_data.py): the same small error on each joint of all poses, pixel art in its
own pixels.  Seven characters in ten are mended as the product does it, the others are bare.  Needs
ninja -C build training/native/libpuppet.so training/native/libmender.so
"""
import functools
import os
import sys
import time
from multiprocessing import Pool

import numpy as np

import mend
import puppet
from data import straight
from finish import enlarged
from mender_data import SHARE_EXACT, SHARE_DEPTH, WORST_ERROR, off

MENDED = .7
MODEL = "models/mender"


def own_pixels(rgba):
    """pixel art enlarged to a frame -> the places of its own pixels there, or None where it is none"""
    if not np.isin(rgba[..., 3], (0, 255)).all():
        return None
    for side in range(16, len(rgba)):
        back = (np.arange(side) * len(rgba) + len(rgba) // 2) // side
        if np.array_equal(enlarged(rgba[back][:, back], len(rgba)), rgba):
            return back
    return np.arange(len(rgba))


def frames_of(views, joints, rng, mender):
    """views [V,S,S,4] straight alpha and joints [V,18,4] as data.py has them -> the puppet's frames [V,S,S,4]"""
    ref, size, pixels = views[0], len(views[0]), own_pixels(views[0])
    if pixels is not None:
        ref = ref[pixels][:, pixels]
        joints = joints * np.float32([len(ref) / size, len(ref) / size, 1, len(ref) / size])
    sigma = 0 if rng.random() < SHARE_EXACT else rng.uniform(0, WORST_ERROR)
    xyzc = off(joints, ref, sigma, rng)[..., [0, 1, 3, 2]]
    frames, parts, _ = puppet.draw(ref, xyzc[0], xyzc, native=pixels is not None, depth=rng.random() < SHARE_DEPTH)
    if mender is not None:
        frames = mender.mend(ref, frames, parts, xyzc, is_pixel_art=pixels is not None)
    return frames if len(ref) == size else np.stack([enlarged(f, size) for f in frames])


@functools.cache
def shelf(folder, name):
    return np.load(f"{folder}/{name}_rgba.npy", mmap_mode="r"), np.load(f"{folder}/{name}_joints.npy")


the_mender = functools.cache(mend.Mender)


def work(job):
    folder, name, c = job
    rgba, joints = shelf(folder, name)
    rng = np.random.default_rng(c)
    mender = the_mender(MODEL) if rng.random() < MENDED else None
    return frames_of(np.stack([straight(v) for v in rgba[c]]), joints[c], rng, mender)


def write(folder, name, most, pool):
    t0, n = time.time(), min(most, len(shelf(folder, name)[1]))
    shape = (n, *shelf(folder, name)[0].shape[1:])
    out = np.lib.format.open_memmap(f"{folder}/{name}_frames.npy", "w+", np.uint8, shape)
    for i, frames in enumerate(pool.imap(work, [(folder, name, c) for c in range(n)], 20)):
        out[i] = frames
    out.flush()
    print(name, n, "characters,", round(time.time() - t0), "s", flush=True)


if __name__ == "__main__":
    folder, most = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 1 << 30
    with Pool(2) as pool:
        for name in ("dolls", "clips", "train"):
            if os.path.exists(f"{folder}/{name}_joints.npy"):
                write(folder, name, most, pool)
