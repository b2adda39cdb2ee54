"""read_shown.py HOW FILE.png [WIDTH] < what a terminal got

Reads the picture back from escape sequences, by their specifications, and
compares it with the file.  For sixel: colours within a percent or two of each
channel, since sixel has only percents; and exact alpha.
"""
import base64
import io
import re
import sys

from PIL import Image

how, path = sys.argv[1:3]
width = int(sys.argv[3]) if len(sys.argv) > 3 else None
got = sys.stdin.buffer.read()
want = Image.open(path).convert('RGBA')


def kitty():
    """Application Program Commands: ESC _ G keys ; base64 ESC \\"""
    pieces = re.findall(rb'\x1b_G([^;]*);([^\x1b]*)\x1b\\', got)
    assert pieces and all(len(data) <= 4096 for _, data in pieces)
    keys = [dict(k.split(b'=') for k in head.split(b',')) for head, _ in pieces]
    assert keys[0][b'a'] == b'T' and keys[0][b'f'] == b'100', keys[0]
    assert all(k[b'm'] == b'1' for k in keys[:-1]) and keys[-1][b'm'] == b'0'
    assert all(set(k) == {b'm'} for k in keys[1:])
    assert all(len(data) % 4 == 0 for _, data in pieces)
    png = b''.join(base64.b64decode(data, validate=True) for _, data in pieces)
    assert png == open(path, 'rb').read()
    assert (b'c' in keys[0]) == (width is not None)
    return Image.open(io.BytesIO(png)).convert('RGBA')


def sixel():
    """Device Control String: ESC P 0;1 q data ESC \\"""
    body = re.fullmatch(rb'.*\x1bP0;1q([^\x1b]*)\x1b\\\n', got, re.S).group(1).decode('ascii')
    raster = re.match(r'"1;1;(\d+);(\d+)', body)
    size = int(raster.group(1)), int(raster.group(2))
    image, colours = Image.new('RGBA', size), {}
    x = y = colour = 0
    for t in re.finditer(r'#(\d+);2;(\d+);(\d+);(\d+)|#(\d+)|!(\d+)([?-~])|([?-~])|(\$)|(-)',
                         body[raster.end():]):
        if t.group(1):
            colours[int(t.group(1))] = tuple(round(int(t.group(i)) * 2.55) for i in (2, 3, 4))
        elif t.group(5):
            colour = int(t.group(5))
        elif t.group(9):
            x = 0
        elif t.group(10):
            x, y = 0, y + 6
        else:
            bits = ord(t.group(7) or t.group(8)) - 63
            for _ in range(int(t.group(6) or 1)):
                for k in range(6):
                    if bits >> k & 1:
                        assert image.getpixel((x, y + k))[3] == 0, 'a pixel is drawn twice'
                        image.putpixel((x, y + k), colours[colour] + (255,))
                x += 1
    left = re.sub(r'"[\d;]*|#[\d;]*|!\d+|[?-~]|[$-]', '', body)
    assert left == '', left
    return image


def pixels(im):
    return list(zip(*[iter(im.tobytes())] * 4))


def compare(image):
    assert image.size == want.size
    shown, wanted = pixels(image), pixels(want)
    few = len(set(p[:3] for p in wanted if p[3] >= 128)) <= 255
    off = total = 0
    for a, b in zip(shown, wanted):
        assert a[3] == (255 if b[3] >= 128 else 0), (a, b)
        if a[3]:
            off = max(off, *(abs(p - q) for p, q in zip(a[:3], b[:3])))
            total += sum((p - q) ** 2 for p, q in zip(a[:3], b[:3])) / 3
    # 1 % of 255 is 2.55: half of it to each side, and half a step of rounding
    assert off <= 2 or not few, off
    # 255 colours of a small picture: mean error under 8 of 255
    assert total / len(wanted) < 64, total


if how == 'kitty':
    assert pixels(kitty()) == pixels(want)
elif width is None:
    compare(sixel())
else:
    assert sixel().size == (width, want.height * width // want.width)
