"""Bytes by hand: safetensors, zip archives and pickles, sound or not, for make_corpus.py."""
import json
import struct
import zlib

MAGIC = b'\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19.'
VERSION = b'\x80\x02M\xe9\x03.'


def safetensors(header, data=b'', length=None):
    """header: a dict, or the text itself; length: what the file says instead of the truth."""
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack('<Q', len(text) if length is None else length) + text + data


def entry(dtype, shape, begin, end):
    return {'dtype': dtype, 'shape': shape, 'data_offsets': [begin, end]}


class Member:
    """A member of a zip archive.  What is not given is derived; `central` and `local` override fields."""

    def __init__(self, name, data, flags=0, method=0, align=None, zip64=False, central=None, local=None):
        self.name, self.data, self.flags, self.method = name.encode('latin1'), data, flags, method
        self.align, self.zip64 = align, zip64
        self.central, self.local = central or {}, local or {}


def _local(m, at):
    size = len(m.data)
    f = {'name': m.name, 'packed': size, 'size': size, 'method': m.method, 'extra': b''}
    if m.zip64:
        f.update(packed=0xFFFFFFFF, size=0xFFFFFFFF, extra=struct.pack('<HHQQ', 1, 16, size, size))
    if m.align:
        pad = -(at + 30 + len(f['name']) + len(f['extra']) + 4) % m.align
        f['extra'] += struct.pack('<2sH', b'FB', pad) + b'Z' * pad
    f.update(m.local)
    head = struct.pack('<4sHHHHHIIIHH', b'PK\3\4', 20, m.flags, f['method'], 0, 0, zlib.crc32(m.data), f['packed'],
                       f['size'], len(f['name']), len(f['extra']))
    return head + f['name'] + f['extra']


def _central(m, at):
    size = len(m.data)
    f = {'name': m.name, 'packed': size, 'size': size, 'method': m.method, 'at': at, 'extra': b''}
    if m.zip64:
        f.update(packed=0xFFFFFFFF, size=0xFFFFFFFF, at=0xFFFFFFFF,
                 extra=struct.pack('<HHQQQ', 1, 24, size, size, at))
    f.update(m.central)
    head = struct.pack('<4sHHHHHHIIIHHHHHII', b'PK\1\2', 20, 20, m.flags, f['method'], 0, 0, zlib.crc32(m.data),
                       f['packed'], f['size'], len(f['name']), len(f['extra']), 0, 0, 0, 0, f['at'])
    return head + f['name'] + f['extra']


def zip_archive(members, zip64=False, comment=b'', end=None, end64=None, locator=None):
    body, central = b'', b''
    for m in members:
        at = m.local.pop('at', None)
        if at is None:
            at = len(body)
            body += _local(m, at) + m.data
        central += _central(m, at)
    begin = len(body)
    body += central
    f = {'count': len(members), 'size': len(central), 'begin': begin}
    if zip64:
        wide = dict(f)
        wide.update(end64 or {})
        at = len(body)
        body += struct.pack('<4sQHHIIQQQQ', b'PK\6\6', 44, 45, 45, 0, 0, wide['count'], wide['count'], wide['size'],
                            wide['begin'])
        body += struct.pack('<4sIQI', b'PK\6\7', 0, at if locator is None else locator, 1)
        f = {'count': 0xFFFF, 'size': 0xFFFFFFFF, 'begin': 0xFFFFFFFF}
    f.update(end or {})
    return body + struct.pack('<4sHHHHIIH', b'PK\5\6', 0, 0, f['count'], f['count'], f['size'], f['begin'],
                              len(comment)) + comment


# Pickles, opcode by opcode.

def text(s):
    s = s if isinstance(s, bytes) else s.encode()
    return b'X' + struct.pack('<I', len(s)) + s


def number(n):
    if 0 <= n < 256:
        return b'K' + bytes([n])
    return b'\x8a\x09' + n.to_bytes(9, 'little', signed=True) if abs(n) >= 1 << 63 else \
        b'\x8a\x08' + n.to_bytes(8, 'little', signed=True)


def row(ns):
    return b'(' + b''.join(number(n) for n in ns) + b't'


def named(module, name):
    return b'c' + module.encode() + b'\n' + name.encode() + b'\n'


def call(module, name, args):
    """args: the pickled arguments, one after the other."""
    return named(module, name) + b'(' + args + b'tR'


def storage(cls, key, count, view=None):
    """view: (key, from, count) or () in the legacy format, which always has that place; None in zip archives."""
    tail = b'' if view is None else b'N' if view == () else b'(' + text(view[0]) + number(view[1]) + number(view[2]) + b't'
    return b'(' + text('storage') + named('torch', cls) + text(key) + text('cpu') + number(count) + tail + b'tQ'


def tensor(cls, key, count, offset, size, stride, view=None):
    return call('torch._utils', '_rebuild_tensor_v2',
                storage(cls, key, count, view) + number(offset) + row(size) + row(stride) + b'\x89' +
                named('collections', 'OrderedDict') + b')R')


def table(items):
    """items: name -> pickled value."""
    return b'}(' + b''.join(text(k) + v for k, v in items) + b'u'


def pickle(value):
    return b'\x80\x02' + value + b'.'


def torch_zip(value, storages, **options):
    """value: a pickled object; storages: key -> bytes."""
    members = [Member('a/data.pkl', pickle(value)), Member('a/byteorder', b'little'), Member('a/version', b'3\n')]
    members += [Member('a/data/' + k, v, align=64) for k, v in storages]
    return zip_archive(members, **options)


def legacy(value, storages, keys=None, facts=None):
    """storages: (key, count, bytes)."""
    facts = table([('little_endian', b'\x88')]) if facts is None else facts
    names = [s[0] for s in storages] if keys is None else keys
    listed = b'](' + b''.join(text(k) for k in names) + b'e'
    return MAGIC + VERSION + pickle(facts) + pickle(value) + pickle(listed) + \
        b''.join(struct.pack('<q', n) + d for _, n, d in storages)
