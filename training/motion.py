"""Train the motion modules: AnimateDiff's temporal attention, on the way up only, everything else as it is.

motion.py DATA MODEL-FOLDER OUT STEPS [START]     on the clips of data.py --clips, and their frames and latents
motion.py export CHECKPOINT MODEL-FOLDER          writes motion_module.safetensors, f16
"""
import functools
import math
import sys

import parallel
import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F

import export
from nets import UNET, FeedForward, SelfAttention
from sampler import alphas
from sprite import BEGUN, DROP, NOISY, START, WHERE, Source, batch, noised

LONGEST = 32                        # frames that positions are known of
CLIPS, FRAMES = 2, 8                # clips in a batch, frames of each
ALIKE = .5                          # share of the clips whose frames have one noise, as refine gives them


def positions(width):
    """sines at even places, cosines at odd ones"""
    rate = torch.exp(torch.arange(0, width, 2) * (-math.log(10000.) / width))
    angle = torch.arange(LONGEST)[:, None] * rate
    return torch.stack([angle.sin(), angle.cos()], -1).flatten(1)


class Temporal(nn.Module):
    """frames of a pixel attend to each other, twice: [clips*F,C,h,w] to the same"""
    def __init__(self, c, heads, groups):
        super().__init__()
        self.norm = nn.GroupNorm(groups, c, eps=1e-6)
        self.proj_in, self.proj_out = nn.Linear(c, c), nn.Linear(c, c)
        self.transformer_blocks = nn.ModuleList([nn.Module()])
        b = self.transformer_blocks[0]
        b.attention_blocks = nn.ModuleList([SelfAttention(c, heads) for _ in range(2)])
        b.norms = nn.ModuleList([nn.LayerNorm(c) for _ in range(2)])
        b.ff_norm, b.ff = nn.LayerNorm(c), FeedForward(c)
        self.register_buffer("pe", positions(c), persistent=False)
        nn.init.zeros_(self.proj_out.weight)
        nn.init.zeros_(self.proj_out.bias)

    def forward(self, x, frames):
        n, c, h, w = x.shape
        # contiguous: torch 2.13 crashes in the other layout's backward pass if x needs no gradient
        t = self.proj_in(self.norm(x.contiguous()).flatten(2).transpose(1, 2))
        t = t.reshape(n // frames, frames, h * w, c).transpose(1, 2).reshape(-1, frames, c)
        b = self.transformer_blocks[0]
        for norm, attend in zip(b.norms, b.attention_blocks):
            t = t + attend(norm(t) + self.pe[:frames])
        t = self.proj_out(t + b.ff(b.ff_norm(t)))
        return x + t.reshape(-1, h * w, frames, c).permute(0, 2, 3, 1).reshape(x.shape)


class Module(nn.Module):
    def __init__(self, frames, *shape):
        super().__init__()
        self.temporal_transformer, self.frames = Temporal(*shape), frames

    def forward(self, x):
        return self.temporal_transformer(x, self.frames)


class Motion(nn.Module):
    """a module after each layer of the blocks up, under the names of the published files"""
    def __init__(self, frames=FRAMES, cfg=UNET):
        super().__init__()
        heads, groups = cfg["attention_head_dim"], cfg["norm_num_groups"]
        self.up_blocks = nn.ModuleList([nn.Module() for _ in cfg["block_out_channels"]])
        for b, c in zip(self.up_blocks, cfg["block_out_channels"][::-1]):
            b.motion_modules = nn.ModuleList([Module(frames, c, heads, groups) for _ in range(cfg["layers_per_block"] + 1)])


class Clips(Source):
    """view 0 is the reference, the others are the clip"""
    def chosen(self, rng, shown):
        at = rng.randint(1, self.latent.shape[1] - FRAMES + 1)
        return 0, np.arange(at, at + FRAMES)


def times(rng):
    """one for all frames of a clip -> timesteps, and whether the noise lies on the frames"""
    t = rng.rand(CLIPS) ** NOISY * 1000
    t[rng.rand(CLIPS) < START] = 999
    begun = (rng.rand(CLIPS) < BEGUN) & (t >= WHERE[0]) & (t < WHERE[1])
    return (torch.from_numpy(x.repeat(FRAMES)) for x in (t.astype(np.int64), begun.astype(np.float32)))


def make(rank, folder, base):
    rng, drop, bar = np.random.RandomState(300 + rank), np.random.RandomState(7), alphas()
    model = export.load(base)[0].requires_grad_(False).to(memory_format=torch.channels_last)
    clips, motion = Clips(folder, "clips", np.load(f"{folder}/stats.npz")), Motion()

    def step(it):
        ref, pic, z0, poses, alpha, frame = batch([clips.draw(rng) for _ in range(CLIPS)])
        t, begun = times(rng)
        noise, alike = torch.randn(CLIPS, FRAMES, *z0.shape[1:]), torch.from_numpy(rng.rand(CLIPS) < ALIKE)
        noise = torch.where(alike[:, None, None, None, None], noise[:, :1], noise)
        zt, v = noised(z0, t, frame, begun[:, None, None, None] * frame.shown, bar, noise.flatten(0, 1))
        m = torch.from_numpy(alpha.reshape(len(z0), 1, 16, 4, 16, 4).max((3, 5)).astype(np.float32) / 255)
        w = 1 + 3 * F.max_pool2d(m, 3, 1, 1)
        p = model(zt, t, poses, ref, pic, FRAMES, drop.rand() < DROP, frame, motion)
        return (w / w.mean() * (p - v) ** 2).mean()
    return motion, step, CLIPS * FRAMES


if __name__ == "__main__":
    if sys.argv[1] == "export":
        export.write(f"{sys.argv[3]}/motion_module.safetensors", parallel.load(Motion(), sys.argv[2]).state_dict())
    else:
        folder, base, out, steps = sys.argv[1:5]
        torch.manual_seed(0)
        motion = Motion()
        if len(sys.argv) > 5:
            parallel.load(motion, sys.argv[5]).train()
        print("parameters", sum(p.numel() for p in motion.parameters()), flush=True)
        parallel.run(functools.partial(make, folder=folder, base=base), motion, out, int(steps), 1e-3, .99)
