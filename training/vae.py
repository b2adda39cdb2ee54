"""Train the picture coder, then encode the data.

vae.py DATA OUT STEPS [INIT [RATE]]     trains (OUT = checkpoint file; INIT = one to go on from)
vae.py latents DATA OUT   encodes all views -> DATA/*_latent.npy, *_key.npy; and what frames.py made -> *_flatent.npy
vae.py decoder DATA IN OUT STEPS   trains only the decoder further, on those latents
"""
import functools
import math
import os
import sys

import parallel
import numpy as np
import torch
import torch.nn.functional as F

from autoencoder import AutoencoderKL
from data import KEYS, compose, key_colour, on_key, straight

LAST = torch.channels_last


def tensor(u8):
    """uint8 [n,h,w,3] -> [-1,1] [n,3,h,w]"""
    return torch.from_numpy(np.ascontiguousarray(u8)).permute(0, 3, 1, 2).float().div_(127.5).sub_(1).contiguous(memory_format=LAST)


def psnr(a, b):
    return -10 * math.log10(((a.clamp(-1, 1) - b) ** 2).mean().item() / 4)


def examples(rgba, rng, n):
    """random views on a key colour, sometimes on any colour, half of them mirrored"""
    pics, masks = [], []
    for _ in range(n):
        a = rgba[0] if rng.rand() < .85 else rgba[-1]
        c = a[rng.randint(len(a))]
        pm = c[rng.randint(len(c))]
        key = rng.randint(0, 256, 3) if rng.rand() < .1 else KEYS[rng.randint(len(KEYS))]
        if rng.rand() < .5:
            pm = pm[:, ::-1]
        pics.append(compose(pm, key))
        masks.append(pm[..., 3])
    w = torch.from_numpy(np.stack(masks).astype(np.float32) / 255)[:, None]
    return tensor(np.stack(pics)), .3 + 1.7 * F.max_pool2d(w, 3, 1, 1)


def make(rank, folder, batch=8):
    rng = np.random.RandomState(rank)
    model = AutoencoderKL().to(memory_format=LAST)
    rgba = [np.load(f"{folder}/{k}_rgba.npy", mmap_mode="r") for k in ("train", "dolls")]

    def step(it):
        x, w = examples(rgba, rng, batch)
        mean, logvar = model.encode(x)
        y = model.decode(mean + torch.randn_like(mean) * (.5 * logvar).exp())
        d = y - x
        kl = .5 * (mean * mean + logvar.exp() - 1 - logvar).mean()
        return (w * (d.abs() + 2 * d * d)).mean() + 1e-4 * kl
    return model, step, batch


@torch.no_grad()
def encode(model, pics, n=100):
    return np.concatenate([model.encode(tensor(pics[i:i + n]))[0].half().numpy() for i in range(0, len(pics), n)])


def keyed(rgba):
    """each character's views on its key colour, and the keys"""
    keys = np.array([key_colour(straight(v[0])) for v in rgba], np.uint8)
    return np.stack([compose(v, k) for v, k in zip(rgba, keys)]), keys


def sets(folder):
    return [name for name in ("train", "dolls", "clips") if os.path.exists(f"{folder}/{name}_joints.npy")]


