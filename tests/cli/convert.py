"""Files for convert.sh, and what must be true of them.

    convert.py make DIR            sd.safetensors, xl.safetensors (LDM's naming), folder/ (that of diffusers), shrunken
    convert.py same A B            the same tensors: names, types, shapes, bytes
    convert.py ours A B MODEL [PART]    B holds A's networks, or the one, under the names of diffusers
    convert.py typed A B TYPE      B has A's tensors, rounded to nearest even
    convert.py says FILE KEY TEXT  in its metadata
"""
import array, json, math, os, struct, sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'support'))
import shapes

VAE = dict(widths=(32, 64), layers=1, latent=4)
MODELS = {
    'sd': dict(unet=shapes.unet_config((32, 64), (1, 0), layers=1, context=32), vae=VAE,
               text_encoder=shapes.text_config(32, 2, vocabulary=50, places=7)),
    'xl': dict(unet=shapes.unet_config((32, 64), (0, 1), layers=1, context=96, vector=112, linear=True), vae=VAE,
               text_encoder=shapes.text_config(32, 1, vocabulary=50, places=7),
               text_encoder_2=shapes.text_config(64, 2, vocabulary=50, places=7, projection=48)),
}


def write(path, tensors, metadata=None):
    """tensors: name -> (dtype, shape, bytes), the widest first in the data."""
    header, at, parts = {'__metadata__': metadata} if metadata else {}, 0, []
    for name, (dtype, shape, data) in sorted(tensors.items(), key=lambda t: t[1][0] != 'I64'):
        header[name] = {'dtype': dtype, 'shape': list(shape), 'data_offsets': [at, at + len(data)]}
        at += len(data)
        parts.append(data)
    text = json.dumps(header).encode()
    text += b' ' * (-len(text) % 8)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, 'wb') as f:
        f.write(struct.pack('<Q', len(text)) + text + b''.join(parts))


def read(path):
    data = open(path, 'rb').read()
    size = struct.unpack_from('<Q', data)[0]
    header = json.loads(data[8:8 + size])
    metadata = header.pop('__metadata__', {})
    return {name: (e['dtype'], tuple(e['shape']), data[8 + size + e['data_offsets'][0]:8 + size + e['data_offsets'][1]])
            for name, e in header.items()}, metadata


def numbers(seed, count):
    """Many different ones, none of them exact in 16 bits."""
    return array.array('f', [math.sin(seed + i * .7) * 2 ** (i % 23 - 16) for i in range(count)]).tobytes()


def ours(tensors, parts, only=None):
    """What the tensors of a file in LDM's naming are in that of diffusers."""
    found = {}
    for part, config in parts.items():
        prefix, fused = shapes.ldm_home(part, parts)
        for name, shape in shapes.PARTS[part](config):
            if only not in (None, part):
                continue
            there, third = shapes.spell(part, name, config, fused)
            dtype, _, data = tensors[prefix + there]
            if third is not None:
                data = data[third * len(data) // 3:(third + 1) * len(data) // 3]
            if there == 'text_projection':
                o, i = shape
                data = b''.join(data[4 * (x * o + y):4 * (x * o + y) + 4] for y in range(o) for x in range(i))
            found[(part + '.' if only is None else '') + name] = dtype, shape, data
    return found


def make(folder):
    for model, parts in MODELS.items():
        tensors = {name: ('F32', shape, numbers(i, math.prod(shape)))
                   for i, (name, shape) in enumerate(shapes.tensors(parts, 'ldm').items())}
        write(f'{folder}/{model}.safetensors', tensors, {'note': 'kept'})
    tensors['whole'] = 'I64', (2,), struct.pack('<qq', 1 << 40, -1)
    write(f'{folder}/mixed.safetensors', tensors)
    plain = read(f'{folder}/xl.safetensors')[0]
    for part in MODELS['xl']:
        name = 'diffusion_pytorch_model' if part in ('unet', 'vae') else 'model'
        write(f'{folder}/folder/{part}/{name}.safetensors', ours(plain, MODELS['xl'], part))
    json.dump({'sample_size': 8}, open(f'{folder}/folder/unet/config.json', 'w'))
    os.makedirs(f'{folder}/folder/scheduler')
    json.dump({'beta_start': 0.5}, open(f'{folder}/folder/scheduler/scheduler_config.json', 'w'))
    json.dump({'unet': ['diffusers', 'UNet2DConditionModel']}, open(f'{folder}/folder/model_index.json', 'w'))


def rounded(data, dtype):
    values = array.array('f', data)
    if dtype == 'F16':
        return struct.pack(f'<{len(values)}e', *values)
    bits = array.array('I', data)
    return array.array('H', [b + 0x7fff + (b >> 16 & 1) >> 16 for b in bits]).tobytes()


def typed(tensors, dtype):
    return {name: t if t[0] != 'F32' else (dtype, t[1], rounded(t[2], dtype)) for name, t in tensors.items()}


def same(got, want):
    assert got.keys() == want.keys(), sorted(got.keys() ^ want.keys())[:5]
    for name in want:
        assert got[name] == want[name], (name, got[name][:2], want[name][:2])


def main(what, *words):
    if what == 'make':
        make(words[0])
    elif what == 'says':
        metadata = read(words[0])[1]
        assert words[2] in metadata[words[1]], metadata
    else:
        a, b = read(words[0])[0], read(words[1])[0]
        same(b, ours(a, MODELS[words[2]], *words[3:]) if what == 'ours' else typed(a, words[2]) if what == 'typed' else a)


main(*sys.argv[1:])
