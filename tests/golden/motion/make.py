"""A denoiser with motion modules on the way up only (training/nets.py, training/motion.py), in the mini shape of unet/,
beside the reference net of unet/mini_bank."""
import os
import sys

import torch

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, '..'), os.path.join(HERE, '../../../training')]
import common
from motion import Motion
from nets import UNET, UNet

MINI = dict(UNET, block_out_channels=[32, 64, 64], cross_attention_dim=40, attention_head_dim=4, down_block_types=['CrossAttnDownBlock2D'] * 3)
FRAMES, SIDE, T = 3, 16, 499


def given(name, shape, gain=1.):
    """torch's clip [1,C,F,h,w] as frames"""
    x = torch.from_numpy(common.uniform('in.' + name, shape)) * gain
    return x[0].transpose(0, 1) if len(shape) == 5 else x


def stages(net, motion, seen):
    def keep(name, module):
        module.register_forward_hook(lambda _, __, got: seen.setdefault(name, []).append(got[0] if isinstance(got, tuple) else got))
    keep('conv_in', net.conv_in)
    for i, b in enumerate(net.down_blocks):
        keep('down.%d' % i, b.downsamplers[0] if hasattr(b, 'downsamplers') else b.attentions[-1])
    keep('mid', net.mid_block.resnets[1])
    for i, b in enumerate(net.up_blocks):
        keep('up.%d' % i, b.upsamplers[0] if hasattr(b, 'upsamplers') else motion.up_blocks[i].motion_modules[-1])
    keep('out', net.conv_out)


@torch.no_grad()
def main():
    common.pins()
    torch.set_num_threads(1)
    reference = common.fill(UNet('reference', MINI).eval(), 'miniref.')
    both = UNet('denoise', MINI).eval()
    motion = Motion(FRAMES, MINI).eval()
    for b, m in zip(both.up_blocks, motion.up_blocks):
        b.motion_modules = m.motion_modules
    common.fill(both, 'upm.')
    common.write_keys('motion/up.keys', both)
    ctx = given('ctx', (1, 1, 40))[0]
    bank = reference(given('reflat', (1, 8, SIDE, SIDE)), torch.zeros(1, dtype=torch.long), ctx)
    seen, t = {}, torch.full((FRAMES,), T)
    stages(both, motion, seen)
    latents, pose = given('lat', (1, 8, FRAMES, SIDE, SIDE), 1.7), given('pose0', (1, 32, FRAMES, SIDE, SIDE), .5)
    both(latents, t, torch.zeros(FRAMES, 40), pose, motion=motion)
    both(latents, t, ctx.expand(FRAMES, -1), pose, bank, FRAMES, motion)
    out = {k: torch.stack([x.transpose(0, 1) for x in v]) for k, v in seen.items()}
    out['out.nocfg'] = out['out'][1:]
    common.write('motion/up.safetensors', common.thin(out, ('out', 'out.nocfg')), dict(MINI, frames=FRAMES, t=T, prefix='upm.'))


if __name__ == '__main__':
    main()
