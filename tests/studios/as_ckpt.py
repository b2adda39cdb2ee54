"""A safetensors file as torch writes it, below "state_dict" as training programs do: as_ckpt.py IN OUT.  Needs no torch."""
import json
import os
import struct
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'weights'))
from forge import number, table, tensor, torch_zip

STORAGES = {'F16': ('HalfStorage', 2), 'F32': ('FloatStorage', 4), 'F64': ('DoubleStorage', 8), 'I64': ('LongStorage', 8)}


def strides(shape):
    out = []
    for d in reversed(shape):
        out.insert(0, out[0] * after if out else 1)
        after = d
    return out


def main(path, to):
    with open(path, 'rb') as f:
        size = struct.unpack('<Q', f.read(8))[0]
        header, data = json.loads(f.read(size)), f.read()
    header.pop('__metadata__', None)
    tensors, storages = [], []
    for i, (name, t) in enumerate(header.items()):
        (cls, width), (begin, end) = STORAGES[t['dtype']], t['data_offsets']
        tensors.append((name, tensor(cls, str(i), (end - begin) // width, 0, t['shape'], strides(t['shape']))))
        storages.append((str(i), data[begin:end]))
    with open(to, 'wb') as f:
        f.write(torch_zip(table([('global_step', number(5)), ('state_dict', table(tensors))]), storages))


main(*sys.argv[1:])
