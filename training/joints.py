"""Train the joint estimator.

joints.py DATA DOLLS OUT STEPS [INIT [RATE]]     DATA with standing characters; OUT = checkpoint file; INIT = a checkpoint to go on from
joints.py export CHECKPOINT FOLDER               writes the model folder
"""
import functools
import sys

import numpy as np
import parallel
import torch
import torch.nn.functional as F

import jointdata
from jointnet import CELL, CONFIG, GRID, SIZE, JointNet, decode

FIGURES, NOTHING = 8, 1         # of each in a batch
LAST = torch.channels_last


def tensor(pictures):
    """[n,64,64,4] 0..255 -> what the network takes"""
    x = torch.from_numpy(np.ascontiguousarray(pictures, np.float32))
    return x.permute(0, 3, 1, 2).div_(255).sub_(.5).contiguous(memory_format=LAST)


def torso(j):
    """from the neck to the hips' middle, in space, in pixels [n,1]"""
    xyz = j[..., [0, 1, 3]]
    d = (xyz[:, 1] - (xyz[:, 8] + xyz[:, 11]) / 2).norm(dim=-1)
    return d.clamp(min=.1 * SIZE)[:, None]


def heat_target(j):
    """[n,18,G*G]: a spot half a cell wide round each joint"""
    at = torch.arange(GRID) + .5
    p = (j[..., :2] / CELL).clamp(.2, GRID - .2)
    gx, gy = (torch.exp(-(at - p[..., i:i + 1]) ** 2 / (2 * .6 ** 2)) for i in (0, 1))
    t = (gy[..., :, None] * gx[..., None, :]).flatten(2)
    return t / t.sum(-1, keepdim=True)


def loss_of(model, x, j, yaw):
    """x holds len(j) figures, then what is none"""
    n = len(j)
    maps, side = model(x)
    xyz, sure, heat, turn, figure = decode(maps, side)
    size = torso(j)
    d = ((xyz[:n, :, :2] - j[..., :2]).square().sum(-1) + .04).sqrt() / size
    depth = (xyz[:n, :, 2] - j[..., 3]).abs() / size
    spot = -(heat_target(j) * heat[:n].log_softmax(-1)).sum(-1)
    right = ((d.detach() < .15) & (j[..., 2] > 0)).float()
    angle = torch.stack([yaw.sin(), yaw.cos()], -1)
    is_figure = (torch.arange(len(x)) < n).float()
    return (d.mean() + .3 * depth.mean() + .2 * spot.mean() + .6 * (turn[:n] - angle).square().mean()
            + .05 * F.binary_cross_entropy_with_logits(sure[:n], right)
            + .1 * F.binary_cross_entropy_with_logits(figure, is_figure))


def make(rank, folder, dolls, seed=0):
    source = jointdata.Examples(folder, dolls, 1000 + rank + seed)
    model = JointNet().to(memory_format=LAST)

    def step(it):
        figures = [source.figure() for _ in range(FIGURES)]
        x = tensor(np.stack([f[0] for f in figures] + [source.nothing() for _ in range(NOTHING)]))
        j = torch.from_numpy(np.stack([f[1] for f in figures])).float()
        return loss_of(model, x, j, torch.tensor([f[2] for f in figures]).deg2rad())
    return model, step, FIGURES + NOTHING


def to_folder(path, folder):
    import export
    model = parallel.load(JointNet(), path)
    export.write(f"{folder}/model.safetensors", model.state_dict())
    export.write_json(f"{folder}/config.json", CONFIG)


if __name__ == "__main__":
    if sys.argv[1] == "export":
        to_folder(*sys.argv[2:4])
        sys.exit()
    folder, dolls, out, steps = *sys.argv[1:4], int(sys.argv[4])
    torch.manual_seed(0)
    model = JointNet()
    if len(sys.argv) > 5:
        parallel.load(model, sys.argv[5]).train()
    print("parameters", sum(p.numel() for p in model.parameters()), flush=True)
    parallel.run(functools.partial(make, folder=folder, dolls=dolls, seed=steps), model, out, steps, float(sys.argv[6]) if len(sys.argv) > 6 else 2e-3, .998)
