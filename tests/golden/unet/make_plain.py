"""UNets of diffusers as they paint: two rows with words of their own, and what inpainting, SDXL and LCM add."""
import os
import sys

import torch
from diffusers import UNet2DConditionModel

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from make import common, stages, value

SMALL = dict(in_channels=4, out_channels=4, block_out_channels=(32, 64), layers_per_block=1, cross_attention_dim=40,
             attention_head_dim=4, norm_num_groups=16, down_block_types=('CrossAttnDownBlock2D', 'DownBlock2D'),
             up_block_types=('UpBlock2D', 'CrossAttnUpBlock2D'))
XL = dict(in_channels=4, out_channels=4, block_out_channels=(32, 64, 64), layers_per_block=1, cross_attention_dim=48,
          attention_head_dim=(2, 4, 8), norm_num_groups=16, use_linear_projection=True,
          transformer_layers_per_block=(1, 2, 3), addition_embed_type='text_time', addition_time_embed_dim=16,
          projection_class_embeddings_input_dim=40 + 6 * 16,
          down_block_types=('DownBlock2D', 'CrossAttnDownBlock2D', 'CrossAttnDownBlock2D'),
          up_block_types=('CrossAttnUpBlock2D', 'CrossAttnUpBlock2D', 'UpBlock2D'))
SIZES = ((512, 768, 0, 16, 512, 768), (64, 96, 8, 0, 1024, 640))


def added():
    """What SDXL is told besides the words: a pooled vector and six numbers for each row."""
    return dict(text_embeds=value('in.pooled', (2, 40), 4), time_ids=torch.tensor(SIZES, dtype=torch.float32))


def guidance_embedding(w, dim):
    """LatentConsistencyModelPipeline.get_guidance_scale_embedding."""
    from diffusers import LatentConsistencyModelPipeline as Lcm
    return Lcm.get_guidance_scale_embedding(None, torch.tensor([w, w]), embedding_dim=dim)


def case(name, config, prefix, h, w, t, **more):
    net = common.fill(UNet2DConditionModel(**config).eval(), prefix)
    common.write_keys('unet/%s.keys' % name, net)
    out = {}
    stages(net, out, fine=True)
    ctx = value('in.ctx', (2, 77, config['cross_attention_dim']), 4)
    lat = value('in.lat', (2, config['in_channels'], h, w), 1.7)
    out['out'] = net(lat, t, encoder_hidden_states=ctx, **more).sample
    rows = (out['out'][0] - out['out'][1]).abs().max() / out['out'].abs().max()
    print('%s: rows differ by %.2g of the largest' % (name, rows))
    common.write('unet/%s.safetensors' % name, common.thin(out, ('out',), 1024), dict(config, prefix=prefix, t=t))


@torch.no_grad()
def main():
    common.pins()
    torch.set_num_threads(1)
    case('inpaint', dict(SMALL, in_channels=9), 'inpaint.', 8, 12, 333)
    case('lcm', dict(SMALL, time_cond_proj_dim=32), 'lcm.', 8, 12, 499, timestep_cond=guidance_embedding(7.5 - 1, 32))
    case('xl', XL, 'xl.', 8, 12, 333, added_cond_kwargs=added())


if __name__ == '__main__':
    main()
