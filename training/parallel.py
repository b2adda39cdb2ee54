"""Synchronous training in two one-thread processes (small matrices do not scale
with threads).  Parameters, gradients and the running mean live in shared buffers;
each process updates half of them (AdamW).  Progress is counted in steps, so the
processes may be paused.  The file OUT.total overrides the number of steps."""
import json
import math
import os
import time

os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"
# the allocator keeps large blocks instead of returning them: a third less time
os.environ.update(MALLOC_MMAP_MAX_="0", MALLOC_TRIM_THRESHOLD_=str(1 << 40), MALLOC_TOP_PAD_=str(1 << 26))

import numpy as np
import torch
import torch.multiprocessing as mp

WORKERS = 2
B1, B2 = .9, .99


def flatten(model, buf=None):
    """make all parameters views of one flat buffer"""
    ps = list(model.parameters())
    if buf is None:
        buf = torch.cat([p.data.reshape(-1) for p in ps])
    o = 0
    for p in ps:
        p.data = buf[o:o + p.numel()].view(p.shape)
        o += p.numel()
    return buf


def load(model, path):
    """copy a checkpoint's running mean into a model"""
    flatten(model, torch.load(path)["ema"].clone())
    return model.eval()


def wanted(out, total):
    try:
        return int(open(out + ".total").read())
    except (OSError, ValueError):
        return total


def worker(rank, buf, grads, ema, barrier, shared, make, out, total, lr0, decay, floor):
    torch.set_num_threads(1)
    torch.manual_seed(100 + rank)
    model, step, batch = make(rank)
    flatten(model, buf)
    n = buf.numel()
    g = torch.zeros(n)
    o = 0
    for p in model.parameters():
        p.grad = g[o:o + p.numel()].view(p.shape)
        o += p.numel()
    lo, hi = rank * n // WORKERS, (rank + 1) * n // WORKERS
    m1, m2 = torch.zeros(hi - lo), torch.zeros(hi - lo)
    it, losses = 0, []
    t0 = last = time.time()
    while True:
        if rank == 0 and it % 10 == 0:
            shared[0] = total = wanted(out, total)
        barrier.wait()
        total = int(shared[0])
        if it >= total:
            break
        lr = lr0 * min(1, (it + 1) / min(100, total / 8)) * (floor + (1 - floor) * (.5 + .5 * math.cos(math.pi * it / total)))
        g.zero_()
        loss = step(it)
        loss.backward()
        grads[rank].copy_(g)
        losses.append(loss.item())
        shared[2 + rank] = g.norm()
        barrier.wait()
        h = (grads[0, lo:hi] + grads[1, lo:hi]).mul_(.5)
        h.mul_(min(1., 1. / (float(shared[2:4].mean()) + 1e-6)))
        m1.lerp_(h, 1 - B1)
        m2.mul_(B2).addcmul_(h, h, value=1 - B2)
        x = buf[lo:hi]
        x.mul_(1 - lr * .01)
        x.addcdiv_(m1, m2.sqrt().div_((1 - B2 ** (it + 1)) ** .5).add_(1e-8), value=-lr / (1 - B1 ** (it + 1)))
        ema[lo:hi].lerp_(x, 1 - min(decay, (1 + it) / (10 + it)))
        it += 1
        barrier.wait()
        if rank == 0 and (it in (10, 50) or it % 100 == 0):
            t = time.time() - t0
            print(json.dumps(dict(it=it, of=total, t=round(t), loss=round(float(np.mean(losses[-100:])), 4), gn=round(float(shared[2]), 2),
                                  lr=round(lr, 6), per_s=round(it * batch * WORKERS / t, 1))), flush=True)
        if rank == 0 and (time.time() - last > 60 or it >= total):
            torch.save(dict(ema=ema.clone(), params=buf.clone(), it=it), out + ".tmp")
            os.replace(out + ".tmp", out)
            last = time.time()
    if rank == 0:
        print("END", it, it * batch * WORKERS, round(float(np.mean(losses[-200:])), 4), flush=True)
    barrier.wait()


def run(make, model, out, total, lr, decay=.998, floor=.01):
    buf = flatten(model).share_memory_()
    grads = torch.zeros(WORKERS, buf.numel()).share_memory_()
    ema = buf.clone().share_memory_()
    shared = torch.zeros(8).share_memory_()
    barrier = mp.get_context("spawn").Barrier(WORKERS)
    mp.spawn(worker, (buf, grads, ema, barrier, shared, make, out, total, lr, decay, floor), nprocs=WORKERS)
