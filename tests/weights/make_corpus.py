"""Makes tests/corpus: small files of weights, sound ones in good/ and hostile ones in bad/.

    python3 tests/weights/make_corpus.py        (torch 2.13.0, numpy)

good/EXPECTED says what torch (or the hand that made the file) put in: one line per tensor with the file, the
name, the type, the shape and all numbers.  The sentence that each bad file must earn stands in test_hostile.c.
The files are the same each time, except that torch's legacy format names storages by their addresses.
"""
import collections
import os
import struct

import numpy as np
import torch

from forge import (Member, call, entry, legacy, named, number, pickle, row, safetensors, storage, table, tensor, text,
                   torch_zip, zip_archive)

HERE = os.path.dirname(os.path.abspath(__file__))
CORPUS = os.path.join(HERE, '..', 'corpus')
TYPES = {torch.float32: 'f32', torch.float16: 'f16', torch.bfloat16: 'bf16', torch.float64: 'f64', torch.int64: 'i64',
         torch.int32: 'i32', torch.int16: 'i16', torch.int8: 'i8', torch.uint8: 'u8', torch.bool: 'bool'}
F32 = b''.join(struct.pack('<f', i) for i in range(6))
expected = []


def path(*parts):
    p = os.path.join(CORPUS, *parts)
    os.makedirs(os.path.dirname(p), exist_ok=True)
    return p


def write(data, *parts):
    with open(path(*parts), 'wb') as f:
        f.write(data)


def expect(file, kind, tensors):
    expected.append(f'file {file} {kind}')
    for name, t in tensors:
        shape = '[' + ','.join(str(d) for d in t.shape) + ']'
        numbers = ' '.join(f'{float(x):.9g}' for x in t.detach().to(torch.float64).flatten())
        expected.append(f'{name} {TYPES[t.dtype]} {shape} {numbers}'.rstrip())


def every_type():
    base = torch.tensor([[-2.5, 0.0, 1.5], [3.0, 100.0, 1024.0]])
    t = {f'of.{TYPES[d]}': base.to(d) for d in TYPES if TYPES[d] not in ('u8', 'i8', 'bool')}
    t['of.u8'] = torch.tensor([0, 7, 255], dtype=torch.uint8)
    t['of.i8'] = torch.tensor([-128, 0, 127], dtype=torch.int8)
    t['of.bool'] = torch.tensor([True, False, True])
    t['scalar'] = torch.tensor(4.25)
    t['nothing'] = torch.zeros(0, 3)
    return t


def every_layout():
    base = torch.arange(24, dtype=torch.float32)
    cube = base.reshape(2, 3, 4)
    return {'whole': base, 'tail': base[20:], 'rows': cube[1:], 'turned': cube.permute(2, 0, 1),
            'every.second': base[1::2], 'columns': cube[:, :, 1:3], 'same': torch.tensor(7.0).expand(2, 3),
            'channels.last': torch.arange(16.).reshape(1, 4, 2, 2).contiguous(memory_format=torch.channels_last),
            'halves.turned': torch.arange(6, dtype=torch.float16).reshape(2, 3).t(),
            'single.rows': cube[:, :1]}


def a_module():
    torch.manual_seed(0)
    return torch.nn.Sequential(torch.nn.Conv2d(2, 3, 1), torch.nn.GroupNorm(1, 3), torch.nn.Linear(3, 2))


def a_run(module):
    """What a trainer leaves: the table is one member among many."""
    return {'epoch': 3, 'lr': 0.125, 'note': None, 'ok': True, 'best': np.float64(0.5), 'big': 1 << 70,
            'blob': b'\0\1', 'shape': torch.Size([2, 3]), 'device': torch.device('cpu'), 'type': torch.float32,
            'set': {1, 2}, 'state_dict': module.state_dict(),
            'optimizer_states': [{'state': {0: {'exp_avg': torch.ones(2), 'step': 4}}, 'param_groups': [{'lr': 1e-4}]}],
            'hyper_parameters': {'width': 8, 'names': ['a', 'b'], 'betas': (0.9, 0.999)}}


def save_torch(name, value, kind, tensors, **options):
    torch.save(value, path('good', name), **options)
    expect(name, kind, tensors)


