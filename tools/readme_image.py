"""The picture of the README: what went in, and the frames that came out.

Usage: readme_image.py PICTURE FOLDER OUT.png      (FOLDER as `make demo` leaves it; needs Pillow)
"""
import sys
from pathlib import Path

from PIL import Image

SCALE, GAP, PAPER = 2, 12, (246, 244, 239, 255)


def main(picture, folder, out):
    frames = [Image.open(p).convert("RGBA") for p in sorted(Path(folder, "frames").glob("*.png"))[:8]]
    frames = [f.resize((f.width * SCALE, f.height * SCALE), Image.NEAREST) for f in frames]
    height = max(f.height for f in frames)
    before = Image.open(picture).convert("RGBA")
    before = before.resize((round(before.width * height / before.height), height), Image.LANCZOS)
    row = [before] + frames
    width = sum(f.width for f in row) + GAP * (len(row) + 2)
    page = Image.new("RGBA", (width, height + 2 * GAP), PAPER)
    x = GAP
    for i, f in enumerate(row):
        page.alpha_composite(f, (x, GAP + height - f.height))
        x += f.width + GAP * (2 if i == 0 else 1)
    page.convert("RGB").save(out, optimize=True)


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    main(*sys.argv[1:])
