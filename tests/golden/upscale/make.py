"""Networks that make pictures larger, written from their papers: RRDBNet (arXiv 1809.00219, 2107.10833) and SRVGG, the
compact network of Real-ESRGAN; and how older files spell RRDBNet's tensors."""
import os
import sys

import torch
from torch import nn
import torch.nn.functional as F

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, '..'))
import common

WIDTH, GROWTH, BLOCKS = 16, 8, 2


def conv(i, o):
    return nn.Conv2d(i, o, 3, 1, 1)


class Dense(nn.Module):
    """Each convolution sees all that were before it."""
    def __init__(self, width, growth):
        super().__init__()
        for k in range(5):
            setattr(self, 'conv%d' % (k + 1), conv(width + k * growth, growth if k < 4 else width))

    def forward(self, x):
        seen = [x]
        for k in range(1, 5):
            seen.append(F.leaky_relu(getattr(self, 'conv%d' % k)(torch.cat(seen, 1)), 0.2))
        return x + 0.2 * self.conv5(torch.cat(seen, 1))


class Block(nn.Module):
    def __init__(self, width, growth):
        super().__init__()
        self.rdb1, self.rdb2, self.rdb3 = (Dense(width, growth) for _ in range(3))

    def forward(self, x):
        return x + 0.2 * self.rdb3(self.rdb2(self.rdb1(x)))


class Rrdb(nn.Module):
    """fold: pixels of a square that come as channels; the network itself makes four times larger."""
    def __init__(self, fold=1):
        super().__init__()
        self.fold = fold
        self.conv_first = conv(3 * fold * fold, WIDTH)
        self.body = nn.Sequential(*(Block(WIDTH, GROWTH) for _ in range(BLOCKS)))
        self.conv_body, self.conv_up1, self.conv_up2, self.conv_hr = (conv(WIDTH, WIDTH) for _ in range(4))
        self.conv_last = conv(WIDTH, 3)

    def forward(self, x, taps):
        x = self.conv_first(F.pixel_unshuffle(x, self.fold))
        taps['first'] = y = x
        for i, block in enumerate(self.body):
            taps['body.%d' % i] = y = block(y)
        taps['trunk'] = x = x + self.conv_body(y)
        for up in (self.conv_up1, self.conv_up2):
            x = F.leaky_relu(up(F.interpolate(x, scale_factor=2, mode='nearest')), 0.2)
        taps['image'] = self.conv_last(F.leaky_relu(self.conv_hr(x), 0.2))


class Compact(nn.Module):
    def __init__(self, convs, scale):
        super().__init__()
        self.scale = scale
        self.body = nn.Sequential(conv(3, WIDTH), nn.PReLU(WIDTH))
        for _ in range(convs):
            self.body.extend((conv(WIDTH, WIDTH), nn.PReLU(WIDTH)))
        self.body.append(conv(WIDTH, 3 * scale * scale))

    def forward(self, x, taps):
        taps['image'] = F.pixel_shuffle(self.body(x), self.scale) + F.interpolate(x, scale_factor=self.scale, mode='nearest')


def first_spelling():
    """ESRGAN's own program, as the modules were called in it: sequences with shortcuts."""
    def named(**parts):
        m = nn.Module()
        for k, v in parts.items():
            m.add_module(k, v)
        return m

    def dense():
        sizes = [(WIDTH + k * GROWTH, GROWTH if k < 4 else WIDTH) for k in range(5)]
        return named(**{'conv%d' % (k + 1): nn.Sequential(conv(*s)) for k, s in enumerate(sizes)})
    blocks = [named(**{'RDB%d' % k: dense() for k in (1, 2, 3)}) for _ in range(BLOCKS)]
    sub = named(sub=nn.Sequential(*blocks, conv(WIDTH, WIDTH)))
    nothing = nn.Identity()
    ups = (nothing, conv(WIDTH, WIDTH), nothing) * 2
    return named(model=nn.Sequential(conv(3, WIDTH), sub, *ups, conv(WIDTH, WIDTH), nothing, conv(WIDTH, 3)))


def second_spelling():
    """The same, cleaned up once, before the names of today."""
    def dense():
        return Dense(WIDTH, GROWTH)
    m = nn.Module()
    m.conv_first = conv(3, WIDTH)
    m.RRDB_trunk = nn.Sequential()
    for i in range(BLOCKS):
        b = nn.Module()
        for k in (1, 2, 3):
            b.add_module('RDB%d' % k, dense())
        m.RRDB_trunk.append(b)
    m.trunk_conv, m.upconv1, m.upconv2, m.HRconv = (conv(WIDTH, WIDTH) for _ in range(4))
    m.conv_last = conv(WIDTH, 3)
    return m


def spelled(path, theirs):
    """Both were written down in the order in which they are computed: so they pair."""
    ours = list(Rrdb().state_dict().items())
    theirs = list(theirs.state_dict().items())
    assert [t.shape for _, t in ours] == [t.shape for _, t in theirs]
    with open(os.path.join(HERE, path), 'w') as f:
        for (a, _), (b, _) in zip(theirs, ours):
            f.write('%s %s\n' % (a, b))


def case(name, net, prefix, shape):
    x = torch.from_numpy((common.uniform('in.' + name, shape) + 1) / 2)
    taps = {}
    with torch.no_grad():
        common.fill(net, prefix)(x, taps)
    common.write_keys('upscale/%s.keys' % name, net)
    common.write('upscale/%s.safetensors' % name, common.thin(taps, ()), {'prefix': prefix, 'shape': list(shape)})


def corpus():
    """The smallest files of each kind, for whoever searches for bytes that break their readers."""
    global WIDTH, GROWTH, BLOCKS
    WIDTH = GROWTH = BLOCKS = 1
    kinds = {'today': Rrdb(), 'fold': Rrdb(2), 'first': first_spelling(), 'second': second_spelling(), 'compact': Compact(1, 2)}
    for name, net in kinds.items():
        common.write('../corpus/upscalers/%s.safetensors' % name, common.fill(net, name).state_dict())


def main():
    common.pins()
    torch.set_num_threads(1)
    case('x4', Rrdb(), 'rr.', (1, 3, 13, 10))
    case('x2', Rrdb(2), 'rx.', (1, 3, 14, 12))
    case('compact4', Compact(3, 4), 'sa.', (1, 3, 9, 11))
    case('compact2', Compact(2, 2), 'sb.', (1, 3, 8, 7))
    spelled('first.names', first_spelling())
    spelled('second.names', second_spelling())
    corpus()


if __name__ == '__main__':
    main()
