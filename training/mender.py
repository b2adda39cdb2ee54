"""The mender: what a puppet tears, a small network closes.

mender.py DATA OUT STEPS [START]     trains on what mender_data.py wrote (OUT = checkpoint file)
mender.py export CHECKPOINT FOLDER   writes config.json and mender.safetensors (f16)
"""
import functools
import json
import os
import sys

import parallel
import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F

LAST = torch.channels_last
CONFIG = dict(width=[32, 64, 128], tail=16, heads=4, groups=8)
STEEP, PULL, CRISP = 3., 4., 4.      # alpha = sigmoid(STEEP * (2 a - 1) + PULL * change), then CRISP times as steep at the edge
OVERLAP = .6                         # weight of the silhouettes' overlap
MARGIN = .03                         # how much better (of 2) a change must be to be made


class Res(nn.Module):
    def __init__(self, a, b, groups):
        super().__init__()
        self.norm1, self.conv1 = nn.GroupNorm(groups, a), nn.Conv2d(a, b, 3, padding=1)
        self.norm2, self.conv2 = nn.GroupNorm(groups, b), nn.Conv2d(b, b, 3, padding=1)
        self.conv_shortcut = nn.Conv2d(a, b, 1) if a != b else None
        self.conv2.weight.data.mul_(.2)

    def forward(self, x):
        h = self.conv2(F.silu(self.norm2(self.conv1(F.silu(self.norm1(x))))))
        return (x if self.conv_shortcut is None else self.conv_shortcut(x)) + h


class Attention(nn.Module):
    """over a frame's own pixels and those of the reference, which are finer"""
    def __init__(self, c, other, groups, heads):
        super().__init__()
        self.heads = heads
        self.norm = nn.GroupNorm(groups, c)
        self.to_q, self.to_k, self.to_v = (nn.Linear(c, c) for _ in range(3))
        self.bank_k, self.bank_v = (nn.Linear(other, c) for _ in range(2))
        self.to_out = nn.Linear(c, c)
        self.to_out.weight.data.mul_(.1)

    def split(self, x):
        return x.unflatten(-1, (self.heads, -1)).transpose(1, 2)

    def forward(self, x, bank):
        n, c, h, w = x.shape
        t = self.norm(x).permute(0, 2, 3, 1).reshape(n, h * w, c)
        k, v = torch.cat([self.to_k(t), self.bank_k(bank)], 1), torch.cat([self.to_v(t), self.bank_v(bank)], 1)
        q = self.split(self.to_q(t)) * (self.heads / c) ** .5
        y = (q @ self.split(k).transpose(-1, -2)).softmax(-1) @ self.split(v)      # on a CPU faster than the fused one
        y = self.to_out(y.transpose(1, 2).reshape(n, h * w, c))
        return x + y.reshape(n, h, w, c).permute(0, 3, 1, 2)