def encoded(model, folder, name, rank):
    """half of the characters -> latent, key, and where there are frames, flatent"""
    rgba, n = np.load(f"{folder}/{name}_rgba.npy", mmap_mode="r"), len(np.load(f"{folder}/{name}_joints.npy", mmap_mode="r"))
    path, out = f"{folder}/{name}_frames.npy", dict(latent=[], key=[])
    frames = np.load(path, mmap_mode="r") if os.path.exists(path) else None
    end = n * (rank + 1) // 2

    def add(kind, pics):
        out.setdefault(kind, []).append(encode(model, pics.reshape(-1, 64, 64, 3)).reshape(len(pics), -1, 8, 16, 16))
    for i in range(n * rank // 2, end, 50):
        part = slice(i, min(i + 50, end))
        pics, keys = keyed(rgba[part])
        add("latent", pics)
        out["key"].append(keys)
        if frames is not None and i < len(frames):
            add("flatent", np.stack([on_key(f, k) for f, k in zip(frames[part], keys)]))
    return {k: np.concatenate(v) for k, v in out.items()}


def latents_worker(rank, folder, path):
    torch.set_num_threads(1)
    model = parallel.load(AutoencoderKL(), path).to(memory_format=LAST)
    for name in sets(folder):
        for kind, x in encoded(model, folder, name, rank).items():
            np.save(f"{folder}/{name}_{kind}{rank}.npy", x)


def latents(folder, path):
    parallel.mp.spawn(latents_worker, (folder, path), nprocs=2)
    for name in sets(folder):
        for kind in ("latent", "key", "flatent"):
            halves = [f"{folder}/{name}_{kind}{i}.npy" for i in (0, 1)]
            halves = [h for h in halves if os.path.exists(h)]
            if halves:
                np.save(f"{folder}/{name}_{kind}.npy", np.concatenate([np.load(h) for h in halves]))
            for h in halves:
                os.remove(h)
    z = np.load(f"{folder}/train_latent.npy")[::7].astype(np.float32)
    np.savez(f"{folder}/stats.npz", mean=z.mean((0, 1, 3, 4)), std=z.std((0, 1, 3, 4)))
    print(z.mean((0, 1, 3, 4)), z.std((0, 1, 3, 4)))


class Decoding(torch.nn.Module):
    """the half of the coder that may still change once the latents are written"""
    def __init__(self, vae):
        super().__init__()
        self.post_quant_conv, self.decoder = vae.post_quant_conv, vae.decoder

    def forward(self, z):
        return self.decoder(self.post_quant_conv(z))


def make_decoding(rank, folder, batch=8, noise=.05):
    rng = np.random.RandomState(50 + rank)
    model = Decoding(AutoencoderKL()).to(memory_format=LAST)
    kinds = [[np.load(f"{folder}/{n}_{k}.npy", mmap_mode="r") for k in ("latent", "rgba", "key")] for n in ("train", "dolls")]
    std = torch.from_numpy(np.load(f"{folder}/stats.npz")["std"].astype(np.float32))[None, :, None, None]

    def step(it):
        zs, pics, masks = [], [], []
        for _ in range(batch):
            latent, rgba, keys = kinds[0] if rng.rand() < .8 else kinds[1]
            c = rng.randint(len(latent))
            v = rng.randint(latent.shape[1])
            zs.append(latent[c, v])
            pics.append(compose(rgba[c, v], keys[c]))
            masks.append(rgba[c, v, ..., 3])
        z, x = torch.from_numpy(np.stack(zs)).float(), tensor(np.stack(pics))
        w = .3 + 1.7 * F.max_pool2d(torch.from_numpy(np.stack(masks).astype(np.float32) / 255)[:, None], 3, 1, 1)
        z = z + torch.randn_like(z) * std * noise * rng.rand()
        d = model(z.contiguous(memory_format=LAST)) - x
        return (w * (d.abs() + 2 * d * d)).mean()
    return model, step, batch


def train_decoder(folder, start, out, steps):
    vae = parallel.load(AutoencoderKL(), start)
    parallel.run(functools.partial(make_decoding, folder=folder), Decoding(vae), out + ".decoder", steps, 1.5e-3, .99)
    parallel.load(Decoding(vae), out + ".decoder")
    torch.save(dict(ema=torch.cat([p.data.reshape(-1) for p in vae.parameters()])), out)
    check(folder, out)


@torch.no_grad()
def check(folder, path):
    """PSNR on held-out characters and dolls: whole picture, and inside the silhouette"""
    model = parallel.load(AutoencoderKL(), path).to(memory_format=LAST)
    grid = []
    for name in ("val", "valdolls"):
        rgba = np.load(f"{folder}/{name}_rgba.npy")
        pics, _ = keyed(rgba)
        x = tensor(pics[:, 1:3].reshape(-1, 64, 64, 3))
        m = torch.from_numpy(rgba[:, 1:3, ..., 3].reshape(-1, 1, 64, 64) > 127).expand_as(x)
        y = torch.cat([model.decode(model.encode(x[i:i + 64])[0]) for i in range(0, len(x), 64)]).clamp(-1, 1)
        print(name, "PSNR", round(psnr(y, x), 2), "inside", round(psnr(y[m], x[m]), 2), flush=True)
        grid += [torch.cat(list(t[:16]), 2) for t in (x, y)]
    from PIL import Image
    Image.fromarray(((torch.cat(grid, 1) + 1) * 127.5).byte().permute(1, 2, 0).numpy()).save(path + ".png")


if __name__ == "__main__":
    if sys.argv[1] == "latents":
        latents(*sys.argv[2:4])
    elif sys.argv[1] == "check":
        check(*sys.argv[2:4])
    elif sys.argv[1] == "decoder":
        train_decoder(*sys.argv[2:5], int(sys.argv[5]))
    else:
        folder, out, steps = sys.argv[1], sys.argv[2], int(sys.argv[3])
        torch.manual_seed(0)
        model = AutoencoderKL()
        if len(sys.argv) > 4:
            parallel.load(model, sys.argv[4]).train()
        parallel.run(functools.partial(make, folder=folder), model, out, steps, float(sys.argv[5]) if len(sys.argv) > 5 else 3e-3, .995)
        check(folder, out)
