"""The mender of training/mender.py, stage by stage, narrow: two frames of one reference, on a frame that is not square."""
import os
import sys

import torch

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, '..'), os.path.join(HERE, '../../../training')]
import common
from mender import Mender, crisp, finish

CONFIG = dict(width=[16, 24, 32], tail=8, heads=2, groups=8)
FRAMES, H, W = 2, 40, 64


def picture(name, n, channels):
    return torch.from_numpy(common.uniform(name, (n, channels, H, W)))


@torch.no_grad()
def main():
    common.pins()
    torch.set_num_threads(1)
    net = common.fill(Mender(**CONFIG).eval(), 'mender.')
    common.write_keys('mender/tiny.keys', net)
    out = {}

    def keep(name, module):
        module.register_forward_hook(lambda _, __, got: out.__setitem__(name, got))
    for name, module in (('down.0', net.res0), ('down.1', net.res1), ('mid.0', net.mid_attn0), ('mid.1', net.mid_attn1), ('up.1', net.res2), ('up.0', net.res3)):
        keep(name, module)
    net.mid_attn0.register_forward_pre_hook(lambda _, given: out.__setitem__('bank', given[1][:1]))
    puppet = picture('in.puppet', FRAMES, 5)
    change = net(puppet, picture('in.skeleton', FRAMES, 3), picture('in.reference', 1, 4))
    colour, logit, gate = finish(puppet, change)
    out.update(change=change, mended=torch.cat([colour, crisp(logit), gate.sigmoid()], 1))
    common.write('mender/tiny.safetensors', common.thin(out, ()), dict(CONFIG, prefix='mender.', frames=FRAMES, height=H, width_px=W))


if __name__ == '__main__':
    main()
