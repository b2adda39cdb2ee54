"""Pose guiders of each kind from one of ours: python3 guiders.py POSE_GUIDER.safetensors FOLDER

FOLDER/KIND/pose_guider.safetensors: plain sees no frames; blind has the channels for them, all 0; seeing has numbers
there; four has one channel too many, lost has lost its latent_in.
"""
import json
import random
import struct
import sys

LATENT, OUT = 8, 64


def read(path):
    with open(path, 'rb') as f:
        size, = struct.unpack('<Q', f.read(8))
        header, body = json.loads(f.read(size)), f.read()
    header.pop('__metadata__', None)
    return {k: (v['shape'], body[slice(*v['data_offsets'])]) for k, v in header.items()}


def write(path, tensors):
    header, at = {}, 0
    for name, (shape, data) in tensors.items():
        header[name] = {'dtype': 'F16', 'shape': shape, 'data_offsets': [at, at + len(data)]}
        at += len(data)
    text = json.dumps(header).encode()
    text += b' ' * (-len(text) % 8)
    with open(path, 'wb') as f:
        f.write(struct.pack('<Q', len(text)) + text + b''.join(data for _, data in tensors.values()))


def numbers(count, most):
    r = random.Random(count)
    return struct.pack(f'<{count}e', *(r.uniform(-most, most) for _ in range(count)))


def widened(plain, channels, most):
    """the first convolution with more channels, of such numbers"""
    (out, old, *kernel), data = plain['conv_in.weight']
    row, more = len(data) // out, (channels - old) * 9
    rows = [data[i * row:(i + 1) * row] + numbers(more, most) for i in range(out)]
    return plain | {'conv_in.weight': ([out, channels, *kernel], b''.join(rows))}


def latent_in(most):
    return {'latent_in.weight': ([OUT, LATENT, 3, 3], numbers(OUT * LATENT * 9, most)), 'latent_in.bias': ([OUT], numbers(OUT, most))}


tensors = read(sys.argv[1])
(out, channels, *kernel), data = tensors['conv_in.weight']
step = len(data) // (out * channels)
first = b''.join(data[i * channels * step:(i * channels + 3) * step] for i in range(out))
plain = {k: v for k, v in tensors.items() if not k.startswith('latent_in.')} | {'conv_in.weight': ([out, 3, *kernel], first)}
kinds = dict(plain=plain, blind=widened(plain, 7, 0) | latent_in(0), seeing=widened(plain, 7, .5) | latent_in(.5), four=widened(plain, 4, 0),
             lost=widened(plain, 7, 0))
for kind, made in kinds.items():
    write(f'{sys.argv[2]}/{kind}/pose_guider.safetensors', made)
