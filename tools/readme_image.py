"""The picture of the README: what went in, and the rows of the sheet that came out.

Usage: readme_image.py PICTURE FOLDER OUT.png      (FOLDER as `make demo` leaves it; needs Pillow)
"""
import json
import sys
from pathlib import Path

from PIL import Image

GAP, PAPER, MOST = 12, (246, 244, 239, 255), 8


def rows(folder):
    """the frames of each clip, but of mirror images only the first side"""
    sheet = Image.open(Path(folder, "sheet.png")).convert("RGBA")
    data = json.loads(Path(folder, "sheet.json").read_text())
    seen = set()
    for tag in data["meta"]["frameTags"]:
        name = tag["name"].split("_")[0]
        if name in seen:
            continue
        seen.add(name)
        places = [f["frame"] for f in data["frames"][tag["from"]:tag["to"] + 1]][:MOST]
        yield [sheet.crop((p["x"], p["y"], p["x"] + p["w"], p["y"] + p["h"])) for p in places]


def trimmed(clips):
    """all frames by one rectangle, the smallest that holds them"""
    boxes = [f.getbbox() for row in clips for f in row]
    box = (min(b[0] for b in boxes), min(b[1] for b in boxes), max(b[2] for b in boxes), max(b[3] for b in boxes))
    return [[f.crop(box) for f in row] for row in clips]


def main(picture, folder, out):
    clips = trimmed(list(rows(folder)))
    w, h = clips[0][0].size
    before = Image.open(picture).convert("RGBA")
    before = before.crop(before.getbbox())
    wide = before.width + GAP * 3 + max(len(r) for r in clips) * (w + GAP)
    page = Image.new("RGBA", (wide, len(clips) * (h + GAP) + GAP), PAPER)
    page.alpha_composite(before, (GAP, (page.height - before.height) // 2))
    for y, row in enumerate(clips):
        for x, frame in enumerate(row):
            page.alpha_composite(frame, (before.width + GAP * 3 + x * (w + GAP), GAP + y * (h + GAP)))
    page.convert("RGB").quantize(255, dither=Image.Dither.NONE).save(out, optimize=True)


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    main(*sys.argv[1:])
