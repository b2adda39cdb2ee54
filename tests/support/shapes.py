#!/usr/bin/env python3
"""Names and shapes of the networks of Stable Diffusion, counted from their configurations, and files that hold them.

    shapes.py MODEL OUT.safetensors [--naming ldm|diffusers] [--type F16|F32|BF16] [--part NAME]

MODEL is sd15, sd15-inpaint, sd2, sdxl, sdxl-refiner, control-sd15 or control-sdxl at full size; the file has a true header
and zeros behind it that take no disk.  A PART is unet, vae, text_encoder, text_encoder_2 or controlnet; without it all
parts are in the file, prefixed as the naming has it.

Names are those of diffusers and transformers; `spell` turns them into those of LDM and OpenCLIP.  That both are right is
shown by tests/golden/naming/make.py, where diffusers itself has these networks and reads such files."""
import json, math, re, struct, sys


# ---- configurations: what differs between the models ---------------------------------------------------------------

def unet_config(widths=(320, 640, 1280, 1280), depths=(1, 1, 1, 0), layers=2, context=768, inputs=4, vector=0,
                linear=False, mid=None):
    return dict(widths=widths, depths=depths, layers=layers, context=context, inputs=inputs, vector=vector, linear=linear,
                mid=mid if mid is not None else depths[-1] or 1)


def text_config(width=768, layers=12, inner=None, vocabulary=49408, places=77, projection=0):
    return dict(width=width, layers=layers, inner=inner or 4 * width, vocabulary=vocabulary, places=places,
                projection=projection)


VAE = dict(widths=(128, 256, 512, 512), layers=2, latent=4)
SDXL = unet_config((320, 640, 1280), (0, 2, 10), context=2048, vector=2816, linear=True)
CLIP_L = text_config()
CLIP_H = text_config(1024, 23)
CLIP_G = text_config(1280, 32, projection=1280)
MODELS = {
    'sd15': dict(unet=unet_config(), vae=VAE, text_encoder=CLIP_L),
    'sd15-inpaint': dict(unet=unet_config(inputs=9), vae=VAE, text_encoder=CLIP_L),
    'sd2': dict(unet=unet_config(context=1024, linear=True), vae=VAE, text_encoder=CLIP_H),
    'sdxl': dict(unet=SDXL, vae=VAE, text_encoder=CLIP_L, text_encoder_2=CLIP_G),
    'sdxl-refiner': dict(unet=unet_config((384, 768, 1536, 1536), (0, 4, 4, 0), context=1280, vector=2560, linear=True,
                                          mid=4), vae=VAE, text_encoder=CLIP_G),
    'control-sd15': dict(controlnet=unet_config()),
    'control-sdxl': dict(controlnet=SDXL),
}


# ---- names and shapes ----------------------------------------------------------------------------------------------

def conv(name, o, i, k=3):
    yield name + '.weight', (o, i, k, k)
    yield name + '.bias', (o,)


def linear(name, o, i, bias=True):
    yield name + '.weight', (o, i)
    if bias:
        yield name + '.bias', (o,)


def norm(name, c):
    yield name + '.weight', (c,)
    yield name + '.bias', (c,)


def resnet(at, i, o, time=0):
    yield from norm(at + '.norm1', i)
    yield from conv(at + '.conv1', o, i)
    if time:
        yield from linear(at + '.time_emb_proj', o, time)
    yield from norm(at + '.norm2', o)
    yield from conv(at + '.conv2', o, o)
    if i != o:
        yield from conv(at + '.conv_shortcut', o, i, 1)


def transformer(at, c, depth, config):
    project = linear if config['linear'] else lambda *a: conv(*a, 1)
    yield from norm(at + '.norm', c)
    yield from project(at + '.proj_in', c, c)
    for d in range(depth):
        block = f'{at}.transformer_blocks.{d}'
        for attention, context in ('attn1', c), ('attn2', config['context']):
            yield from linear(f'{block}.{attention}.to_q', c, c, False)
            yield from linear(f'{block}.{attention}.to_k', c, context, False)
            yield from linear(f'{block}.{attention}.to_v', c, context, False)
            yield from linear(f'{block}.{attention}.to_out.0', c, c)
        yield from linear(block + '.ff.net.0.proj', 8 * c, c)
        yield from linear(block + '.ff.net.2', c, 4 * c)
        for n in 1, 2, 3:
            yield from norm(f'{block}.norm{n}', c)
    yield from project(at + '.proj_out', c, c)


