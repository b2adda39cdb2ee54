"""same_frames.py STRIP.pam FRAMES: the strip is the frames side by side."""
import os
import sys

from PIL import Image

with open(sys.argv[1], 'rb') as f:
    head, pixels = f.read().split(b'ENDHDR\n', 1)
words = head.split()
width, height = int(words[words.index(b'WIDTH') + 1]), int(words[words.index(b'HEIGHT') + 1])
strip = Image.frombytes('RGBA', (width, height), pixels)

at = 0
for name in sorted(os.listdir(sys.argv[2])):
    frame = Image.open(os.path.join(sys.argv[2], name)).convert('RGBA')
    part = strip.crop((at, 0, at + frame.width, frame.height))
    assert part.tobytes() == frame.tobytes(), name
    at += frame.width
assert at == width and at > 0, (at, width)