def make_torch():
    t, old = every_type(), {'_use_new_zipfile_serialization': False}
    save_torch('types.pth', t, 'torch zip', t.items())
    save_torch('types_legacy.pth', t, 'torch legacy', t.items(), **old)
    save_torch('types_protocol4.ckpt', t, 'torch zip', t.items(), pickle_protocol=4)
    save_torch('types_legacy_protocol4.bin', t, 'torch legacy', t.items(), pickle_protocol=4, **old)
    t = every_layout()
    save_torch('layouts.pth', t, 'torch zip', t.items())
    save_torch('layouts_legacy.safetensors', t, 'torch legacy', t.items(), **old)  # a name that lies
    m = a_module()
    sd = list(m.state_dict().items())
    save_torch('module.pth', m.state_dict(), 'torch zip', sd)
    save_torch('run.ckpt', a_run(m), 'torch zip', sd)
    save_torch('run_legacy.ckpt', a_run(m), 'torch legacy', sd, **old)
    save_torch('steps.pth', {'global_step': torch.tensor(5), 'model': m.state_dict()}, 'torch zip', sd)
    save_torch('parallel.pth', collections.OrderedDict(('module.' + k, v) for k, v in sd), 'torch zip', sd)
    save_torch('compiled.pth', {'_orig_mod.' + k: v for k, v in sd}, 'torch zip', sd)
    p = torch.nn.Parameter(torch.tensor([1.0, 2.0]), requires_grad=False)
    two = {'model': {'w': p}, 'ema': {'w': p * 2}, 'list': [p * 3, (p * 4,)], 7: {'x': p * 5}}
    save_torch('nested.pth', two, 'torch zip', [('model.w', p), ('ema.w', p * 2), ('list.0', p * 3),
                                                 ('list.1.0', p * 4), ('7.x', p * 5)])
    save_torch('one_tensor.pt', torch.ones(2), 'torch zip', [('tensor', torch.ones(2))])
    save_torch('flat_model.pth', {'model.w': p, 'optim.w': p}, 'torch zip', [('model.w', p), ('optim.w', p)])


def check_by_hand(file, tensors):
    """torch reads the forged file as we say it is."""
    read = torch.load(path('good', file), weights_only=True)
    for name, t in tensors:
        assert torch.equal(read[name], t), (file, name)


def make_by_hand():
    six = torch.arange(6.)
    w = tensor('FloatStorage', '0', 6, 0, [2, 3], [3, 1])
    members = [Member('a/data.pkl', pickle(table([('w', w)])), zip64=True, align=64),
               Member('a/data/0', F32, zip64=True, align=64), Member('a/version', b'3\n', zip64=True)]
    write(zip_archive(members, zip64=True, comment=b'a comment PK\5\6'), 'good', 'zip64.pth')
    expect('zip64.pth', 'torch zip', [('w', six.reshape(2, 3))])
    check_by_hand('zip64.pth', [('w', six.reshape(2, 3))])
    at = 30 + 10 + len(pickle(table([('w', w)])))
    far = {'at': 0xFFFFFFFF, 'extra': struct.pack('<HHHHQ', 9, 0, 1, 8, at)}
    write(zip_archive([Member('a/data.pkl', pickle(table([('w', w)]))), Member('a/data/0', F32, central=far),
                       Member('a/version', b'3\n')]), 'good', 'zip64_offset.pth')
    expect('zip64_offset.pth', 'torch zip', [('w', six.reshape(2, 3))])
    check_by_hand('zip64_offset.pth', [('w', six.reshape(2, 3))])
    view = tensor('FloatStorage', 'k', 6, 1, [2], [1], view=('v', 2, 3))
    both = table([('w', tensor('FloatStorage', 'k', 6, 0, [6], [1], view=())), ('v', view)])
    write(legacy(both, [('k', 6, F32)]), 'good', 'view_legacy.pth')
    expect('view_legacy.pth', 'torch legacy', [('w', six), ('v', six[3:5])])
    check_by_hand('view_legacy.pth', [('w', six), ('v', six[3:5])])
    pairs = b'(](' + text('w') + w + b'\x86e' + b'tR'
    write(torch_zip(named('collections', 'OrderedDict') + pairs, [('0', F32)]), 'good', 'pairs.pth')
    expect('pairs.pth', 'torch zip', [('w', six.reshape(2, 3))])
    check_by_hand('pairs.pth', [('w', six.reshape(2, 3))])
    twice = b'}q\0(' + text('a') + b'}q\1(' + text('w') + w + text('again') + b'h\1' + b'u' + text('b') + b'h\1u'
    write(torch_zip(twice, [('0', F32)]), 'good', 'cycle.pth')
    expect('cycle.pth', 'torch zip', [('a.w', six.reshape(2, 3))])


