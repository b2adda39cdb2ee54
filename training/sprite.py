"""Train the sprite networks on encoded views.

sprite.py DATA OUT STEPS [INIT]     OUT = checkpoint file; INIT = one to start from: its denoiser
                                    then also starts the reference net, so that both speak alike
sprite.py DATA OUT STEPS INIT RATE  continues a training with that learning rate
INIT may be a model folder, such as models/sprite-mini, instead of a checkpoint.
"""
import functools
import os
import sys

import parallel
import export
import numpy as np
import torch
import torch.nn.functional as F

import skeleton
from data import compose
from nets import CLIP_MEAN, CLIP_STD, SpriteModel
from sampler import alphas

LAST = torch.channels_last
REFS, TARGETS = 4, 5          # references in a batch, targets of each
DOLLS, DROP, START = .04, .07, .35      # shares: paper dolls, unconditional steps, targets at the first timestep
NOISY = .6                              # timesteps are uniform ** NOISY: more of them early in a sample


def clip_tensor(u8):
    """uint8 [n,64,64,3] -> normalised picture of the image encoder"""
    x = torch.from_numpy(np.ascontiguousarray(u8)).permute(0, 3, 1, 2).float() / 255
    return (x - torch.tensor(CLIP_MEAN)[None, :, None, None]) / torch.tensor(CLIP_STD)[None, :, None, None]


def pose_tensor(joints):
    """[n,18,3] -> pose pictures in [0,1], 128x128"""
    x = np.stack([skeleton.picture(j) for j in joints])
    return torch.from_numpy(x).permute(0, 3, 1, 2).float().div_(255).contiguous(memory_format=LAST)


class Source:
    """one kind of data: encoded views, pictures, joints, keys"""
    def __init__(self, folder, name, stats):
        self.latent = np.load(f"{folder}/{name}_latent.npy", mmap_mode="r")
        self.rgba = np.load(f"{folder}/{name}_rgba.npy", mmap_mode="r")
        self.joints, self.keys = np.load(f"{folder}/{name}_joints.npy"), np.load(f"{folder}/{name}_key.npy")
        self.mean, self.std = (stats[k][:, None, None].astype(np.float32) for k in ("mean", "std"))

    def draw(self, rng):
        """-> reference latent, its picture, and TARGETS of latent, joints, alpha"""
        c = rng.randint(len(self.latent))
        z = (self.latent[c].astype(np.float32) - self.mean) / self.std
        views = len(z)
        ref = 0 if rng.rand() < .85 else rng.randint(views)
        tg = rng.permutation(views)[:TARGETS]
        return z[ref], compose(self.rgba[c, ref], self.keys[c]), z[tg], self.joints[c, tg], self.rgba[c, tg, ..., 3]


def make(rank, folder, seed=0):
    rng, drop = np.random.RandomState(1000 + rank + seed), np.random.RandomState(7)
    model = SpriteModel().to(memory_format=LAST)
    stats = np.load(f"{folder}/stats.npz")
    main, dolls = Source(folder, "train", stats), Source(folder, "dolls", stats)
    bar = alphas()
    n = REFS * TARGETS

    def step(it):
        rows = [(dolls if rng.rand() < DOLLS else main).draw(rng) for _ in range(REFS)]
        ref, pic, z0, joints, alpha = (np.concatenate([r[i] if i > 1 else r[i][None] for r in rows]) for i in range(5))
        z0, ref = (torch.from_numpy(x).contiguous(memory_format=LAST) for x in (z0, ref))
        t = ((rng.permutation(n) + rng.rand(n)) / n) ** NOISY * 1000
        t[rng.rand(n) < START] = 999
        t = torch.from_numpy(t.astype(np.int64))
        a = bar[t][:, None, None, None]
        e = torch.randn_like(z0)
        zt, v = a.sqrt() * z0 + (1 - a).sqrt() * e, a.sqrt() * e - (1 - a).sqrt() * z0
        m = torch.from_numpy(alpha.reshape(n, 1, 16, 4, 16, 4).max((3, 5)).astype(np.float32) / 255)
        w = 1 + 3 * F.max_pool2d(m, 3, 1, 1)
        p = model(zt, t, pose_tensor(joints), ref, clip_tensor(pic), TARGETS, drop.rand() < DROP)
        return (w / w.mean() * (p - v) ** 2).mean()
    return model, step, n


if __name__ == "__main__":
    folder, out, steps = sys.argv[1], sys.argv[2], int(sys.argv[3])
    torch.manual_seed(0)
    model = SpriteModel()
    if len(sys.argv) > 4:
        if os.path.isdir(sys.argv[4]):
            model = export.load(sys.argv[4])[0].train()
        else:
            parallel.load(model, sys.argv[4]).train()
    if len(sys.argv) == 5:
        model.reference.load_state_dict({k: v for k, v in model.denoiser.state_dict().items() if k in model.reference.state_dict()})
    print("parameters", sum(p.numel() for p in model.parameters()), flush=True)
    parallel.run(functools.partial(make, folder=folder), model, out, steps, float(sys.argv[5]) if len(sys.argv) > 5 else 1e-3, .99)
