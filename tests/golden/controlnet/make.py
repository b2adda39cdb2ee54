"""ControlNets of diffusers: what they add to each skip, what guess mode and two of them make of it, and what the UNet
makes of that."""
import os
import sys

import torch
from diffusers import ControlNetModel, UNet2DConditionModel

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, '..', 'unet'))
from make import common, value
from make_plain import SMALL, XL, added

HINT = (4, 8, 8, 16)


def control(config, prefix, keys):
    only = {k: v for k, v in config.items() if k not in ('out_channels', 'up_block_types')}
    net = ControlNetModel(**only, conditioning_embedding_out_channels=HINT)
    net = common.fill(net.eval(), prefix)
    if keys:
        common.write_keys('controlnet/%s.keys' % keys, net)
    return net


def residuals(net, lat, t, ctx, hint, scale, guess=False, **more):
    down, mid = net(lat, t, encoder_hidden_states=ctx, controlnet_cond=hint, conditioning_scale=scale, guess_mode=guess,
                    return_dict=False, **more)
    return list(down) + [mid]


def keep(out, name, parts):
    for i, p in enumerate(parts[:-1]):
        out['%s.skip.%d' % (name, i)] = p
    out['%s.mid' % name] = parts[-1]


def case(name, config, prefix, unet_prefix, h, w, t, **more):
    out = {}
    ctx = value('in.ctx', (2, 77, config['cross_attention_dim']), 4)
    lat = value('in.lat', (2, config['in_channels'], h, w), 1.7)
    hint = value('in.hint', (1, 3, 8 * h, 8 * w), 100).repeat(2, 1, 1, 1)
    first = control(config, prefix + 'a.', name)
    out['hint'] = first.controlnet_cond_embedding(hint[:1])
    one = residuals(first, lat, t, ctx, hint, 0.75, **more)
    keep(out, 'one', one)
    if not more:
        cond = slice(1, 2)
        guess = residuals(first, lat[cond], t, ctx[cond], hint[cond], 0.75, True)
        keep(out, 'guess', guess)
        second = residuals(control(config, prefix + 'b.', None), lat, t, ctx, hint, 1.25)
        both = [a + b for a, b in zip(one, second)]
        keep(out, 'both', both)
        zero = [torch.cat([torch.zeros_like(g), g]) for g in guess]
    unet = common.fill(UNet2DConditionModel(**config).eval(), unet_prefix)
    if config is SMALL:  # those of the other are unet/xl.keys
        common.write_keys('controlnet/unet.keys', unet)
    cases = [('one', one)] if more else [('one', one), ('both', both), ('guess', zero)]
    plain = unet(lat, t, encoder_hidden_states=ctx, **more).sample
    for what, parts in cases:
        got = unet(lat, t, encoder_hidden_states=ctx, down_block_additional_residuals=parts[:-1],
                   mid_block_additional_residual=parts[-1], **more).sample
        out['%s.out' % what] = got
        print('%s %s: changes the outcome by %.2g of the largest' % (
            name, what, (got - plain).abs().max() / plain.abs().max()))
    common.write('controlnet/%s.safetensors' % name, common.thin(out, (), 1024), dict(config, prefix=prefix, t=t))


@torch.no_grad()
def main():
    common.pins()
    torch.set_num_threads(1)
    case('small', SMALL, 'control.', 'lcm.', 8, 12, 333)
    case('xl', XL, 'controlxl.', 'xl.', 8, 12, 333, added_cond_kwargs=added())


if __name__ == '__main__':
    main()