def encoder(config):
    """The half that UNets and ControlNets share; returns the channels of the skips."""
    c, time = config['widths'][0], 4 * config['widths'][0]
    yield from linear('time_embedding.linear_1', time, c)
    yield from linear('time_embedding.linear_2', time, time)
    if config['vector']:
        yield from linear('add_embedding.linear_1', time, config['vector'])
        yield from linear('add_embedding.linear_2', time, time)
    yield from conv('conv_in', c, config['inputs'])
    skips, last = [c], len(config['widths']) - 1
    for level, (width, depth) in enumerate(zip(config['widths'], config['depths'])):
        for j in range(config['layers']):
            yield from resnet(f'down_blocks.{level}.resnets.{j}', c, width, time)
            if depth:
                yield from transformer(f'down_blocks.{level}.attentions.{j}', width, depth, config)
            c = width
            skips.append(c)
        if level < last:
            yield from conv(f'down_blocks.{level}.downsamplers.0.conv', c, c)
            skips.append(c)
    yield from resnet('mid_block.resnets.0', c, c, time)
    yield from transformer('mid_block.attentions.0', c, config['mid'], config)
    yield from resnet('mid_block.resnets.1', c, c, time)
    return skips


def unet(config):
    skips = yield from encoder(config)
    c, time, last = config['widths'][-1], 4 * config['widths'][0], len(config['widths']) - 1
    for level in range(last + 1):
        width, depth = config['widths'][last - level], config['depths'][last - level]
        for j in range(config['layers'] + 1):
            yield from resnet(f'up_blocks.{level}.resnets.{j}', c + skips.pop(), width, time)
            if depth:
                yield from transformer(f'up_blocks.{level}.attentions.{j}', width, depth, config)
            c = width
        if level < last:
            yield from conv(f'up_blocks.{level}.upsamplers.0.conv', c, c)
    yield from norm('conv_norm_out', c)
    yield from conv('conv_out', 4, c)


def controlnet(config):
    hints = (16, 16, 32, 32, 96, 96, 256)
    skips = yield from encoder(config)
    at = 'controlnet_cond_embedding.'
    yield from conv(at + 'conv_in', hints[0], 3)
    for i in range(6):
        yield from conv(f'{at}blocks.{i}', hints[i + 1], hints[i])
    yield from conv(at + 'conv_out', config['widths'][0], hints[-1])
    for i, c in enumerate(skips):
        yield from conv(f'controlnet_down_blocks.{i}', c, c, 1)
    yield from conv('controlnet_mid_block', config['widths'][-1], config['widths'][-1], 1)


def vae_mid(at, c):
    yield from resnet(at + 'mid_block.resnets.0', c, c)
    yield from norm(at + 'mid_block.attentions.0.group_norm', c)
    for x in 'to_q', 'to_k', 'to_v', 'to_out.0':
        yield from linear(f'{at}mid_block.attentions.0.{x}', c, c)
    yield from resnet(at + 'mid_block.resnets.1', c, c)


def vae(config):
    widths, last = config['widths'], len(config['widths']) - 1
    c = widths[0]
    yield from conv('encoder.conv_in', c, 3)
    for level, width in enumerate(widths):
        for j in range(config['layers']):
            yield from resnet(f'encoder.down_blocks.{level}.resnets.{j}', c, width)
            c = width
        if level < last:
            yield from conv(f'encoder.down_blocks.{level}.downsamplers.0.conv', c, c)
    yield from vae_mid('encoder.', c)
    yield from norm('encoder.conv_norm_out', c)
    yield from conv('encoder.conv_out', 2 * config['latent'], c)
    yield from conv('quant_conv', 2 * config['latent'], 2 * config['latent'], 1)
    yield from conv('post_quant_conv', config['latent'], config['latent'], 1)
    yield from conv('decoder.conv_in', c, config['latent'])
    yield from vae_mid('decoder.', c)
    for level in range(last + 1):
        for j in range(config['layers'] + 1):
            yield from resnet(f'decoder.up_blocks.{level}.resnets.{j}', c, widths[last - level])
            c = widths[last - level]
        if level < last:
            yield from conv(f'decoder.up_blocks.{level}.upsamplers.0.conv', c, c)
    yield from norm('decoder.conv_norm_out', c)
    yield from conv('decoder.conv_out', 3, c)


