"""The joint estimator of training/jointnet.py: narrow, stage by stage, on one picture that is not square; and the one of
models/joints on three held-out characters of the generator (painted, in ink, native pixel art)."""
import os
import sys

import numpy as np
import torch

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, '..'), os.path.join(HERE, '../../../training')]
import common
import data
import draw
import evaluate_joints
import poses
from characters import make_char
from jointdata import found, seen_picture
from jointnet import JointNet

CONFIG = dict(widths=[16, 24, 32], groups=8, size=64)
H, W = 90, 75


def picture():
    """any colours and alphas, but with nothing round a box that touches the right edge"""
    rgba = ((common.uniform('in.picture', (H, W, 4)) + 1) * 127.99).astype(np.uint8)
    rgba[:7, :, 3] = rgba[81:, :, 3] = rgba[:, :20, 3] = 0
    return rgba


def characters():
    """the first held-out character of each of three looks, a little turned"""
    seed = data.HELD_OUT
    for look in ('soft', 'ink', 'native'):
        while make_char(seed).look != look:
            seed += 1
        yield data.straight(draw.view(make_char(seed), poses.clip_pose('apose', .5), 30, native=True)[0])


@torch.no_grad()
def shipped():
    net = evaluate_joints.load(os.path.join(HERE, '../../../models/joints'))
    out = {}
    for i, rgba in enumerate(characters()):
        x, views = seen_picture(rgba)
        xyzc, yaw, figure = found(*net(x), views)
        out.update({'picture.%d' % i: rgba, 'xyzc.%d' % i: xyzc.astype(np.float32), 'whole.%d' % i: np.array([yaw, figure], np.float32)})
    common.write('joints/shipped.safetensors', out)


@torch.no_grad()
def tiny():
    net = common.fill(JointNet(CONFIG['widths']).eval(), 'joints.')
    common.write_keys('joints/tiny.keys', net)
    out = {}
    for name in ('fine', 'deep.0', 'attention', 'deep.1', 'deep.2', 'last'):
        net.get_submodule(name).register_forward_hook(lambda _, __, got, name=name: out.__setitem__(name, got))
    rgba = picture()
    x, views = seen_picture(rgba)
    maps, side = net(x)
    xyzc, yaw, figure = found(maps, side, views)
    out = common.thin(out | dict(look=x, maps=maps, side=side), ('side',))
    out.update(picture=rgba, xyzc=xyzc.astype(np.float32), whole=np.array([yaw, figure], np.float32))
    common.write('joints/tiny.safetensors', out, dict(CONFIG, prefix='joints.'))


def main():
    common.pins()
    torch.set_num_threads(1)
    tiny()
    if os.path.exists(os.path.join(HERE, '../../../models/joints')):
        shipped()


if __name__ == '__main__':
    main()
