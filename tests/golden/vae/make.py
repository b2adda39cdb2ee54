"""AutoencoderKL of diffusers, stage by stage: one of the Stable Diffusion shape, one of the small embedded shape."""
import os
import sys

import torch
from diffusers import AutoencoderKL

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..'))
import common

SD = dict(in_channels=3, out_channels=3, latent_channels=4, block_out_channels=(32, 64, 96, 96), layers_per_block=2,
          down_block_types=('DownEncoderBlock2D',) * 4, up_block_types=('UpDecoderBlock2D',) * 4, norm_num_groups=32,
          act_fn='silu', sample_size=128, scaling_factor=0.18215)
F4 = dict(SD, latent_channels=8, block_out_channels=(16, 24, 32), layers_per_block=1, norm_num_groups=8,
          down_block_types=('DownEncoderBlock2D',) * 3, up_block_types=('UpDecoderBlock2D',) * 3, sample_size=64,
          scaling_factor=1.0)


def keep(out, name, module):
    """Keeps what a module returns, first element if it returns several."""
    def hook(_, __, got):
        out[name] = got[0] if isinstance(got, tuple) else got
    return module.register_forward_hook(hook)


def half(out, prefix, part, blocks):
    hooks = [keep(out, prefix + '.conv_in', part.conv_in), keep(out, prefix + '.mid.resnet0', part.mid_block.resnets[0]),
             keep(out, prefix + '.mid.attention', part.mid_block.attentions[0]), keep(out, prefix + '.mid', part.mid_block),
             keep(out, prefix + '.norm_out', part.conv_norm_out), keep(out, prefix + '.conv_out', part.conv_out)]
    name = 'down' if prefix == 'enc' else 'up'
    return hooks + [keep(out, '%s.%s.%d' % (prefix, name, i), b) for i, b in enumerate(blocks)]


@torch.no_grad()
def case(path, prefix, config, height, width):
    torch.manual_seed(0)
    vae = common.fill(AutoencoderKL(**config).eval(), prefix)
    common.write_keys('vae/%s.keys' % path, vae)
    f = 2 ** (len(config['block_out_channels']) - 1)
    x = torch.from_numpy(common.uniform('in.picture', (1, 3, height, width)))
    z = torch.from_numpy(common.uniform('in.latent', (1, config['latent_channels'], height // f, width // f))) * 1.7
    out = {}
    hooks = half(out, 'enc', vae.encoder, vae.encoder.down_blocks)
    dist = vae.encode(x).latent_dist
    out['enc.moments'] = dist.parameters
    out['enc.mean'], out['enc.std'] = dist.mean, dist.std
    noise = torch.randn(dist.mean.shape, generator=torch.Generator().manual_seed(42))
    out['enc.sample.seed42'] = dist.sample(torch.Generator().manual_seed(42))
    assert torch.allclose(out['enc.sample.seed42'], dist.mean + dist.std * noise)
    for h in hooks:
        h.remove()
    keep(out, 'dec.post_quant', vae.post_quant_conv)
    half(out, 'dec', vae.decoder, vae.decoder.up_blocks)
    out['dec.picture'] = vae.decode(z).sample
    out = common.thin(out, ('dec.picture',))
    common.write('vae/%s.safetensors' % path, out, dict(config, prefix=prefix, height=height, width=width))


def main():
    common.pins()
    torch.set_num_threads(1)
    case('sd', 'vae.', SD, 96, 128)
    case('f4', 'vae4.', F4, 64, 64)


if __name__ == '__main__':
    main()
