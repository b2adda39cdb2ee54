"""The UNets stage by stage: reference and denoising nets of Moore-AnimateAnyone, the denoising net of AniPortrait with
its five pose levels, and plain UNets of diffusers."""
import argparse
import os
import sys

import torch
from diffusers import UNet2DConditionModel

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..'))
import common

SD = dict(in_channels=4, out_channels=4, block_out_channels=(32, 64, 96, 96), layers_per_block=2, cross_attention_dim=48,
          attention_head_dim=8, norm_num_groups=32)
MINI = dict(in_channels=8, out_channels=8, block_out_channels=(32, 64, 64), layers_per_block=1, cross_attention_dim=40,
            attention_head_dim=4, norm_num_groups=16)
MOTION = dict(use_motion_module=True, motion_module_resolutions=(1, 2, 4, 8), motion_module_mid_block=True,
              motion_module_decoder_only=False, motion_module_type='Vanilla',
              motion_module_kwargs=dict(num_attention_heads=8, num_transformer_block=1,
                                        attention_block_types=('Temporal_Self', 'Temporal_Self'),
                                        temporal_position_encoding=True, temporal_position_encoding_max_len=32,
                                        temporal_attention_dim_div=1))
EVERY_BLOCK_ATTENDS = lambda d: dict(down_block_types=('CrossAttnDownBlock' + d,) * 3,
                                     up_block_types=('CrossAttnUpBlock' + d,) * 3)
STILL = dict(use_inflated_groupnorm=True, unet_use_cross_frame_attention=False, unet_use_temporal_attention=False)


def value(name, shape, scale=1.0):
    return torch.from_numpy(common.uniform(name, shape)) * scale


def first(got):
    return got.sample if hasattr(got, 'sample') else got[0] if isinstance(got, tuple) else got


def stages(net, out, fine=False):
    """Hooks that keep a net's stages in `out`; `fine` also keeps every resnet, attention and motion module."""
    hooks = []

    def keep(name, module):
        hooks.append(module.register_forward_hook(lambda _, __, got: out.__setitem__(name, first(got))))
    keep('temb', net.time_embedding)
    keep('conv_in', net.conv_in)
    for side in ('down', 'up'):
        for i, block in enumerate(getattr(net, side + '_blocks')):
            keep('%s.%d' % (side, i), block)
    keep('mid', net.mid_block)
    if getattr(net, 'conv_norm_out', None) is not None:
        keep('norm_out', net.conv_norm_out)
    for name, module in net.named_modules():
        parts = name.split('.')
        if fine and len(parts) >= 3 and parts[-2] in ('resnets', 'attentions', 'motion_modules') and '_block' in parts[0]:
            keep(name, module)
    return hooks


class Moore:
    """The classes of one checkout, and nets built from them with values from names."""

    def __init__(self, checkout):
        common.use_checkout(checkout)
        from src.models.mutual_self_attention import ReferenceAttentionControl
        from src.models.unet_2d_condition import UNet2DConditionModel as Net2
        from src.models.unet_3d import UNet3DConditionModel as Net3
        self.control, self.net2, self.net3 = ReferenceAttentionControl, Net2, Net3

    def reference(self, config, prefix='ref.'):
        return common.fill(self.net2(**config).eval(), prefix)

    def denoiser(self, config, prefix='den.'):
        return common.fill(self.net3(**STILL, **config).eval(), prefix)

    def write(self, net, latent, ctx, cfg):
        """Runs the reference net at t = 0 and gives back its writer."""
        writer = self.control(net, do_classifier_free_guidance=cfg, mode='write', batch_size=1, fusion_blocks='full')
        if cfg:
            latent, ctx = latent.repeat(2, 1, 1, 1), torch.cat([torch.zeros_like(ctx), ctx])
        net(latent, torch.tensor(0), encoder_hidden_states=ctx, return_dict=False)
        return writer

    def read(self, net, writer, cfg):
        reader = self.control(net, do_classifier_free_guidance=cfg, mode='read', batch_size=1, fusion_blocks='full')
        reader.update(writer, dtype=torch.float32)      # the default rounds the banks to half


def banks(net, row):
    return {'bank.' + n: m.bank[0][row:row + 1] for n, m in net.named_modules() if hasattr(m, 'bank')}


def reference(moore, h, w):
    net = moore.reference(SD)
    common.write_keys('unet/reference.keys', net, skip=('conv_norm_out.weight', 'conv_norm_out.bias'))
    out = {}
    stages(net, out)
    moore.write(net, value('in.reflat', (1, 4, h, w)), value('in.ctx', (1, 1, 48)), False)
    out.pop('norm_out', None)
    out.update(banks(net, 0))
    common.write('unet/reference_%dx%d.safetensors' % (h, w), common.thin(out, ()), dict(SD, prefix='ref.', t=0))


