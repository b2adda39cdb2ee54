# SPDX-License-Identifier: MIT
"""Texts in pictures go both ways between us and Pillow, and libraries of EXIF if one is here (piexif).  Pillow knows PNG's
chunks, JPEG's segments, WebP's chunks and TIFF's directories.  Usage: read_texts.py SHOW_TEXTS FOLDER"""
import os
import struct
import subprocess
import sys
import zlib

from PIL import Image, PngImagePlugin

SHOW, FOLDER = sys.argv[1:]
DEEP, COMMENT, MAKER, SOFTWARE = 0x8769, 0x9286, 0x927c, 0x0131
TEXTS = ('a cat\nNegative prompt: dogs\nSteps: 8, Seed: 1', 'K\u00f6nigin, \u732b \U0001f98a\nSteps: 3, "x"', 'x')
try:
    import piexif
    import piexif.helper
except ImportError:
    piexif = None


def place(name):
    return os.path.join(FOLDER, name)


def write(name, **pairs):
    subprocess.run([SHOW, 'write', place(name)] + ['%s=%s' % p for p in pairs.items()], check=True)


def read(name, key='parameters'):
    run = subprocess.run([SHOW, 'read', place(name), key], stdout=subprocess.PIPE)
    assert run.returncode in (0, 3), run.returncode
    return run.stdout.decode() if run.returncode == 0 else None


def comment(text, order='be'):
    return b'UNICODE\0' + text.encode('utf-16-' + order)


def others_read_ours():
    for i, text in enumerate(TEXTS):
        pairs = {'parameters': text, 'atelier': '{"prompt":"%s"}' % text[:3], 'Software': 'atelier 1'}
        for end in ('png', 'jpg', 'webp'):
            name = 'ours-%d.%s' % (i, end)
            write(name, **pairs)
            with Image.open(place(name)) as im:
                im.load()
                assert im.size == (6, 5)
                if end == 'png':
                    assert {k: im.info[k] for k in pairs} == pairs
                else:
                    exif = im.getexif()
                    deep = exif.get_ifd(DEEP)
                    assert deep[COMMENT] == comment(text), deep
                    assert deep[MAKER].rstrip(b'\0') == b'atelier\0' + pairs['atelier'].encode()
                    assert exif[SOFTWARE] == 'atelier 1'
            if piexif and end != 'png':
                deep = piexif.load(place(name))['Exif']
                assert piexif.helper.UserComment.load(deep[COMMENT]) == text
            for key, value in pairs.items():
                assert read(name, key) == value, (name, key)
            assert read(name, 'other') is None


def a_jpeg_keeps_what_fits():
    long = 'y' * 40000
    write('long.webp', parameters=long, atelier='{}')
    write('long.png', parameters=long, atelier='{}')
    assert read('long.webp') == read('long.png') == long
    write('long.jpg', parameters=long, atelier='{}', Software='z')
    assert read('long.jpg') is None and read('long.jpg', 'atelier') == '{}' and read('long.jpg', 'Software') == 'z'


def exif_of(value, order='MM', deep=True):
    """A TIFF with one directory that leads to one with a comment; or with the comment itself."""
    b = '>' if order == 'MM' else '<'
    head = order.encode() + struct.pack(b + 'HI', 42, 8)
    if deep:
        first = struct.pack(b + 'HHHIII', 1, DEEP, 4, 1, 26, 0)
        return head + first + struct.pack(b + 'HHHIII', 1, COMMENT, 7, len(value), 44, 0) + value
    return head + struct.pack(b + 'HHHIII', 1, COMMENT, 7, len(value), 26, 0) + value


def strangers():
    """(file name, how it is saved, what it says)"""
    for i, text in enumerate(TEXTS):
        wide = text.encode('utf-16-be'), text.encode('utf-16-le')
        kinds = {
            'be': exif_of(b'UNICODE\0' + wide[0]), 'le': exif_of(b'UNICODE\0' + wide[1], 'II'),
            'mixed': exif_of(b'UNICODE\0' + wide[1]), 'turned': exif_of(b'UNICODE\0' + wide[0], 'II'),
            'mark': exif_of(b'UNICODE\0\xff\xfe' + wide[1]), 'plain': exif_of(b'\0' * 8 + text.encode(), 'II'),
            'bare': exif_of(text.encode() + b'\0' * 4),
        }
        if i == 0:
            kinds['ascii'] = exif_of(b'ASCII\0\0\0' + text.encode())
        for kind, exif in kinds.items():
            for end in ('jpg', 'webp'):
                yield 'theirs-%d-%s.%s' % (i, kind, end), {'exif': b'Exif\0\0' + exif}, text
    yield 'shallow.jpg', {'exif': b'Exif\0\0' + exif_of(comment('x'), deep=False)}, None
    yield 'none.jpg', {}, None
    yield 'none.webp', {}, None


def we_read_others():
    for name, how, text in strangers():
        Image.new('RGB', (6, 5)).save(place(name), **how)
        assert read(name) == text, (name, read(name), text)
        assert read(name, 'atelier') is None
    for i, text in enumerate(TEXTS):
        for zipped in (False, True):
            info = PngImagePlugin.PngInfo()
            info.add_text('other', 'no')
            info.add_text('parameters', text, zip=zipped)
            info.add_itxt('again', text, zip=zipped)
            Image.new('L', (6, 5)).save(place('theirs.png'), pnginfo=info)
            assert read('theirs.png') == read('theirs.png', 'again') == text
    if piexif:
        Image.new('RGB', (6, 5)).save(place('p.jpg'))
        Image.new('RGB', (6, 5)).save(place('p.webp'))
        for end in ('jpg', 'webp'):
            said = {COMMENT: piexif.helper.UserComment.dump(TEXTS[1], encoding='unicode')}
            piexif.insert(piexif.dump({'Exif': said}), place('p.' + end))
            assert read('p.' + end) == TEXTS[1]


def a_packed_text_of_gigabytes_is_none():
    packed = zlib.compress(b'a' * (1 << 22))
    data = b'parameters\0\0' + packed
    chunk = struct.pack('>I', len(data)) + b'zTXt' + data + struct.pack('>I', zlib.crc32(b'zTXt' + data))
    Image.new('L', (6, 5)).save(place('bomb.png'))
    with open(place('bomb.png'), 'rb') as f:
        whole = f.read()
    with open(place('bomb.png'), 'wb') as f:
        f.write(whole[:33] + chunk + whole[33:])
    assert read('bomb.png') is None


others_read_ours()
a_jpeg_keeps_what_fits()
we_read_others()
a_packed_text_of_gigabytes_is_none()
