#!/usr/bin/env python3
"""Runs the commands of docs/guides/sprites.md, and makes its pictures.

    guide.py ATELIER ROOT [--pictures]

Each command of its sh blocks is run, in their order, in an empty folder that has examples/ in it; behind `# makes:`
stand files that must be there then. With --pictures docs/images/guide is drawn anew from what they made.
"""
import os
import re
import shutil
import subprocess
import sys
import tempfile

from PIL import Image

# What is shown, of what was made, how many times as large.
PICTURES = [
    ('knight.gif', 'out/knight/walk.gif', 1),
    ('witch.gif', 'out/witch/walk.gif', 1),
    ('hero.png', 'out/hero/sheet.png', 3),
    ('joints.png', 'out/joints/knight_pose.png', 1),
    ('robot.png', 'out/robot/sheet.png', 2),
]


def commands(guide):
    """Lines of the sh blocks, and what each says it makes."""
    for block in re.findall(r'^```sh\n(.*?)^```', guide, re.S | re.M):
        for line in filter(None, block.split('\n')):
            yield line


def run(line):
    """Why it failed, or None."""
    if line.startswith('# makes: '):
        missing = [f for f in line.split()[2:] if not os.path.exists(f)]
        return 'not made: ' + ' '.join(missing) if missing else None
    if not line.startswith('build/atelier '):
        return 'is no command of ours'
    done = subprocess.run(['bash', '-c', line], stdin=subprocess.DEVNULL, capture_output=True, text=True)
    return done.stderr.strip() if done.returncode else None


def show(pictures):
    os.makedirs(pictures, exist_ok=True)
    for name, made, times in PICTURES:
        if times == 1:
            shutil.copy(made, os.path.join(pictures, name))
        else:
            im = Image.open(made).convert('RGBA')
            im.resize((im.width * times, im.height * times), Image.NEAREST).save(
                os.path.join(pictures, name), optimize=True)


def main():
    atelier, root = map(os.path.abspath, sys.argv[1:3])
    lines = list(commands(open(root + '/docs/guides/sprites.md', encoding='utf-8').read()))
    failed = 0
    with tempfile.TemporaryDirectory() as work:
        os.chdir(work)
        os.symlink(root + '/examples', 'examples')
        os.mkdir('build')
        os.symlink(atelier, 'build/atelier')
        for line in lines:
            why = run(line)
            if why:
                failed += 1
                print(f'FAILED: {line}\n  {why}')
        if '--pictures' in sys.argv and not failed:
            show(root + '/docs/images/guide')
        os.chdir(root)
    print(f'{len(lines)} lines of the guide, {failed} failed')
    return 1 if failed or len(lines) < 10 else 0


if __name__ == '__main__':
    sys.exit(main())
