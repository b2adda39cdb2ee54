"""Pixel art from letters: the two sprites are drawn as text, one letter a pixel.

Usage: pixels.py FOLDER      writes pixel-hero.png and tiny-thief.png there
"""
import sys
from pathlib import Path

from PIL import Image

# The left half is drawn and mirrored; then the words below are written over it,
# for nothing that lives is quite symmetric, and light comes from the left.
HERO_COLOURS = {
    "k": "1f1729", "h": "9c5a2e", "H": "d9994a", "j": "5f3022", "s": "f6c79b", "t": "cf8a66",
    "w": "f7f3ea", "e": "2b2a55", "b": "4a86d8", "B": "3a66bd", "C": "6ea2ee", "D": "27407f",
    "r": "cf3f3f", "R": "f07a62", "q": "862840", "y": "f6d35b", "Y": "b98232", "g": "9aa8bb",
    "G": "e2e9f0", "m": "5f6a85", "l": "85532f", "L": "522f27", "n": "b67c44",
}
HERO_HALF = """
.............kk.
............kHHk
.........kkkHHHk
......kkkHHHHhhH
......kHHHHhhhHh
.....kHHHhhhhhhh
.....kHhhhhhhhhh
....kkjhhhhhhhhh
....kHhhhhhjhhhh
....khhhhhjhhhjh
.....kjjhjsjhjsj
......kjhsskesss
......kjjssweses
.......ktsswbsss
........ktsssssj
.........kktttts
.......kkqrrrRRR
......kgGkqqrrrr
.....kgGgmkDqqrr
.....kggmmkBBCCC
.....kkmkkDBBBCC
.....kBDkkDBBBBC
.....kBDkqkDBBBB
.....klnkqklnnny
....kllnkkkLlllY
....ktsskqkBBCBB
.....kkkkqkDBBBD
........kqkkDBDk
.........kklnnk.
.........klnnlk.
........kLllnnk.
........kkkkkkk.
""".split()
HERO_PATCHES = [  # row, column, letters
    (0, 16, "...kk"), (1, 16, "..kHHkk"), (2, 16, "kkHHHHhk"), (3, 16, "HHHHhhhhkk"), (4, 16, "hhHhhhhhjk"),
    (5, 16, "hHhhhhhhhjk"), (6, 16, "Hhhhhhhhjjk"), (7, 16, "hhhhhhhhjjk."), (8, 16, "hhhjhhhhjjk."),
    (9, 16, "hhjhhjhhjjkk"), (10, 24, "hhjk"), (11, 25, "kk"), (12, 16, "sesew"), (12, 11, "we"), (12, 14, "ss"),
    (12, 16, "sss"), (12, 19, "ew"), (13, 11, "wb"), (13, 19, "bw"), (13, 23, "tk"),
    (14, 15, "jjsssstkk"), (15, 16, "ttttkk"), (17, 22, "kgg"), (18, 22, "mmgk"), (19, 16, "CBBDkmmmmk"),
    (20, 16, "BBBDD"), (21, 16, "BBBDD"), (22, 16, "BBDDk"), (25, 16, "BBDDk"), (26, 16, "DBDDk"),
    (28, 17, "klnlkk"), (29, 17, "klnllk"), (30, 17, "klnllLk"),
]

TINY_COLOURS = {
    "k": "17141f", "p": "5b3a78", "P": "8a5fb0", "d": "38234f", "s": "efb98d", "t": "b97a58",
    "w": "fff6e0", "l": "6b4428", "n": "a06c3a", "G": "dfe6ec", "m": "7d8797", "r": "d2483c", "q": "8c2a38", "e": "2a1a30",
}
TINY = """
......kkkkk.....
....kkPPPPpk....
...kpPPPppppk...
..kpPPpppddddk..
..kpPpppdkkssk..
..kpppppkssesk..
..kdpppdktsesk..
...kddpdkttssk..
.kkkkddqrrrrk...
krrqkkprrrqk..kk
.kkkpPPppppkkkGk
..kpppkpPpssmGk.
..kddpkpppssmk..
..kkdkllllnkk...
...kkdpkpppk....
....klkkklnk....
""".split()


def picture(rows, colours):
    image = Image.new("RGBA", (len(rows[0]), len(rows)))
    for y, row in enumerate(rows):
        for x, letter in enumerate(row):
            if letter != ".":
                image.putpixel((x, y), tuple(bytes.fromhex(colours[letter])) + (255,))
    return image


def patched(rows, patches):
    rows = list(rows)
    for y, x, letters in patches:
        rows[y] = rows[y][:x] + letters + rows[y][x + len(letters):]
    return rows


def save(image, path):
    """Indexed, colour 0 see-through: what drawing programs for pixel art write."""
    alpha = image.getchannel("A").point(lambda a: a > 0 and 1)
    flat = image.convert("RGB").quantize(254, dither=Image.Dither.NONE)
    indexed = flat.point(lambda i: i + 1)
    indexed.putpalette([0, 0, 0] + flat.getpalette())
    empty = Image.new("P", image.size)
    empty.putpalette(indexed.getpalette())
    empty.paste(indexed, mask=alpha.point(lambda a: a * 255))
    empty.save(path, transparency=0, optimize=True)


def main(folder):
    hero = patched([half + half[::-1] for half in HERO_HALF], HERO_PATCHES)
    save(picture(hero, HERO_COLOURS), folder / "pixel-hero.png")
    save(picture(TINY, TINY_COLOURS), folder / "tiny-thief.png")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