def numbers_of(t):
    return t.contiguous().view(torch.uint8).numpy().tobytes() if t.numel() else b''


def file_of(tensors, metadata=None, pad=0):
    header, data = {}, b''
    if metadata:
        header['__metadata__'] = metadata
    for name, t in tensors:
        raw = numbers_of(t.reshape(1) if t.dim() == 0 else t)
        dtype = {'bool': 'BOOL'}.get(TYPES[t.dtype], TYPES[t.dtype].upper())
        header[name] = entry(dtype, list(t.shape), len(data), len(data) + len(raw))
        data += raw
    import json
    body = json.dumps(header).encode()
    return safetensors(body + b' ' * (-len(body) % 8 + pad), data)


def make_safetensors():
    wide = sorted(every_type().items(), key=lambda kv: -kv[1].element_size())
    write(file_of(wide, {'format': 'pt', 'config': '{"a": "\u00e9"}'}), 'good', 'types.safetensors')
    expect('types.safetensors', 'safetensors', wide)
    crooked = list(every_type().items())[::-1]
    write(file_of(crooked, pad=1), 'good', 'crooked.safetensors')
    expect('crooked.safetensors', 'safetensors', crooked)
    write(file_of([('w', torch.ones(2))]), 'good', 'really_safetensors.pth')
    expect('really_safetensors.pth', 'safetensors', [('w', torch.ones(2))])
    a, b = [('a', torch.ones(2)), ('c', torch.zeros(1))], [('b', torch.tensor([5.0]))]
    write(file_of(a), 'good', 'shards', 'model-00001-of-00002.safetensors')
    write(file_of(b), 'good', 'shards', 'model-00002-of-00002.safetensors')
    write(b'{"metadata": {"total_size": 16}, "weight_map": {"a": "model-00001-of-00002.safetensors", "b": '
          b'"model-00002-of-00002.safetensors", "c": "model-00001-of-00002.safetensors"}}\n',
          'good', 'shards', 'model.safetensors.index.json')
    expect('shards', 'safetensors shards', a + b)
    for i, (name, t) in enumerate([('a', torch.ones(2)), ('b', torch.tensor([5.0]))]):
        torch.save({name: t}, path('good', 'torch_shards', f'pytorch_model-{i}.bin'))
    write(b'{"weight_map": {"a": "pytorch_model-0.bin", "b": "pytorch_model-1.bin"}}\n', 'good', 'torch_shards',
          'pytorch_model.bin.index.json')
    expect('torch_shards', 'torch shards', [a[0]] + b)
    write(file_of(b), 'good', 'half_folder', 'diffusion_pytorch_model.fp16.safetensors')
    expect('half_folder', 'safetensors', b)
    torch.save({'w': torch.ones(1)}, path('good', 'folder', 'pytorch_model.bin'))
    write(file_of(b), 'good', 'folder', 'diffusion_pytorch_model.safetensors')
    expect('folder', 'safetensors', b)


