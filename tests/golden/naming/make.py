"""Makes *.names: what diffusers makes of the names in files of LDM and OpenCLIP, for shrunken models.

    python tests/golden/naming/make.py      (diffusers 0.24.0, transformers 4.38.2, torch)

A line is: part, the name in the file, its dims, the name in diffusers, and what is done: "-", "squeeze", "transpose", or
"0", "1", "2" for that third of its rows.  Every line was seen in diffusers' own converters at work: the file's tensors
have values of their own, and diffusers' networks, loaded strictly, hold the same ones.  That the names and shapes which
tests/support/shapes.py counts are those of the real classes is checked on the way."""
import os, sys, tempfile

import torch
from diffusers import AutoencoderKL, ControlNetModel, UNet2DConditionModel
from diffusers.pipelines.stable_diffusion import convert_from_ckpt as theirs
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, '..', '..', 'support'), os.path.join(HERE, '..')]
import shapes
from common import uniform

VAE = dict(widths=(32, 64, 64), layers=1, latent=4)
TEXT = shapes.text_config(32, 2, vocabulary=99, places=7)
BIG = shapes.text_config(64, 2, vocabulary=99, places=7, projection=48)
MODELS = {
    'sd': dict(unet=shapes.unet_config((32, 64, 64), (1, 1, 0), context=32), vae=VAE, text_encoder=TEXT),
    'sdxl': dict(unet=shapes.unet_config((32, 64), (0, 2), layers=1, context=96, vector=112, linear=True),
                 text_encoder=TEXT, text_encoder_2=BIG),
    'control': dict(controlnet=shapes.unet_config((32, 64), (1, 0), context=32)),
}


def unet_fields(c):
    attends, depths = [d > 0 for d in c['depths']], [d or 1 for d in c['depths']]
    return dict(in_channels=c['inputs'], block_out_channels=c['widths'], layers_per_block=c['layers'],
                down_block_types=['CrossAttnDownBlock2D' if a else 'DownBlock2D' for a in attends],
                cross_attention_dim=c['context'], transformer_layers_per_block=depths, attention_head_dim=4,
                use_linear_projection=c['linear'], addition_embed_type='text_time' if c['vector'] else None,
                addition_time_embed_dim=16 if c['vector'] else None,
                projection_class_embeddings_input_dim=c['vector'] or None)


def model(part, c):
    """The real class at this size."""
    if part == 'unet':
        ups = ['CrossAttnUpBlock2D' if d else 'UpBlock2D' for d in c['depths'][::-1]]
        return UNet2DConditionModel(up_block_types=ups, **unet_fields(c))
    if part == 'controlnet':
        return ControlNetModel(conditioning_embedding_out_channels=(16, 32, 96, 256), **unet_fields(c))
    if part == 'vae':
        n = len(c['widths'])
        return AutoencoderKL(block_out_channels=c['widths'], layers_per_block=c['layers'], latent_channels=c['latent'],
                             down_block_types=['DownEncoderBlock2D'] * n, up_block_types=['UpDecoderBlock2D'] * n)
    return (CLIPTextModelWithProjection if c['projection'] else CLIPTextModel)(text_fields(c))


def text_fields(c):
    return CLIPTextConfig(vocab_size=c['vocabulary'], hidden_size=c['width'], intermediate_size=c['inner'],
                          num_hidden_layers=c['layers'], num_attention_heads=4, projection_dim=c['projection'] or 32,
                          max_position_embeddings=c['places'])


def converted(part, c, file, prefix, fused):
    """What diffusers makes of the file, by its names."""
    real = model(part, c)
    if part in ('unet', 'controlnet'):
        config = {k: v for k, v in real.config.items() if k != 'num_class_embeds'}
        return theirs.convert_ldm_unet_checkpoint(dict(file), config, controlnet=part == 'controlnet')
    if part == 'vae':
        return theirs.convert_ldm_vae_checkpoint(dict(file), real.config)
    if fused:
        with tempfile.TemporaryDirectory() as folder:
            text_fields(c).save_pretrained(folder)
            return theirs.convert_open_clip_checkpoint(dict(file), folder, prefix, bool(c['projection'])).state_dict()
    real.load_state_dict({k[len(prefix):]: t for k, t in file.items() if k.startswith(prefix)}, strict=True)
    return real.state_dict()


def apply(what, t):
    if what == 'squeeze':
        return t.reshape(t.shape[:2])
    if what == 'transpose':
        return t.T
    return t if what == '-' else t.chunk(3)[int(what)]


def make(name, parts):
    file = {k: torch.from_numpy(uniform(k, s).copy()) for k, s in shapes.tensors(parts, 'ldm').items()}
    lines = []
    for part, c in parts.items():
        prefix, fused = shapes.ldm_home(part, parts)
        names = dict(shapes.PARTS[part](c))
        real = {k: tuple(t.shape) for k, t in model(part, c).state_dict().items() if not k.endswith('position_ids')}
        assert names == real, (part, set(names.items()) ^ set(real.items()))
        got = converted(part, c, file, prefix, fused)
        for ours, shape in names.items():
            there, third = shapes.spell(part, ours, c, fused)
            is_filter = shapes.spell_shape(part, there, shape, third) != shape and part == 'vae'
            what = 'squeeze' if is_filter else 'transpose' if there == 'text_projection' else \
                '-' if third is None else str(third)
            t = file[prefix + there]
            want = apply(what, t)
            assert got[ours].shape[:2] == want.shape[:2] and torch.equal(got[ours].reshape(want.shape), want), ours
            if not ours.endswith('.bias') or third is not None:  # others go with their weights
                lines.append(f'{part} {prefix + there} {",".join(map(str, t.shape))} {ours} {what}')
        assert len(got) - len(names) <= 1, set(got) - set(names)  # position_ids
    with open(os.path.join(HERE, name + '.names'), 'w') as f:
        f.write('\n'.join(lines) + '\n')
    print(name, len(lines), 'names')


for name, parts in MODELS.items():
    make(name, parts)
