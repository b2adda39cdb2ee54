#!/usr/bin/env python3
"""Upscalers of ncnn (NAME.param, NAME.bin), as Real-ESRGAN's and Upscayl's programs have them, as safetensors with the names of
Real-ESRGAN's own files.  Usage: from_ncnn.py NAME.param OUT.safetensors

A .param lists layers as text, a .bin their numbers in the same order: of a convolution a flag, weights of f16 (padded to four
bytes) or f32, a bias of f32; of a PReLU f32.  The convolutions of RRDBNet and SRVGG stand in the order in which they are
computed, so they are named by counting."""
import json
import struct
import sys

F16, F32 = 0x01306b47, 0


def layers(text):
    """(type, {parameter: value}) of each layer that has numbers"""
    lines = text.split('\n')
    if lines[0].strip() != '7767517':
        sys.exit('this is no .param of ncnn')
    for line in lines[2:]:
        words = line.split()
        if words and words[0] in ('Convolution', 'PReLU'):
            yield words[0], dict(w.split('=') for w in words if '=' in w and not w.startswith('-'))


class Bin:
    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, size):
        self.at += size
        if self.at > len(self.data):
            sys.exit('the .bin ends too soon')
        return self.data[self.at - size:self.at]

    def conv(self, p):
        out, count, kernel = int(p['0']), int(p['6']), int(p['1'])
        flag, = struct.unpack('<I', self.take(4))
        if flag not in (F16, F32) or count % (out * kernel * kernel):
            sys.exit('a convolution is packed in a way that is not known: flag %#x' % flag)
        size = 2 if flag == F16 else 4
        weight = self.take((count * size + 3) // 4 * 4)[:count * size]
        shape = [out, count // out // kernel // kernel, kernel, kernel]
        bias = self.take(4 * out) if p.get('5') == '1' else bytes(4 * out)
        return ('F16' if flag == F16 else 'F32', shape, weight), ('F32', [out], bias)


def rrdb_names(count):
    blocks, rest = divmod(count - 6, 15)
    if rest:
        sys.exit('%d convolutions are no RRDBNet' % count)
    body = ['body.%d.rdb%d.conv%d' % (b, r, c) for b in range(blocks) for r in (1, 2, 3) for c in range(1, 6)]
    return ['conv_first'] + body + ['conv_body', 'conv_up1', 'conv_up2', 'conv_hr', 'conv_last']


def tensors(param, numbers):
    listed = list(layers(param))
    convs = [i for i, (kind, _) in enumerate(listed) if kind == 'Convolution']
    is_compact = len(convs) < len(listed)
    names = ['body.%d' % i for i in range(len(listed))] if is_compact else rrdb_names(len(convs))
    out = {}
    for name, (kind, p) in zip(names, listed):
        if kind == 'PReLU':
            out[name + '.weight'] = 'F32', [int(p['0'])], numbers.take(4 * int(p['0']))
        else:
            out[name + '.weight'], out[name + '.bias'] = numbers.conv(p)
    if numbers.at != len(numbers.data):
        sys.exit('the .bin holds more than its .param tells')
    return out


def write(path, named):
    header, at = {}, 0
    for name, (dtype, shape, data) in named.items():
        header[name] = {'dtype': dtype, 'shape': shape, 'data_offsets': [at, at + len(data)]}
        at += len(data)
    text = json.dumps(header).encode()
    text += b' ' * (-len(text) % 8)
    with open(path, 'wb') as f:
        f.write(struct.pack('<Q', len(text)) + text + b''.join(data for _, _, data in named.values()))


def main():
    if len(sys.argv) != 3 or not sys.argv[1].endswith('.param'):
        sys.exit(__doc__)
    with open(sys.argv[1], encoding='utf-8') as f:
        param = f.read()
    with open(sys.argv[1][:-6] + '.bin', 'rb') as f:
        numbers = Bin(f.read())
    write(sys.argv[2], tensors(param, numbers))


if __name__ == '__main__':
    main()
