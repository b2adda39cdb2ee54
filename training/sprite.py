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
from data import compose, on_key
from nets import CLIP_MEAN, CLIP_STD, Frame, SpriteModel
from sampler import alphas

LAST = torch.channels_last
REFS, TARGETS = 4, 5          # references in a batch, targets of each
DOLLS, DROP, START = .04, .07, .35      # shares: paper dolls, unconditional steps, targets at the first timestep
NOISY = .6                              # timesteps are uniform ** NOISY: more of them early in a sample
SHOWN = .7                              # share of the references that have frames to refine
BEGUN, WHERE = .5, (300, 700)           # share of these whose noise lies on the frame, as refine begins, at such timesteps


def clip_tensor(u8):
    """uint8 [n,64,64,3] -> normalised picture of the image encoder"""
    x = torch.from_numpy(np.ascontiguousarray(u8)).permute(0, 3, 1, 2).float() / 255
    return (x - torch.tensor(CLIP_MEAN)[None, :, None, None]) / torch.tensor(CLIP_STD)[None, :, None, None]


def pose_tensor(joints):
    """[n,18,3] -> pose pictures in [0,1], 128x128"""
    x = np.stack([skeleton.picture(j) for j in joints])
    return torch.from_numpy(x).permute(0, 3, 1, 2).float().div_(255).contiguous(memory_format=LAST)


def seen_tensor(rgb, alpha):
    """frames over their key [n,64,64,3] and their alpha, uint8 -> what the guider sees of them, [n,4,128,128]"""
    x = np.concatenate([rgb, alpha[..., None]], -1).repeat(2, 1).repeat(2, 2)
    return torch.from_numpy(x).permute(0, 3, 1, 2).float().div_(255).contiguous(memory_format=LAST)


class Source:
    """one kind of data: encoded views, pictures, joints, keys, and what frames.py made of them"""
    def __init__(self, folder, name, stats):
        load = lambda kind: np.load(f"{folder}/{name}_{kind}.npy", mmap_mode="r")
        self.latent, self.rgba, self.joints, self.keys = map(load, ("latent", "rgba", "joints", "key"))
        self.frames, self.flatent = map(load, ("frames", "flatent"))
        self.mean, self.std = (stats[k][:, None, None].astype(np.float32) for k in ("mean", "std"))

    def normal(self, latent):
        return (latent.astype(np.float32) - self.mean) / self.std

    def seen(self, c, tg):
        """-> frames over the key, their alpha, latents"""
        f = self.frames[c, tg]
        return on_key(f, self.keys[c]), f[..., 3], self.normal(self.flatent[c, tg])

    def chosen(self, rng, shown):
        """-> the view that is the reference, those that are targets"""
        views = self.latent.shape[1]
        return 0 if shown or rng.rand() < .85 else rng.randint(views), rng.permutation(views)[:TARGETS]

    def draw(self, rng):
        """-> reference latent, its picture, and of the targets latent, joints, alpha, shown, frame, its alpha, its latent"""
        shown = rng.rand() < SHOWN
        c = rng.randint(len(self.flatent if shown else self.latent))
        z = self.normal(self.latent[c])
        ref, tg = self.chosen(rng, shown)
        seen = self.seen(c if shown else 0, tg)
        return (z[ref], compose(self.rgba[c, ref], self.keys[c]), z[tg], self.joints[c, tg], self.rgba[c, tg, ..., 3],
                np.full(len(tg), shown), *(x if shown else np.zeros_like(x) for x in seen))


def batch(rows):
    """what Source.draw gives, together"""
    ref, pic, *targets = ([r[i] for r in rows] for i in range(len(rows[0])))
    z0, joints, alpha, shown, rgb, cover, latent = map(np.concatenate, targets)
    tensor = lambda x: torch.from_numpy(x).contiguous(memory_format=LAST)
    frame = Frame(seen_tensor(rgb, cover), tensor(latent), torch.from_numpy(shown)[:, None, None, None].float())
    return tensor(np.stack(ref)), clip_tensor(np.stack(pic)), tensor(z0), pose_tensor(joints), alpha, frame


def noised(z0, t, frame, begun, bar, noise=None):
    """-> the latents at t, and what is to be predicted of them; `begun` [n,1,1,1]: 1 where the noise lies on the frame"""
    a = bar[t][:, None, None, None]
    zt = a.sqrt() * torch.lerp(z0, frame.latent, begun) + (1 - a).sqrt() * (torch.randn_like(z0) if noise is None else noise)
    return zt, (a.sqrt() * zt - z0) / (1 - a).sqrt()


def make(rank, folder, seed=0):
    rng, drop = np.random.RandomState(1000 + rank + seed), np.random.RandomState(7)
    model = SpriteModel().to(memory_format=LAST)
    stats = np.load(f"{folder}/stats.npz")
    main, dolls = Source(folder, "train", stats), Source(folder, "dolls", stats)
    bar = alphas()
    n = REFS * TARGETS

    def step(it):
        rows = [(dolls if rng.rand() < DOLLS else main).draw(rng) for _ in range(REFS)]
        ref, pic, z0, poses, alpha, frame = batch(rows)
        t = ((rng.permutation(n) + rng.rand(n)) / n) ** NOISY * 1000
        t[rng.rand(n) < START] = 999
        begun = (rng.rand(n) < BEGUN) & (t >= WHERE[0]) & (t < WHERE[1])
        t = torch.from_numpy(t.astype(np.int64))
        zt, v = noised(z0, t, frame, torch.from_numpy(begun)[:, None, None, None] * frame.shown, bar)
        m = torch.from_numpy(alpha.reshape(n, 1, 16, 4, 16, 4).max((3, 5)).astype(np.float32) / 255)
        w = 1 + 3 * F.max_pool2d(m, 3, 1, 1)
        p = model(zt, t, poses, ref, pic, TARGETS, drop.rand() < DROP, frame)
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
