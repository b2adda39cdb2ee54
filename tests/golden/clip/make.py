"""CLIP vision with projection of transformers, layer by layer, and the two ways a picture reaches it."""
import os
import sys

import numpy as np
import torch
from PIL import Image
from transformers import CLIPImageProcessor, CLIPVisionConfig, CLIPVisionModelWithProjection

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..'))
import common

SIZE = dict(hidden_size=64, intermediate_size=160, num_hidden_layers=3, num_attention_heads=4, projection_dim=48,
            num_channels=3, hidden_act='quick_gelu', layer_norm_eps=1e-5)


@torch.no_grad()
def case(name, prefix, side, patch):
    config = dict(SIZE, image_size=side, patch_size=patch)
    net = common.fill(CLIPVisionModelWithProjection(CLIPVisionConfig(**config)).eval(), prefix)
    common.write_keys('clip/%s.keys' % name, net)
    picture = ((common.uniform('in.clip.picture', (37, 50, 3)) + 1) * 128).astype(np.uint8)
    picture[10:25, 12:30] = (250, 40, 120)
    image = Image.fromarray(picture, 'RGB')
    processor = CLIPImageProcessor(size={'shortest_edge': side}, crop_size={'height': side, 'width': side})
    squashed = image.resize((side, side))
    out = {'in.picture': picture, 'squashed': np.asarray(squashed)}
    out['pixels'] = processor.preprocess(squashed, return_tensors='pt').pixel_values
    out['cropped'] = np.round(processor.preprocess(image, do_rescale=False, do_normalize=False, return_tensors='np')
                              .pixel_values[0]).astype(np.uint8).transpose(1, 2, 0)
    out['pixels.cropped'] = processor.preprocess(image, return_tensors='pt').pixel_values
    vision = net.vision_model

    def keep(stage, module):
        def hook(_, __, got):
            out[stage] = got[0] if isinstance(got, tuple) else got
        module.register_forward_hook(hook)
    keep('embeddings', vision.embeddings)
    keep('pre_norm', vision.pre_layrnorm)
    for i, layer in enumerate(vision.encoder.layers):
        keep('layer.%d' % i, layer)
    keep('post_norm', vision.post_layernorm)
    out['image_embeds.zeros'] = net(torch.zeros_like(out['pixels'])).image_embeds
    out['image_embeds'] = net(out['pixels']).image_embeds    # the stages are those of this, the last run
    out = common.thin(out, ('in.picture', 'squashed', 'cropped'))
    common.write('clip/%s.safetensors' % name, out, dict(config, prefix=prefix))


def main():
    common.pins()
    torch.set_num_threads(1)
    case('p14', 'clip.', 56, 14)
    case('p8', 'clip8.', 64, 8)


if __name__ == '__main__':
    main()