def text_encoder(config):
    c, at = config['width'], 'text_model.'
    yield at + 'embeddings.token_embedding.weight', (config['vocabulary'], c)
    yield at + 'embeddings.position_embedding.weight', (config['places'], c)
    for i in range(config['layers']):
        layer = f'{at}encoder.layers.{i}.'
        for x in 'q_proj', 'k_proj', 'v_proj', 'out_proj':
            yield from linear(layer + 'self_attn.' + x, c, c)
        yield from norm(layer + 'layer_norm1', c)
        yield from linear(layer + 'mlp.fc1', config['inner'], c)
        yield from linear(layer + 'mlp.fc2', c, config['inner'])
        yield from norm(layer + 'layer_norm2', c)
    yield from norm(at + 'final_layer_norm', c)
    if config['projection']:
        yield 'text_projection.weight', (config['projection'], c)


PARTS = {'unet': unet, 'vae': vae, 'text_encoder': text_encoder, 'text_encoder_2': text_encoder, 'controlnet': controlnet}


# ---- the other spelling --------------------------------------------------------------------------------------------

RESNET = [('norm1', 'in_layers.0'), ('conv1', 'in_layers.2'), ('time_emb_proj', 'emb_layers.1'),
          ('norm2', 'out_layers.0'), ('conv2', 'out_layers.3'), ('conv_shortcut', 'skip_connection')]
ATTENTION = [('group_norm', 'norm'), ('to_q', 'q'), ('to_k', 'k'), ('to_v', 'v'), ('to_out.0', 'proj_out')]
RESBLOCK = [('layer_norm1', 'ln_1'), ('layer_norm2', 'ln_2'), ('mlp.fc1', 'mlp.c_fc'), ('mlp.fc2', 'mlp.c_proj'),
            ('self_attn', 'attn')]


def replaced(name, pairs):
    for a, b in pairs:
        if name.startswith(a + '.'):
            return b + name[len(a):]
    return name


def spell_unet(name, config):
    span = config['layers'] + 1
    head = replaced(name, [('time_embedding.linear_1', 'time_embed.0'), ('time_embedding.linear_2', 'time_embed.2'),
                           ('add_embedding.linear_1', 'label_emb.0.0'), ('add_embedding.linear_2', 'label_emb.0.2'),
                           ('conv_in', 'input_blocks.0.0'), ('conv_norm_out', 'out.0'), ('conv_out', 'out.2'),
                           ('mid_block.attentions.0', 'middle_block.1'),
                           ('controlnet_cond_embedding.conv_in', 'input_hint_block.0'),
                           ('controlnet_cond_embedding.conv_out', 'input_hint_block.14'),
                           ('controlnet_mid_block', 'middle_block_out.0')])
    if head != name:
        return head
    if m := re.match(r'controlnet_cond_embedding\.blocks\.(\d+)(.*)', name):
        return f'input_hint_block.{2 + 2 * int(m[1])}{m[2]}'
    if m := re.match(r'controlnet_down_blocks\.(\d+)(.*)', name):
        return f'zero_convs.{m[1]}.0{m[2]}'
    if m := re.match(r'mid_block\.resnets\.(\d)\.(.*)', name):
        return f'middle_block.{2 * int(m[1])}.' + replaced(m[2], RESNET)
    way, level, kind, place, rest = re.match(r'(down|up)_blocks\.(\d+)\.(\w+)\.(\d+)\.(.*)', name).groups()
    level, place = int(level), int(place)
    at = f'input_blocks.{level * span + place + 1}' if way == 'down' else f'output_blocks.{level * span + place}'
    if kind == 'downsamplers':
        return f'input_blocks.{(level + 1) * span}.0.op' + rest[4:]
    if kind == 'upsamplers':
        attends = config['depths'][len(config['widths']) - 1 - level] > 0
        return f'output_blocks.{level * span + span - 1}.{2 if attends else 1}.' + rest
    return at + ('.0.' + replaced(rest, RESNET) if kind == 'resnets' else '.1.' + rest)