def spread(x):
    """[n,4c,h,w] -> [n,c,2h,2w]: the channels of a pixel are (dy, dx, c)"""
    n, c, h, w = x.shape
    return x.reshape(n, 2, 2, c // 4, h, w).permute(0, 3, 4, 1, 5, 2).reshape(n, c // 4, 2 * h, 2 * w).contiguous(memory_format=LAST)


def places(n, h, w):
    """two channels that tell where a pixel is: -1..1 to the right and down"""
    y, x = ((torch.arange(s, dtype=torch.float32) + .5) * (2. / s) - 1 for s in (h, w))
    return torch.stack([x.expand(h, w), y[:, None].expand(h, w)]).expand(n, 2, h, w)


class Mender(nn.Module):
    def __init__(self, width=(32, 64, 128), tail=16, heads=4, groups=8):
        super().__init__()
        a, b, c = width
        self.ref_in, self.ref_res0 = nn.Conv2d(6, a, 4, 2, 1), Res(a, a, groups)
        self.ref_down, self.ref_res1, self.ref_norm = nn.Conv2d(a, b, 3, 2, 1), Res(b, b, groups), nn.GroupNorm(groups, b)
        self.conv_in, self.res0 = nn.Conv2d(8, a, 4, 2, 1), Res(a, a, groups)
        self.down0, self.res1 = nn.Conv2d(a, b, 3, 2, 1), Res(b, b, groups)
        self.down1 = nn.Conv2d(b, c, 3, 2, 1)
        self.mid_res0, self.mid_attn0 = Res(c, c, groups), Attention(c, b, groups, heads)
        self.mid_res1, self.mid_attn1 = Res(c, c, groups), Attention(c, b, groups, heads)
        self.up1, self.res2 = nn.Conv2d(c, 4 * b, 1), Res(2 * b, b, groups)
        self.up0, self.res3 = nn.Conv2d(b, 4 * a, 1), Res(2 * a, a, groups)
        self.norm_out, self.conv_out = nn.GroupNorm(groups, a), nn.Conv2d(a, 4 * tail, 3, padding=1)
        self.tail0, self.tail1 = nn.Conv2d(tail + 5, tail, 3, padding=1), nn.Conv2d(tail, 5, 3, padding=1)
        self.tail1.weight.data.zero_()
        self.tail1.bias.data.zero_()

    def forward(self, puppet, skeleton, reference):
        """puppet [n,5,h,w]: colour -1..1 (0 where there is none), alpha -1..1, held 0 or 1; skeleton [n,3,h,w] 0..1; reference [m,4,h,w]
        as the puppet's first four, m dividing n: each serves n / m frames in a row -> [n,5,h,w]: what to add to the colour, pulls on
        alpha and on the gate (see `finish`)"""
        m, _, h, w = reference.shape
        e = self.ref_in(torch.cat([reference, places(m, h, w)], 1).contiguous(memory_format=LAST))
        bank = F.silu(self.ref_norm(self.ref_res1(self.ref_down(self.ref_res0(e)))))
        bank = bank.permute(0, 2, 3, 1).flatten(1, 2)
        each = puppet.shape[0] // m
        if each > 1:
            e, bank = e.repeat_interleave(each, 0), bank.repeat_interleave(each, 0)
        h0 = self.res0(self.conv_in(torch.cat([puppet, skeleton], 1).contiguous(memory_format=LAST)) + e)
        h1 = self.res1(self.down0(h0))
        h = self.mid_attn0(self.mid_res0(self.down1(h1)), bank)
        h = self.mid_attn1(self.mid_res1(h), bank)
        h = self.res2(torch.cat([spread(self.up1(h)), h1], 1))
        h = self.res3(torch.cat([spread(self.up0(h)), h0], 1))
        h = spread(F.silu(self.conv_out(F.silu(self.norm_out(h)))))
        return self.tail1(F.silu(self.tail0(torch.cat([h, puppet.to(h.dtype)], 1)))).float()


def finish(puppet, change):
    """-> colour (not clamped), alpha's logit, the gate's logit"""
    return puppet[:, :3] + change[:, :3], STEEP * puppet[:, 3:4] + PULL * change[:, 3:4], change[:, 4:]


def crisp(logit):
    return ((logit.sigmoid() - .5) * CRISP + .5).clamp(0, 1)


# ------------------------------------------------------------------ numbers
def tensor(rgba):
    """uint8 [n,h,w,4] -> [n,4,h,w] in -1..1, the colour of nothing being 0"""
    x = torch.from_numpy(np.ascontiguousarray(rgba)).permute(0, 3, 1, 2).float().div_(127.5).sub_(1)
    x[:, :3] *= x[:, 3:] > -1
    return x


def flags(bools):
    """[n,h,w] -> [n,1,h,w] 0 or 1"""
    return torch.from_numpy(np.ascontiguousarray(bools)).float()[:, None]


def over(colour, alpha, ground):
    return colour * alpha + ground * (1 - alpha)


# ------------------------------------------------------------------ training
def loss_of(net, puppet, skeleton, reference, truth, counts, ground):
    """puppet [n,5,..], truth [n,4,..]; counts [n,1,..]: 0 where nothing is asked; ground [n,3,1,1]: what lies behind"""
    colour, logit, gate = finish(puppet, net(puppet, skeleton, reference))
    tc, ta, pa = truth[:, :3], (truth[:, 3:] + 1) / 2, (puppet[:, 3:4] + 1) / 2
    w = (.3 + 1.7 * F.max_pool2d(torch.maximum(ta, pa), 3, 1, 1)) * counts
    wanted, now = over(tc, ta, ground), over(puppet[:, :3], pa, ground)
    loss = (w * (over(colour, logit.sigmoid(), ground) - wanted).abs()).mean()
    loss = loss + .5 * (w * (ta > .95) * (colour - tc).abs()).mean() + .15 * (w * F.binary_cross_entropy_with_logits(logit, ta, reduction="none")).mean()
    loss = loss + OVERLAP * overlap_loss(logit, ta, counts)
    with torch.no_grad():
        made = over(colour.clamp(-1, 1), crisp(logit), ground)
        gain = (now - wanted).abs().mean(1, True) - (made - wanted).abs().mean(1, True) - MARGIN
    return loss + .5 * (w * gain.abs() * F.binary_cross_entropy_with_logits(gate, (gain > 0).float(), reduction="none")).mean()


def overlap_loss(logit, truth, counts):
    """1 - the silhouettes' intersection over their union, softly"""
    a, t = (CRISP * logit).sigmoid() * counts, truth * counts
    both = (a * t).sum((1, 2, 3))
    return (1 - (both + 1) / ((a + t).sum((1, 2, 3)) - both + 1)).mean()


class Shelf:
    """one set of examples: reference [n,..], and for each its frames [n,k,..]"""
    def __init__(self, folder, name):
        self.reference, self.puppet, self.held, self.skeleton, self.truth = (
            np.load(f"{folder}/{name}_{k}.npy", mmap_mode="r") for k in ("reference", "puppet", "held", "skeleton", "truth"))

    def draw(self, rng, count, each):
        """`count` characters, `each` frames of each, their colours exchanged now and then"""
        n, k = self.puppet.shape[:2]
        at = [(c, rng.choice(k, each, replace=False)) for c in rng.randint(n, size=count)]
        take = lambda a: np.concatenate([a[c][f] for c, f in at])
        swaps = [rng.permutation(3) if rng.rand() < .5 else np.arange(3) for _ in at]

        def recolour(x, per):
            return torch.cat([p[:, [*s, 3]] for p, s in zip(x.split(per), swaps)])
        held = take(self.held)
        puppet = torch.cat([recolour(tensor(take(self.puppet)), each), flags(held == 1)], 1)
        skeleton = torch.from_numpy(take(self.skeleton)).permute(0, 3, 1, 2).float().div_(255)
        reference = recolour(tensor(np.stack([self.reference[c] for c, _ in at])), 1)
        truth = recolour(tensor(take(self.truth)), each)
        grounds = torch.from_numpy(rng.choice([-1., 1., 0.], (count * each, 3, 1, 1), p=[.45, .45, .1]).astype(np.float32))
        return [x.contiguous(memory_format=LAST) for x in (puppet, skeleton, reference, truth, flags(held == 0))] + [grounds]


SHARES = dict(train=.78, dolls=.10, large=.12)      # of the steps; a batch is of one size


def make(rank, folder, count=6, each=2):
    rng = np.random.RandomState(50 + rank)
    net = Mender(**CONFIG).to(memory_format=LAST)
    shelves = {k: Shelf(folder, k) for k in SHARES if os.path.exists(f"{folder}/{k}_puppet.npy")}
    names = list(shelves)
    odds = np.array([SHARES[k] for k in names])

    def step(it):
        # both processes take the same turn, so that neither waits for the other
        name = names[np.random.RandomState(it).choice(len(names), p=odds / odds.sum())]
        return loss_of(net, *shelves[name].draw(rng, count // 2 if name == "large" else count, each))
    return net, step, count * each


# ------------------------------------------------------------------ files
def export(path, folder):
    from safetensors.torch import save_file
    os.makedirs(folder, exist_ok=True)
    net = parallel.load(Mender(**CONFIG), path)
    save_file({k: v.detach().half().contiguous() for k, v in net.state_dict().items()}, f"{folder}/mender.safetensors", {"format": "pt"})
    os.chmod(f"{folder}/mender.safetensors", 0o644)
    with open(f"{folder}/config.json", "w") as f:
        f.write(json.dumps(CONFIG) + "\n")


if __name__ == "__main__":
    if sys.argv[1] == "export":
        export(*sys.argv[2:4])
    else:
        folder, out, steps = sys.argv[1], sys.argv[2], int(sys.argv[3])
        torch.manual_seed(0)
        net = Mender(**CONFIG)
        if len(sys.argv) > 4:
            parallel.load(net, sys.argv[4])
        print("parameters", sum(p.numel() for p in net.parameters()), flush=True)
        parallel.run(functools.partial(make, folder=folder), net, out, steps, 1.5e-3 if len(sys.argv) > 4 else 2e-3, .995)