def denoise(moore, name, h, w, frames, config, poses, keys, t=959, sd=SD, ref='ref.', den='den.', keep_banks=True):
    """Rows [uncond, cond]; `poses` is one tensor or a list of five."""
    full = dict(sd, **config)
    config2 = SD if sd is SD else dict(sd, **EVERY_BLOCK_ATTENDS('2D'))
    lat = value('in.lat', (1, sd['in_channels'], frames, h, w), 1.7)
    reflat = value('in.reflat', (1, sd['in_channels'], h, w))
    ctx = value('in.ctx', (1, 1, sd['cross_attention_dim']))
    two = lambda p: p.repeat(2, 1, 1, 1, 1) if p is not None else None
    source = moore.reference(config2, ref)
    writer = moore.write(source, reflat, ctx, True)
    net = moore.denoiser(full, den)
    common.write_keys('unet/%s.keys' % keys, net)
    moore.read(net, writer, True)
    out = {}
    hooks = stages(net, out, fine=True)
    both = torch.cat([torch.zeros_like(ctx), ctx])
    pose2 = [two(p) for p in poses] if isinstance(poses, list) else two(poses)
    out['out'] = net(two(lat), torch.tensor(t), encoder_hidden_states=both, pose_cond_fea=pose2, return_dict=False)[0]
    for hook in hooks:
        hook.remove()
    kept = banks(source, 1)

    net = moore.denoiser(full, den)
    moore.read(net, moore.write(moore.reference(config2, ref), reflat, ctx, False), False)
    out['out.nocfg'] = net(lat, torch.tensor(t), encoder_hidden_states=ctx, pose_cond_fea=poses, return_dict=False)[0]
    gap = (out['out.nocfg'] - out['out'][1:]).abs().max()
    print('%s: cond row alone differs by %.2g; cond - uncond %.3f of %.3f' % (
        name, gap, (out['out'][1] - out['out'][0]).abs().max(), out['out'].abs().max()))
    thinned = common.thin(out, ('out', 'out.nocfg'), 1536)
    if keep_banks:
        thinned.update(kept)
    common.write('unet/%s.safetensors' % name, thinned, dict(full, prefix=den, t=t, frames=frames))


def plain(name, keys, config, prefix, h, w, tokens, t):
    """A UNet of diffusers alone; many tokens are drawn large, so that the softmax over them is not nearly flat."""
    net = common.fill(UNet2DConditionModel(**config).eval(), prefix)
    common.write_keys('unet/%s.keys' % keys, net)
    out = {}
    stages(net, out, fine=True)
    ctx = value('in.ctx', (1, tokens, config['cross_attention_dim']), 1.0 if tokens == 1 else 4.0)
    lat = value('in.lat', (1, config['in_channels'], h, w), 1.7)
    out['out'] = net(lat, t, encoder_hidden_states=ctx).sample
    common.write('unet/%s.safetensors' % name, common.thin(out, ('out',), 1536), dict(config, prefix=prefix, t=t))


@torch.no_grad()
def main():
    args = argparse.ArgumentParser(description=__doc__)
    args.add_argument('--moore', required=True, help='a checkout of Moore-AnimateAnyone')
    args.add_argument('--aniportrait', required=True, help='a checkout of AniPortrait')
    args = args.parse_args()
    common.pins()
    torch.set_num_threads(1)
    moore = Moore(args.moore)
    reference(moore, 16, 24)
    reference(moore, 12, 16)
    pose = lambda f, h, w, c=32: value('in.pose0', (1, c, f, h, w), 0.5)
    denoise(moore, 'denoise_f1', 12, 16, 1, {}, pose(1, 12, 16), 'denoise')
    denoise(moore, 'denoise_f3_motion', 16, 8, 3, MOTION, pose(3, 16, 8), 'denoise_motion')
    denoise(moore, 'mini_bank', 16, 16, 1, EVERY_BLOCK_ATTENDS('3D'), pose(1, 16, 16), 'mini', t=499, sd=MINI,
            ref='miniref.', den='mini.')
    plain('text', 'denoise', SD, 'text.', 8, 16, 77, 333)
    plain('text_linear', 'text_linear', dict(SD, attention_head_dim=(2, 4, 6, 6), use_linear_projection=True), 'text2.',
          8, 16, 77, 333)
    plain('mini', 'mini', dict(MINI, **EVERY_BLOCK_ATTENDS('2D')), 'mini.', 16, 16, 1, 499)
    levels = [value('in.pose%d' % i, (1, c, 2, h, w), 0.5)
              for i, (c, h, w) in enumerate(((32, 12, 16), (32, 6, 8), (64, 3, 4), (96, 2, 2), (96, 2, 2)))]
    denoise(Moore(args.aniportrait), 'denoise_f2_levels', 12, 16, 2, {}, levels, 'denoise', keep_banks=False)


if __name__ == '__main__':
    main()