def spell_vae(name, config):
    last = len(config['widths']) - 1
    shortcut = [('conv_shortcut', 'nin_shortcut')]
    if m := re.match(r'(\w+)\.mid_block\.resnets\.(\d)\.(.*)', name):
        return f'{m[1]}.mid.block_{int(m[2]) + 1}.' + replaced(m[3], shortcut)
    if m := re.match(r'(\w+)\.mid_block\.attentions\.0\.(.*)', name):
        return f'{m[1]}.mid.attn_1.' + replaced(m[2], ATTENTION)
    if m := re.match(r'encoder\.down_blocks\.(\d+)\.(\w+)\.(\d+)\.(.*)', name):
        rest = f'block.{m[3]}.' + replaced(m[4], shortcut) if m[2] == 'resnets' else 'downsample.' + m[4]
        return f'encoder.down.{m[1]}.{rest}'
    if m := re.match(r'decoder\.up_blocks\.(\d+)\.(\w+)\.(\d+)\.(.*)', name):
        rest = f'block.{m[3]}.' + replaced(m[4], shortcut) if m[2] == 'resnets' else 'upsample.' + m[4]
        return f'decoder.up.{last - int(m[1])}.{rest}'
    return name.replace('conv_norm_out', 'norm_out')


def spell_openclip(name):
    """The name there, and which third of it this is."""
    if name == 'text_projection.weight':
        return 'text_projection', None
    if m := re.match(r'text_model\.encoder\.layers\.(\d+)\.(.*)', name):
        at = f'transformer.resblocks.{m[1]}.'
        if x := re.match(r'self_attn\.([qkv])_proj\.(\w+)', m[2]):
            return f'{at}attn.in_proj_{x[2]}', 'qkv'.index(x[1])
        return at + replaced(m[2], RESBLOCK), None
    return {'position_embedding.weight': 'positional_embedding', 'token_embedding.weight': 'token_embedding.weight',
            'final_layer_norm.weight': 'ln_final.weight',
            'final_layer_norm.bias': 'ln_final.bias'}[name.split('.', 1)[1].replace('embeddings.', '')], None


def ldm_home(part, parts):
    """Where LDM keeps a part: its prefix, and whether it is a text tower in OpenCLIP's naming."""
    if part == 'text_encoder' and 'text_encoder_2' in parts:
        return 'conditioner.embedders.0.transformer.', False
    if part == 'text_encoder' and parts[part]['width'] == 1280:
        return 'conditioner.embedders.0.model.', True
    if part == 'text_encoder':
        fused = parts[part]['width'] == 1024
        return 'cond_stage_model.' + ('model.' if fused else 'transformer.'), fused
    return {'unet': ('model.diffusion_model.', False), 'controlnet': ('control_model.', False),
            'vae': ('first_stage_model.', False), 'text_encoder_2': ('conditioner.embedders.1.model.', True)}[part]


def spell(part, name, config, fused):
    """A name of diffusers in LDM, and the third of a fused tensor that it is, or None."""
    if part in ('unet', 'controlnet'):
        return spell_unet(name, config), None
    if part == 'vae':
        return spell_vae(name, config), None
    return spell_openclip(name) if fused else (name, None)


def spell_shape(part, name, shape, third):
    if part == 'vae' and '.attn_1.' in name and len(shape) == 2:
        return shape + (1, 1)
    if name == 'text_projection':
        return shape[::-1]
    return shape if third is None else (3 * shape[0],) + shape[1:]


# ---- files ---------------------------------------------------------------------------------------------------------

def tensors(parts, naming, only=None):
    """All tensors of a model as {name: shape}, in that naming; below prefixes unless it is `only` one part."""
    found = {}
    for part, config in parts.items():
        if only not in (None, part):
            continue
        prefix, fused = ldm_home(part, parts) if naming == 'ldm' else (part + '.', False)
        for name, shape in PARTS[part](config):
            third = None
            if naming == 'ldm':
                name, third = spell(part, name, config, fused)
                shape = spell_shape(part, name, shape, third)
            found[(prefix if only is None else '') + name] = shape
    return found


def write_sparse(path, found, dtype='F16'):
    header, at, size = {}, 0, 4 if dtype == 'F32' else 2
    for name, shape in found.items():
        end = at + size * math.prod(shape)
        header[name] = {'dtype': dtype, 'shape': list(shape), 'data_offsets': [at, end]}
        at = end
    text = json.dumps(header).encode()
    text += b' ' * (-len(text) % 8)
    with open(path, 'wb') as f:
        f.write(struct.pack('<Q', len(text)) + text)
        f.truncate(8 + len(text) + at)


def main(words):
    option = {words[i]: words[i + 1] for i in range(2, len(words), 2)}
    found = tensors(MODELS[words[0]], option.get('--naming', 'ldm'), option.get('--part'))
    write_sparse(words[1], found, option.get('--type', 'F16'))


if __name__ == '__main__':
    main(sys.argv[1:])
