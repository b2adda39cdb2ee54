"""The pose guiders: the plain one of Moore-AnimateAnyone, the multi-resolution one of AniPortrait, and ours, plain
and shown the frame that is to be refined (training/nets.py).  Those whose checkout is not given are left as they are."""
import argparse
import os
import sys

import torch

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, '..'), os.path.join(HERE, '../../../training')]
import common

HEADS, HEAD = 4, 12     # of the multi-resolution guider's attention; the published ones are 16 and 88


@torch.no_grad()
def plain(checkout):
    common.use_checkout(checkout)
    from src.models.pose_guider import PoseGuider
    config = dict(conditioning_embedding_channels=32, block_out_channels=(16, 32, 96, 256))
    net = common.fill(PoseGuider(**config).eval(), 'pgo.')
    common.write_keys('guider/plain.keys', net)
    x = torch.from_numpy(common.uniform('in.pose', (1, 3, 2, 96, 128))) * 100    # or the biases drown the picture
    out = {}
    for name, part in [('conv_in', net.conv_in)] + [('blocks.%d' % i, b) for i, b in enumerate(net.blocks)]:
        part.register_forward_hook(lambda _, __, got, name=name: out.__setitem__(name, got))
    out['features'] = net(x)
    common.write('guider/plain.safetensors', common.thin(out, ('features',)), dict(config, prefix='pgo.'))


@torch.no_grad()
def multi(checkout):
    common.use_checkout(checkout)
    from src.models import pose_guider
    init = pose_guider.Transformer2DModel.__init__
    wrapped = init.__wrapped__ if hasattr(init, '__wrapped__') else init
    assert wrapped.__defaults__[:2] == (16, 88)
    wrapped.__defaults__ = (HEADS, HEAD) + wrapped.__defaults__[2:]
    net = common.fill(pose_guider.PoseGuider(noise_latent_channels=32), 'pg.')
    common.write_keys('guider/multi.keys', net)
    x = torch.from_numpy(common.uniform('in.pose', (1, 3, 2, 96, 128))) * 20
    ref = torch.zeros(1, 3, 96, 128)
    out = {}

    def run(case):
        for i, level in enumerate(net(x, ref)):
            out['%s.%d' % (case, i)] = level
    start = {k: v.clone() for k, v in net.state_dict().items()}

    def keep(stage):
        def hook(_, __, got):
            if stage not in out:        # each runs again on the reference pose, which goes nowhere
                out[stage] = got
        return hook
    hooks = [getattr(net, n).register_forward_hook(keep('eval.' + n))
             for n in ('conv_layers', 'conv_layers_1', 'cross_attn1', 'conv_layers_4', 'cross_attn4')]
    net.eval()
    run('eval')
    for h in hooks:
        h.remove()
    other = torch.from_numpy(common.uniform('in.other', (1, 3, 96, 128)))
    assert all(torch.equal(a, out['eval.%d' % i]) for i, a in enumerate(net(x, other))), 'the reference pose acts'
    net.train()
    run('batch')
    net.load_state_dict(start)
    for name, b in net.named_buffers():
        if name.endswith(('running_mean', 'running_var')):
            u = torch.from_numpy(common.uniform('pg.' + name, tuple(b.shape)))
            b.copy_(0.1 * u if name.endswith('mean') else 0.5 + 0.25 * u)
            out['w.' + name] = b
    net.eval()
    run('stats')
    common.write('guider/multi.safetensors', common.thin(out, ()),
                 dict(noise_latent_channels=32, num_attention_heads=HEADS, attention_head_dim=HEAD, prefix='pg.'))


@torch.no_grad()
def frames():
    from nets import Frame, PoseGuider
    config = dict(channels=(8, 12, 16, 24), out=32, latent=8)
    net = common.fill(PoseGuider(**config).eval(), 'pgf.')
    common.write_keys('guider/frames.keys', net)
    given = lambda name, shape, gain: torch.from_numpy(common.uniform('in.' + name, shape)) * gain
    x, picture = given('pose', (2, 3, 48, 80), 100), given('frame', (2, 4, 48, 80), 100)
    latent = given('latent', (2, 8, 6, 10), 1)
    out = {'features': net(x, Frame(picture, latent, 1)), 'features.alone': net(x)}
    common.write('guider/frames.safetensors', out, dict(config, prefix='pgf.'))


def main():
    args = argparse.ArgumentParser(description=__doc__)
    args.add_argument('--moore', help='a checkout of Moore-AnimateAnyone')
    args.add_argument('--aniportrait', help='a checkout of AniPortrait')
    args = args.parse_args()
    common.pins()
    torch.set_num_threads(1)
    frames()
    if args.moore:
        plain(args.moore)
    if args.aniportrait:
        multi(args.aniportrait)


if __name__ == '__main__':
    main()
