#!/usr/bin/env python3
"""The pictures and the table of docs/poses.md, by the program itself.

    python3 tools/poses_page.py build/atelier            writes docs/images/poses and the table
    python3 tools/poses_page.py build/atelier --check    fails if anything there is not what the program makes now
"""
import json
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE, IMAGES, CLIPS = ROOT / 'docs/poses.md', ROOT / 'docs/images/poses', ROOT / 'data/poses'
NAMES = 'idle walk run jump attack crouch defend death roll celebrate'.split()
SIDES = {'s': 'from in front', 'se': 'half from the side', 'e': 'from the side'}
COMMAND = 'pose {name} --directions 8 --pitch 10 --size 192x192 -o {out}'
BEGIN, END = '<!-- the table: tools/poses_page.py -->\n', '<!-- end of the table -->\n'
WHAT = {
    'idle': 'breathes, the weight wanders a little',
    'walk': 'contact of the right foot at the first frame, of the left at the middle one',
    'run': 'off the floor before each contact',
    'jump': 'sinks, leaps, tucks, lands and gives way, stands',
    'attack': 'a blow with the right hand from above; drawn back long, struck in a moment, a lunge with the left foot',
    'crouch': 'down to the heels, where it stays; backwards it gets up',
    'defend': 'the left forearm up in front of the head, the weight behind it; it holds',
    'death': 'hit in the chest, the knees give, it falls on its back to its right, bounces and lies',
    'roll': 'forward over hands, head and back, and up again a height further on',
    'celebrate': 'hops with the fists up',
}


def row(name):
    clip = json.loads((CLIPS / (name + '.json')).read_text())
    ms = clip['play']['ms']
    even = max(ms) - min(ms) <= 1
    times = '%d ms each, %g a second' % (ms[0], round(1000 / ms[0], 1)) if even else ', '.join(map(str, ms)) + ' ms'
    pictures = ' '.join('![%s %s](images/poses/%s-%s.gif)' % (name, text, name, side) for side, text in SIDES.items())
    return '| **%s** %s | %d frames, %s; %s | %s |\n' % (
        name, WHAT[name], len(ms), times, 'loops' if clip['loop'] else 'once', pictures)


def table():
    head = '| what it does | frames | from in front, half from the side, from the side |\n|---|---|---|\n'
    return head + ''.join(row(name) for name in NAMES)


def put(path, made, check):
    """The number of files that differ."""
    if check:
        same = path.is_file() and path.read_bytes() == made
        if not same:
            print('%s is not what the program makes; run tools/poses_page.py' % path.relative_to(ROOT))
        return not same
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(made)
    return 0


def main(program, check):
    wrong = 0
    with tempfile.TemporaryDirectory() as folder:
        for name in NAMES:
            words = COMMAND.format(name=name, out=folder + '/' + name).split()
            subprocess.run([program] + words, check=True, stdout=subprocess.DEVNULL)
            for side in SIDES:
                made = Path(folder, name, side, name + '.gif').read_bytes()
                wrong += put(IMAGES / ('%s-%s.gif' % (name, side)), made, check)
    page = PAGE.read_text()
    before, rest = page.split(BEGIN)
    after = rest.split(END)[1]
    wrong += put(PAGE, (before + BEGIN + table() + END + after).encode(), check)
    return wrong


if __name__ == '__main__':
    if len(sys.argv) < 2 or sys.argv[2:] not in ([], ['--check']):
        sys.exit(__doc__)
    sys.exit(1 if main(sys.argv[1], sys.argv[2:] == ['--check']) else 0)