def make_bad_safetensors():
    def bad(name, *args, **kw):
        write(safetensors(*args, **kw), 'bad', name + '.safetensors')

    f = entry('F32', [2], 0, 8)
    bad('cut_header', {'w': f}, length=4000)
    bad('huge_header', {'w': f}, length=1 << 40)
    bad('endless_header', {'w': f}, length=(1 << 64) - 1)
    write(b'\x10\0\0', 'bad', 'three_bytes.safetensors')
    bad('no_json', b'{"w": ')
    bad('array', b'[1, 2]')
    bad('duplicate', b'{"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},'
                     b'"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}', bytes(8))
    bad('deep', b'{"w":' + b'[' * 5000 + b']' * 5000 + b'}')
    bad('huge_shape', {'w': entry('F32', [1 << 29], 0, 1 << 31)})
    bad('wrong_size', {'w': entry('F32', [3], 0, 8)}, bytes(8))
    bad('overflow', {'w': entry('F32', [1 << 31, 1 << 31, 1 << 31], 0, 8)}, bytes(8))
    bad('overflow_bytes', {'w': entry('F64', [(1 << 61) + 1], 0, 8)}, bytes(8))
    bad('nan_dim', b'{"w":{"dtype":"F32","shape":[NaN],"data_offsets":[0,8]}}', bytes(8))
    bad('float_dim', {'w': entry('F32', [2.0], 0, 8)}, bytes(8))
    bad('negative_dim', {'w': entry('F32', [-2], 0, 8)}, bytes(8))
    bad('huge_number', b'{"w":{"dtype":"F32","shape":[99999999999999999999],"data_offsets":[0,8]}}', bytes(8))
    bad('six_dims', {'w': entry('F32', [1, 1, 1, 1, 1, 2], 0, 8)}, bytes(8))
    bad('no_shape', {'w': {'dtype': 'F32', 'data_offsets': [0, 8]}}, bytes(8))
    bad('no_dtype', {'w': {'shape': [2], 'data_offsets': [0, 8]}}, bytes(8))
    bad('no_offsets', {'w': {'dtype': 'F32', 'shape': [2]}}, bytes(8))
    bad('no_entry', {'w': 5}, bytes(8))
    bad('backwards', {'w': entry('F32', [2], 8, 0)}, bytes(8))
    bad('negative_offset', {'w': entry('F32', [2], -8, 0)}, bytes(8))
    bad('outside', {'w': entry('F32', [2], 4, 12)}, bytes(8))
    bad('overlap', {'a': entry('F32', [2], 0, 8), 'b': entry('F32', [2], 4, 12)}, bytes(12))
    bad('gap', {'a': entry('F32', [1], 0, 4), 'b': entry('F32', [1], 8, 12)}, bytes(12))
    bad('rest', {'w': f}, bytes(12))
    bad('float8', {'w': entry('F8_E4M3', [8], 0, 8)}, bytes(8))
    bad('metadata_number', {'__metadata__': {'a': 1}, 'w': f}, bytes(8))
    bad('metadata_text', {'__metadata__': 'a', 'w': f}, bytes(8))
    bad('long_name', {'w' * 600: f}, bytes(8))
    bad('terminal_name', {'w\u001b[31m': f}, bytes(8))
    bad('no_name', {'': f}, bytes(8))
    bad('not_utf8', b'{"w\xff":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}', bytes(8))


def make_bad_zip():
    w = table([('w', tensor('FloatStorage', '0', 6, 0, [2, 3], [3, 1]))])
    pkl = pickle(w)

    def bad(name, members, **kw):
        write(zip_archive(members, **kw), 'bad', name + '.pth')

    def pair(**kw):
        return [Member('a/data.pkl', pkl), Member('a/data/0', F32, **kw)]

    bad('no_end', pair())
    p = path('bad', 'no_end.pth')
    with open(p, 'rb') as f:
        whole = f.read()
    write(whole[:-30], 'bad', 'no_end.pth')
    write(whole[:-22] + whole[-22:].replace(b'PK', b'PX'), 'bad', 'broken_end.pth')
    write(b'#!/bin/sh\n' + whole, 'bad', 'prefixed.pth')
    write(b'PK\3\4' + bytes(20) + whole, 'bad', 'shifted.pth')
    bad('no_pickle', [Member('a/data/0', F32)])
    bad('two_pickles', [Member('a/data.pkl', pkl), Member('b/data.pkl', pkl)])
    import zlib
    c = zlib.compressobj(9, zlib.DEFLATED, -15)
    bomb = c.compress(bytes(1 << 22)) + c.flush()
    bad('deflated', [Member('a/data.pkl', pkl), Member('a/data/0', bomb, method=8, central={'size': 1 << 22})])
    bad('stored_lie', pair(central={'size': 1 << 22}))
    bad('encrypted', pair(flags=1))
    bad('absolute', [Member('/etc/passwd', b'x')] + pair())
    bad('upwards', [Member('a/../../x', b'x')] + pair())
    bad('backslash', [Member('a\\x', b'x')] + pair())
    bad('nul_name', [Member('a/x\0y', b'x')] + pair())
    bad('empty_name', [Member('', b'x')] + pair())
    bad('names_differ', pair(local={'name': b'a/data/9'}))
    bad('sizes_differ', pair(local={'size': 23}))
    bad('methods_differ', pair(local={'method': 8}))
    bad('outside', pair(central={'at': 1 << 30}))
    bad('into_directory', pair(central={'size': 300, 'packed': 300}, local={'size': 300, 'packed': 300}))
    bad('same_bytes', [Member('a/data.pkl', pkl), Member('a/data/0', F32),
                       Member('a/data/0', F32, local={'at': 30 + 10 + len(pkl)})])
    bad('twice', pair() + [Member('a/data/0', F32)])
    inner = Member('a/data/0', F32)
    from forge import _local
    nested = Member('a/x', _local(inner, 0) + F32)
    at = 30 + 10 + len(pkl) + 30 + 3
    bad('nested', [Member('a/data.pkl', pkl), nested, Member('a/data/0', F32, local={'at': at})])
    bad('count_high', pair(), end={'count': 3})
    bad('count_low', pair(), end={'count': 1})
    bad('count_huge', pair(), end={'count': 60000})
    bad('begin_high', pair(), end={'begin': 1 << 31})
    bad('size_low', pair(), end={'size': 40})
    bad('zip64_locator', pair(), zip64=True, locator=1 << 62)
    bad('zip64_elsewhere', pair(), zip64=True, locator=40)
    bad('zip64_count', pair(), zip64=True, end64={'count': 1 << 60})
    bad('zip64_begin', pair(), zip64=True, end64={'begin': (1 << 64) - 8})
    bad('zip64_contradicts', pair(), zip64=True, end={'count': 7})
    bad('zip64_no_extra', pair(central={'size': 0xFFFFFFFF}))
    bad('zip64_huge', pair(zip64=True, central={'extra': struct.pack('<HHQQQ', 1, 24, 1 << 62, 1 << 62, 100)}))
    bad('big_endian', pair() + [Member('a/byteorder', b'big')])


