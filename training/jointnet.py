"""The joint estimator: a square picture of a figure to maps, and maps to joints.

    rgba[N,4,64,64] - conv_in /2 - SiLU - conv_half /2 - res - skip - down /2 - res - attention - res - res
    - lift, grow 2x, + skip - res - norm, SiLU, conv_out - maps[N,90,16,16]
    and from the deep part - norm, SiLU, conv_side - side[N,3,8,8]

rgba is premultiplied, -0.5..0.5.  A joint has five maps: how likely it is here (before the softmax), from here to
it (x, y, in cells), its depth (in cells, towards us, from the hips' middle), and how sure we are (before the
sigmoid).  The means of the side maps are the yaw's sine and cosine, and whether there is a figure (before the sigmoid).
"""
import torch
import torch.nn.functional as F
from torch import nn

SIZE, GRID, JOINTS, MAPS = 64, 16, 18, 5
CELL = SIZE // GRID
WIDTHS, GROUPS = (32, 64, 128), 8
CONFIG = dict(_class_name="JointNet", size=SIZE, joints=JOINTS, widths=list(WIDTHS), groups=GROUPS)


class Res(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.norm1, self.norm2 = nn.GroupNorm(GROUPS, c, 1e-6), nn.GroupNorm(GROUPS, c, 1e-6)
        self.conv1, self.conv2 = nn.Conv2d(c, c, 3, padding=1), nn.Conv2d(c, c, 3, padding=1)

    def forward(self, x):
        h = self.conv1(F.silu(self.norm1(x)))
        return x + self.conv2(F.silu(self.norm2(h)))


class Attention(nn.Module):
    """four heads over all places"""
    def __init__(self, c):
        super().__init__()
        self.norm = nn.GroupNorm(GROUPS, c, 1e-6)
        self.to_q, self.to_k, self.to_v, self.to_out = (nn.Linear(c, c) for _ in range(4))

    def forward(self, x):
        n, c, h, w = x.shape
        t = self.norm(x).flatten(2).transpose(1, 2)
        q, k, v = (f(t).view(n, h * w, 4, c // 4).transpose(1, 2) for f in (self.to_q, self.to_k, self.to_v))
        y = F.scaled_dot_product_attention(q, k, v).transpose(1, 2).reshape(n, h * w, c)
        return x + self.to_out(y).transpose(1, 2).view(n, c, h, w)


class JointNet(nn.Module):
    def __init__(self, widths=WIDTHS):
        super().__init__()
        a, b, c = widths
        self.conv_in, self.conv_half = nn.Conv2d(4, a, 3, 2, 1), nn.Conv2d(a, b, 3, 2, 1)
        self.fine = Res(b)
        self.down = nn.Conv2d(b, c, 3, 2, 1)
        self.deep = nn.ModuleList([Res(c), Res(c), Res(c)])
        self.attention = Attention(c)
        self.lift = nn.Conv2d(c, b, 1)
        self.last = Res(b)
        self.norm_out, self.conv_out = nn.GroupNorm(GROUPS, b, 1e-6), nn.Conv2d(b, JOINTS * MAPS, 1)
        self.norm_side, self.conv_side = nn.GroupNorm(GROUPS, c, 1e-6), nn.Conv2d(c, 3, 1)

    def forward(self, x):
        x = self.conv_half(F.silu(self.conv_in(x)))
        x = skip = self.fine(x)
        x = self.deep[0](self.down(x))
        x = self.attention(x)
        x = self.deep[2](self.deep[1](x))
        side = self.conv_side(F.silu(self.norm_side(x)))
        x = skip + F.interpolate(self.lift(x), scale_factor=2)
        x = self.last(x)
        return self.conv_out(F.silu(self.norm_out(x))), side


def decode(maps, side):
    """-> xyz [N,18,3] (x and y in pixels of the 64, z too), confidences' logits [N,18], heat [N,18,G*G] logits,
    yaw (sin, cos) [N,2], figure logit [N]"""
    n = len(maps)
    m = maps.float().reshape(n, JOINTS, MAPS, GRID * GRID)
    heat = m[:, :, 0]
    p = heat.softmax(-1)
    at = torch.arange(GRID, dtype=torch.float32) + .5
    gx, gy = at.repeat(GRID), at.repeat_interleave(GRID)
    x = (p * (gx + m[:, :, 1])).sum(-1)
    y = (p * (gy + m[:, :, 2])).sum(-1)
    z, c = (p * m[:, :, 3]).sum(-1), (p * m[:, :, 4]).sum(-1)
    s = side.float().mean((2, 3))
    return torch.stack([x, y, z], -1) * CELL, c, heat, s[:, :2], s[:, 2]
