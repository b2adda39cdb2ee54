#!/usr/bin/env python3
"""A full-size Animate Anyone model with random weights, in the published layout (.pth, f32, 9.5 GB), to try the studio
at full size without a download.   usage: fake_sprite_model.py FOLDER   (needs torch)

Names and shapes are those of tests/golden/keys; CLIP's vision tower is ViT-L/14.  A weight is drawn with a spread of
1 / sqrt(inputs), norms are one, biases small, so that numbers neither vanish nor grow."""
import json, os, sys
import torch

KEYS = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'tests', 'golden', 'keys')


def listed(name):
    with open(os.path.join(KEYS, name + '.keys')) as file:
        for line in file:
            key, *dims = line.split()
            yield key, tuple(int(d) for d in dims)


def clip_keys(width=1024, inner=4096, layers=24, patch=14, side=224, out=768):
    v = 'vision_model.'
    yield v + 'embeddings.class_embedding', (width,)
    yield v + 'embeddings.patch_embedding.weight', (width, 3, patch, patch)
    yield v + 'embeddings.position_embedding.weight', (1 + (side // patch) ** 2, width)
    norms = [v + 'pre_layrnorm', v + 'post_layernorm']
    for i in range(layers):
        at = f'{v}encoder.layers.{i}.'
        norms += [at + 'layer_norm1', at + 'layer_norm2']
        for name, o, n in ([('self_attn.%s_proj' % x, width, width) for x in ('q', 'k', 'v', 'out')]
                           + [('mlp.fc1', inner, width), ('mlp.fc2', width, inner)]):
            yield at + name + '.weight', (o, n)
            yield at + name + '.bias', (o,)
    for norm in norms:
        yield norm + '.weight', (width,)
        yield norm + '.bias', (width,)
    yield 'visual_projection.weight', (out, width)


def value(key, shape):
    if key.endswith('num_batches_tracked'):
        return torch.zeros((), dtype=torch.int64)
    if len(shape) >= 2:
        inputs = 1
        for d in shape[1:]:
            inputs *= d
        return torch.randn(shape) / inputs ** .5
    if key.endswith('running_var') or key.endswith('weight') or key.endswith('scale'):
        return torch.ones(shape)
    return torch.randn(shape) * .02


def save(path, keys):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    torch.save({k: value(k, s) for k, s in keys}, path)
    print(path, os.path.getsize(path) >> 20, 'MiB', flush=True)


def main(folder):
    torch.manual_seed(0)
    moving = list(listed('denoising_unet_with_motion'))
    save(f'{folder}/reference_unet.pth', listed('reference_unet'))
    save(f'{folder}/denoising_unet.pth', [k for k in moving if 'motion_modules' not in k[0]])
    save(f'{folder}/motion_module.pth', [k for k in moving if 'motion_modules' in k[0]])
    save(f'{folder}/pose_guider.pth', listed('pose_guider'))
    save(f'{folder}/sd-vae-ft-mse/diffusion_pytorch_model.bin', listed('vae'))
    save(f'{folder}/image_encoder/pytorch_model.bin', clip_keys())
    for part, config in (('sd-vae-ft-mse', {'_class_name': 'AutoencoderKL', 'block_out_channels': [128, 256, 512, 512]}),
                         ('image_encoder', {'_class_name': 'CLIPVisionModelWithProjection', 'projection_dim': 768})):
        with open(f'{folder}/{part}/config.json', 'w') as file:
            json.dump(config, file)


if __name__ == '__main__':
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