def make_bad_tensors():
    def bad(name, value, storages=(('0', F32),)):
        write(torch_zip(value, storages), 'bad', name + '.pth')

    def one(*args, **kw):
        return table([('w', tensor(*args, **kw))])

    bad('no_storage', one('FloatStorage', '1', 6, 0, [6], [1]))
    bad('storage_up', one('FloatStorage', '../data.pkl', 6, 0, [6], [1]))
    bad('storage_small', one('FloatStorage', '0', 7, 0, [6], [1]))
    bad('storage_large', one('FloatStorage', '0', 5, 0, [5], [1]))
    bad('storage_type', one('DoubleStorage', '0', 6, 0, [6], [1]))
    bad('storage_huge', one('FloatStorage', '0', (1 << 62) + 6, 0, [6], [1]))
    bad('storage_negative', one('FloatStorage', '0', -6, 0, [6], [1]))
    bad('storage_unknown', one('ComplexFloatStorage', '0', 3, 0, [3], [1]))
    bad('out_of_storage', one('FloatStorage', '0', 6, 0, [7], [1]))
    bad('offset_out', one('FloatStorage', '0', 6, 5, [2], [1]))
    bad('offset_huge', one('FloatStorage', '0', 6, (1 << 63) - 1, [2], [1]))
    bad('offset_negative', one('FloatStorage', '0', 6, -1, [2], [1]))
    bad('offset_big', one('FloatStorage', '0', 6, 1 << 64, [2], [1]))
    bad('stride_out', one('FloatStorage', '0', 6, 0, [2, 3], [4, 1]))
    bad('stride_huge', one('FloatStorage', '0', 6, 0, [2, 3], [1 << 62, 1 << 62]))
    bad('stride_negative', one('FloatStorage', '0', 6, 5, [6], [-1]))
    bad('stride_missing', one('FloatStorage', '0', 6, 0, [2, 3], [1]))
    bad('expanded', one('FloatStorage', '0', 6, 0, [1 << 40], [0]))
    bad('size_huge', one('FloatStorage', '0', 6, 0, [1 << 40, 1 << 40], [0, 0]))
    bad('size_negative', one('FloatStorage', '0', 6, 0, [-1], [1]))
    bad('six_dims', one('FloatStorage', '0', 6, 0, [1] * 6, [1] * 6))
    bad('terminal_name', table([('w\x1b[31m', tensor('FloatStorage', '0', 6, 0, [6], [1]))]))
    bad('duplicate', table([('w', tensor('FloatStorage', '0', 6, 0, [6], [1]))] * 2))
    bad('no_tensors', table([('epoch', number(3))]))
    bad('view_out', one('FloatStorage', '0', 6, 0, [2], [1], view=('v', 3, 4)))
    deep = tensor('FloatStorage', '0', 6, 0, [6], [1])
    for _ in range(20):
        deep = table([('d', deep)])
    bad('deep_dicts', deep)


