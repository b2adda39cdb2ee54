"""What every maker of golden files shares: values from names, the writer, the pins.

A weight or an input is generated from its name (README.md, "Values from names"), so a golden file holds
only what the reference computed. Files are written by hand here because the byte order of a file must not
depend on a hash seed: the same maker gives the same file.
"""
import json
import os
import struct
import sys

import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))
DTYPES = {'float32': 'F32', 'float16': 'F16', 'uint8': 'U8', 'int32': 'I32', 'float64': 'F64', 'int64': 'I64'}


def uniform(name, shape):
    """FNV-1a of the name, one murmur3 finaliser per element; float32 in [-1, 1), multiples of 2^-23."""
    h = 0x811C9DC5
    for byte in name.encode():
        h = ((h ^ byte) * 0x01000193) & 0xFFFFFFFF
    n = int(np.prod(shape, dtype=np.int64))
    with np.errstate(over='ignore'):
        x = np.uint32(h) + np.arange(n, dtype=np.uint32) * np.uint32(0x9E3779B9)
        x ^= x >> np.uint32(16)
        x *= np.uint32(0x85EBCA6B)
        x ^= x >> np.uint32(13)
        x *= np.uint32(0xC2B2AE35)
        x ^= x >> np.uint32(16)
    u = (x >> np.uint32(8)).astype(np.float32) / np.float32(1 << 23) - np.float32(1)
    return u.reshape(shape)


def weight(prefix, name, shape):
    """The value rule for a learned tensor; every step in float32."""
    u = uniform(prefix + name, shape)
    if len(shape) >= 2:
        return u / np.sqrt(np.float32(np.prod(shape[1:], dtype=np.int64)))
    if name.endswith('weight') or name == 'scale':
        return np.float32(1) + np.float32(0.1) * u
    return np.float32(0.1) * u


def fill(module, prefix):
    """Gives every parameter of a torch module its value; buffers stay as constructed."""
    import torch
    with torch.no_grad():
        for name, p in module.named_parameters():
            p.copy_(torch.from_numpy(weight(prefix, name, tuple(p.shape))))
    return module.float()


def write_keys(path, module, skip=('num_batches_tracked', 'position_ids')):
    """One line per tensor of the state dict: name, then its dimensions."""
    with open(os.path.join(HERE, path), 'w') as f:
        for name, t in module.state_dict().items():
            if not name.endswith(tuple(skip)):
                f.write(' '.join([name] + [str(d) for d in t.shape]) + '\n')


def array(x):
    if hasattr(x, 'detach'):
        x = x.detach().cpu().contiguous().numpy()
    return np.ascontiguousarray(x)


def thin(tensors, whole, most=4096, few=2048):
    """Of a large stage every s-th element, s prime, and NAME.at = [s, shape...] beside it."""
    out = {}
    for k, v in tensors.items():
        a = array(v)
        out[k] = a
        if a.size > most and k not in whole:
            s = max(7, -(-a.size // few))
            while any(s % d == 0 for d in range(2, int(s ** 0.5) + 1)):
                s += 1
            out[k] = a.reshape(-1)[::s]
            out[k + '.at'] = np.array((s,) + a.shape, np.int32)
    return out


def write(path, tensors, config=None):
    """A .safetensors file, widest element type first so that every tensor lies aligned."""
    arrays = sorted(((k, array(v)) for k, v in tensors.items()), key=lambda kv: -kv[1].dtype.itemsize)
    header = {}
    meta = {'made_by': 'tests/golden/' + os.path.dirname(path) + '/make.py'}
    if config is not None:
        meta['config'] = json.dumps(config, sort_keys=True)
    header['__metadata__'] = meta
    at = 0
    for k, a in arrays:
        header[k] = {'dtype': DTYPES[a.dtype.name], 'shape': list(a.shape), 'data_offsets': [at, at + a.nbytes]}
        at += a.nbytes
    text = json.dumps(header, separators=(',', ':')).encode()
    text += b' ' * (-len(text) % 8)
    with open(os.path.join(HERE, path), 'wb') as f:
        f.write(struct.pack('<Q', len(text)) + text)
        for _, a in arrays:
            f.write(a.tobytes())
    from safetensors.numpy import load_file
    back = load_file(os.path.join(HERE, path))
    for k, a in arrays:
        assert back[k].shape == a.shape and back[k].tobytes() == a.tobytes(), k
        if a.dtype.kind == 'f':
            assert np.isfinite(a).all(), k
    print('%-40s %8d bytes, %d tensors' % (path, os.path.getsize(os.path.join(HERE, path)), len(arrays)))


def write_json(path, value):
    with open(os.path.join(HERE, path), 'w') as f:
        f.write(value if isinstance(value, str) else json.dumps(value, separators=(',', ':')))
        f.write('\n')
    print('%-40s %8d bytes' % (path, os.path.getsize(os.path.join(HERE, path))))


def pins():
    """Prints what made the files."""
    import importlib.metadata as md
    names = ('torch', 'diffusers', 'transformers', 'huggingface_hub', 'numpy', 'pillow', 'opencv-python-headless')
    got = []
    for n in names:
        try:
            got.append('%s %s' % (n, md.version(n)))
        except md.PackageNotFoundError:
            pass
    print('python %s, %s' % (sys.version.split()[0], ', '.join(got)))
    assert np.allclose(uniform('check', (4,)), [-0.80595112, 0.85278487, 0.90636265, -0.83504450], atol=1e-7)


def use_checkout(path):
    """Imports of `src` come from this checkout from now on."""
    for name in [m for m in sys.modules if m == 'src' or m.startswith('src.')]:
        del sys.modules[name]
    sys.path[:] = [p for p in sys.path if not os.path.isdir(os.path.join(p, 'src', 'models'))]
    sys.path.insert(0, path)