def make_bad_pickles():
    def bad(name, value, raw=None):
        members = [Member('a/data.pkl', pickle(value) if raw is None else raw), Member('a/data/0', F32)]
        write(zip_archive(members), 'bad', name + '.pth')

    w = tensor('FloatStorage', '0', 6, 0, [6], [1])
    bad('system', call('os', 'system', text('echo inert')))
    bad('system_inside', table([('w', w), ('x', call('posix', 'system', text('echo inert')))]))
    bad('eval', call('builtins', 'eval', text('1+1')))
    bad('getattr', call('builtins', 'getattr', named('os', 'path') + text('join')))
    bad('load_from_bytes', call('torch.storage', '_load_from_bytes', b'C\1x'))
    bad('stack_global', b'\x8c\2os\x8c\6system\x93(' + text('echo inert') + b'tR')
    bad('object', named('argparse', 'Namespace') + b')\x81')
    bad('object_ex', named('argparse', 'Namespace') + b')}\x92')
    bad('old_object', b'(' + named('subprocess', 'Popen') + text('true') + b'o')
    bad('instance', b'(' + text('true') + b'isubprocess\nPopen\n')
    bad('build_global', named('os', 'environ') + b'}b')
    bad('build_text', text('x') + b'}b')
    bad('call_text', text('x') + b')R')
    bad('call_no_tuple', named('collections', 'OrderedDict') + b']R')
    bad('call_result', call('torch', 'device', text('cpu')) + b')R')
    bad('tensor_of_text', call('torch._utils', '_rebuild_tensor_v2', text('x') + number(0) + b'))'))
    bad('tensor_of_two', call('torch._utils', '_rebuild_tensor_v2', number(0) + number(0)))
    bad('parameter_of_text', call('torch._utils', '_rebuild_parameter', text('x')))
    bad('dict_of_text', named('collections', 'OrderedDict') + b'(](' + text('x') + b'etR')
    bad('persistent_text', text('x') + b'Q')
    bad('persistent_module', b'(' + text('module') + named('os', 'system') + text('a') + text('b') + text('c') + b'tQ')
    bad('setitem_on_list', table([('w', w)]) + b']' + text('x') + number(1) + b's')
    bad('append_to_dict', b'}' + number(1) + b'a')
    bad('odd_items', b'}(' + text('x') + b'u')
    bad('empty_stack', b'0')
    bad('no_mark', b't')
    bad('mark_only', b'((((')
    bad('pop_through_mark', number(1) + b'(' + b'\x86')
    bad('recall_nothing', b'h\7')
    bad('memo_far', number(1) + b'r\xff\xff\xff\x7f')
    bad('text_opcode', b'I1\n')
    bad('extension', b'\x82\1')
    bad('protocol', None, raw=b'\x80\x09}.')
    bad('long_text', b'X\xff\xff\xff\x7fabc')
    bad('long_text8', b'\x8d' + b'\xff' * 8 + b'abc')
    bad('long_integer', b'\x8b\xff\xff\xff\xff1')
    bad('no_stop', None, raw=b'\x80\2}')
    bad('nothing_left', None, raw=b'\x80\2.')
    bad('empty_pickle', None, raw=b'')
    bad('nested_tuples', b')' + b'\x85' * 100000)
    bad('nested_lists', b']' * 50000 + b'a' * 49999)
    laughs = b']q\0' + b''.join(b'](' + b'h' + bytes([i]) + b'h' + bytes([i]) + b'eq' + bytes([i + 1]) for i in range(99))
    bad('laughs', laughs)
    bad('self', b']q\0h\0ah\0a')


def make_bad_legacy():
    def bad(name, *args, **kw):
        write(legacy(*args, **kw), 'bad', name + '_legacy.pth')

    w = table([('w', tensor('FloatStorage', 'k', 6, 0, [6], [1], view=()))])
    bad('system', call('os', 'system', text('echo inert')), [])
    bad('no_data', w, [], keys=['k'])
    bad('cut_data', w, [('k', 6, F32[:-1])])
    bad('count', w, [('k', 5, F32)])
    bad('count_negative', w, [('k', -6, F32)])
    bad('unlisted', w, [])
    bad('unused', w, [('k', 6, F32), ('x', 6, F32)])
    bad('listed_twice', w, [('k', 6, F32), ('k', 6, F32)])
    other = tensor('HalfStorage', 'k', 6, 0, [6], [1], view=())
    bad('two_types', table([('w', tensor('FloatStorage', 'k', 6, 0, [6], [1], view=())), ('x', other)]), [('k', 6, F32)])
    bad('view_out', table([('w', tensor('FloatStorage', 'k', 6, 0, [6], [1], view=('v', 4, 3)))]), [('k', 6, F32)])
    bad('big_endian', w, [('k', 6, F32)], facts=table([('little_endian', b'\x89')]))
    write(pickle(table([('w', number(1))])), 'bad', 'plain_pickle.pkl')
    write(legacy(w, [('k', 6, F32)]).replace(b'M\xe9\3.', b'M\xea\3.'), 'bad', 'version_legacy.pth')
    write(legacy(w, [('k', 6, F32)])[:15], 'bad', 'magic_only_legacy.pth')


def make_strangers():
    write(b'\x89PNG\r\n\x1a\n' + bytes(30), 'bad', 'picture.safetensors')
    write(b'\xff\xd8\xff\xe0' + bytes(30), 'bad', 'photo.pth')
    write(b'just some words\n', 'bad', 'words.pth')
    write(b'<!DOCTYPE html><html></html>\n', 'bad', 'page.safetensors')
    write(b'version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n', 'bad', 'pointer.safetensors')
    write(b'GGUF\3\0\0\0' + bytes(40), 'bad', 'other.gguf')
    write(b'\x1f\x8b\x08' + bytes(30), 'bad', 'packed.gz')
    write(b'', 'bad', 'empty.safetensors')
    write(b'{"a": 1}', 'bad', 'no_map.json')
    write(b'{"weight_map": {}}', 'bad', 'empty_map.json')
    write(b'{"weight_map": {"a": "../../etc/passwd"}}', 'bad', 'map_up.json')
    write(b'{"weight_map": {"a": "/etc/passwd"}}', 'bad', 'map_absolute.json')
    write(b'{"weight_map": {"a": 5}}', 'bad', 'map_number.json')
    write(b'{"weight_map": {"a": "map_itself.json"}}', 'bad', 'map_itself.json')
    write(b'{"weight_map": {"a": "not_there.safetensors"}}', 'bad', 'map_nowhere.json')
    write(b'{"weight_map": {"a": ', 'bad', 'map_cut.json')
    write(safetensors({'w': entry('F32', [2], 0, 8)}, bytes(8)), 'bad', 'shards', 'one.safetensors')
    write(b'{"weight_map": {"w": "one.safetensors", "x": "one.safetensors"}}', 'bad', 'shards', 'promise.json')
    write(safetensors({'w': entry('F32', [2], 0, 8)}, bytes(8)), 'bad', 'shards', 'two.safetensors')
    write(b'{"weight_map": {"w": "one.safetensors", "x": "two.safetensors"}}', 'bad', 'shards', 'double.json')
    write(b'nothing', 'bad', 'folder', 'README.txt')
    for name in ('model', 'diffusion_pytorch_model'):
        write(safetensors({'w': entry('F32', [2], 0, 8)}, bytes(8)), 'bad', 'two_files', name + '.safetensors')


def make_seeds():
    """Bare pickles and JSON for the fuzzers, which know no zip."""
    import zipfile
    for name in ('types.pth', 'run.ckpt', 'nested.pth', 'types_protocol4.ckpt', 'cycle.pth'):
        with zipfile.ZipFile(path('good', name)) as z:
            inside = [n for n in z.namelist() if n.endswith('/data.pkl')][0]
            write(z.read(inside), 'pickle', name.replace('.', '_') + '.pkl')
    write(pickle(call('os', 'system', text('echo inert'))), 'pickle', 'system.pkl')
    write(b'{"a": [1, -2.5e3, true, null, "\\u00e9\\n"], "b": {"c": {}}}', 'json', 'mixed.json')
    write(b'[' * 65 + b']' * 65, 'json', 'deep.json')
    write(b'{"a": 1, "a": 2}', 'json', 'twice.json')
    write(b'"\xff"', 'json', 'not_utf8.json')
    write(b'[1] 2', 'json', 'trailing.json')


if __name__ == '__main__':
    make_torch()
    make_by_hand()
    make_safetensors()
    make_bad_safetensors()
    make_bad_zip()
    make_bad_tensors()
    make_bad_pickles()
    make_bad_legacy()
    make_strangers()
    make_seeds()
    write('\n'.join(expected).encode() + b'\n', 'good', 'EXPECTED')
