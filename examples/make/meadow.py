"""meadow-hiker.jpg: 480 px, a walker in front of hills, trees and flowers, opaque; three quarters to our right.
meadow-hiker-mask.png: the same size, white where the walker is.

Usage: meadow.py FOLDER
"""
import sys
from pathlib import Path

import numpy as np
from PIL import Image

from kit import Canvas, limb, mix, noise, oval, rgb, step

LINE = rgb("3a2630")
SKIN, SKIN_DARK = rgb("f3bf96"), rgb("c98467")
JACKET, JACKET_DARK, JACKET_LIGHT = rgb("cf4b36"), rgb("8f2c36"), rgb("ef8257")
TROUSERS, TROUSERS_DARK = rgb("5d6b45"), rgb("3a4737")
BOOT, BOOT_DARK = rgb("84532f"), rgb("54332a")
PACK, PACK_DARK = rgb("c79a4b"), rgb("8b6136")
HAIR, HAIR_DARK = rgb("4a3428"), rgb("2d2023")
SHIRT, SHIRT_DARK = rgb("f1e6cb"), rgb("c7b294")


class Scene(Canvas):
    def cel(self, mask, base, dark, bright=None, roundness=14, edge=0.25):
        self.paint(self.wider(mask, 1.3), LINE)
        light = self.light(mask, roundness, (0.55, -0.7, 0.5))
        self.paint(mask, base)
        self.paint(mask * step(edge + 0.04, edge - 0.04, light), dark)
        if bright is not None:
            self.paint(mask * step(0.92, 0.96, light), bright)
        return mask


def ridge(c, base, rough, seed, size):
    """The mask below a jagged or rolling line."""
    x, y = c.grid()
    h = noise((4, x.shape[1]), size * c.scale, seed, 5)[0]
    return np.clip((y - (base - rough * (h[None] - 0.5) * 2)) * c.scale + 0.5, 0, 1)


def sky(c):
    x, y = c.grid()
    c.paint(np.ones_like(c.alpha), mix(np.broadcast_to(rgb("4f9fdc"), x.shape + (3,)), rgb("d7eff2"), np.clip(y / 250, 0, 1)))
    cloud = noise(x.shape, 95 * c.scale, 6, 5) * 0.72 + 0.25 * np.exp(-((y - 90) / 60)**2)
    c.paint(step(0.56, 0.62, cloud) * step(240, 150, y), rgb("b9d5e6"))
    c.paint(step(0.58, 0.66, cloud + 0.0006 * (90 - y)) * step(230, 140, y), rgb("fdfaf0"))


def hills(c):
    x, y = c.grid()
    for base, rough, seed, size, colour in ((190, 95, 11, 170, "8fb4cf"), (225, 70, 12, 120, "6f9cb4")):
        m = ridge(c, base, rough, seed, size)
        c.paint(m, mix(np.broadcast_to(rgb(colour), x.shape + (3,)), rgb("cfe3df"), step(150, 300, y)))
    for base, rough, seed, size, near, far in ((268, 26, 13, 130, "5d9468", "82b37a"), (300, 24, 14, 190, "4d8a4c", "79b356")):
        m = ridge(c, base, rough, seed, size)
        blot = noise(x.shape, 20 * c.scale, seed + 5)
        c.paint(m, mix(np.broadcast_to(rgb(far), x.shape + (3,)), rgb(near), step(0.3, 0.7, blot)))


def tree(c, x, y, s, seed, tones):
    c.paint(c.shape(limb([(x, y), (x - s * 0.03, y - s * 0.5)], [s * 0.16, s * 0.1])), rgb("5a4030"))
    rng = np.random.default_rng(seed)
    for tone, shift in zip(tones, (0, -0.05, -0.1)):
        for _ in range(13):
            a, r = rng.uniform(0, 2 * np.pi), rng.uniform(0, 0.34)
            c.paint(c.shape(oval(x + s * (r * np.cos(a) + shift), y - s * (0.78 - shift - r * np.sin(a) * 0.9), s * rng.uniform(0.08, 0.17),
                                 s * rng.uniform(0.07, 0.14))), rgb(tone))


def cottage(c):
    c.paint(c.shape([(330, 268, 1), (392, 268, 1), (392, 306, 1), (330, 306, 1)]), rgb("eadfc6"))
    c.paint(c.shape([(372, 268, 1), (392, 268, 1), (392, 306, 1), (372, 306, 1)]), rgb("c9b698"))
    c.paint(c.shape([(320, 272, 1), (342, 238, 1), (386, 238, 1), (402, 272, 1)]), rgb("a8503c"))
    c.paint(c.shape([(372, 272, 1), (372, 238, 1), (386, 238, 1), (402, 272, 1)]), rgb("7f3b36"))
    c.paint(c.shape([(374, 222, 1), (384, 222, 1), (384, 246, 1), (374, 246, 1)]), rgb("8b6a58"))
    for x in (338, 356, 379):
        c.paint(c.shape([(x, 278, 1), (x + 9, 278, 1), (x + 9, 290, 1), (x, 290, 1)]), rgb("5b6f80"))


def path(c):
    x, y = c.grid()
    road = c.shape([(352, 306, 1), (366, 306, 1), (340, 330), (310, 356), (330, 400), (372, 482, 1), (120, 482, 1), (180, 410), (262, 356), (318, 330)])
    stones = noise(x.shape, 9 * c.scale, 41)
    c.paint(c.blur(road, 1.5), mix(np.broadcast_to(rgb("d9bd8a"), x.shape + (3,)), rgb("a98358"), step(0.45, 0.7, stones)))


def grass(c):
    rng = np.random.default_rng(8)
    tones = [rgb(t) for t in ("3f7a3d", "5f9f45", "8cc154", "2f6538")]
    for y in sorted(rng.uniform(318, 484, 900)):
        x, s = rng.uniform(0, 480), 2 + (y - 310) * 0.075
        if 150 + (y - 400) * -0.9 < x < 330 + (y - 400) * 0.5 and y > 350:
            continue
        line = [(x, y), (x + rng.normal() * s * 0.2, y - s * 0.8), (x + rng.normal() * s * 0.6, y - s * 1.5)]
        c.paint(c.shape(limb(line, [s * 0.28, s * 0.2, 0.3])), tones[rng.integers(4)])
    colours = [rgb(t) for t in ("f4e04d", "f7f2ea", "e46a8c", "9a6bd0", "e8543f")]
    for y in sorted(rng.uniform(330, 478, 120)):
        x, s = rng.uniform(0, 480), 1.2 + (y - 320) * 0.018
        if 170 < x < 340 and y > 360:
            continue
        c.paint(c.shape(oval(x, y, s, s * 0.8)), colours[rng.integers(5)])
        c.paint(c.shape(oval(x, y, s * 0.35, s * 0.3)), rgb("c98a2a"))


def fence(c):
    for i, x in enumerate((12, 62, 112, 150)):
        y = 366 - i * 9
        c.paint(c.shape([(x - 5, y - 44 + i * 4, 1), (x + 4, y - 47 + i * 4, 1), (x + 5, y + 8, 1), (x - 5, y + 8, 1)]), rgb("8a6a4c"))
        c.paint(c.shape([(x + 1, y - 46 + i * 4, 1), (x + 4, y - 47 + i * 4, 1), (x + 5, y + 8, 1), (x + 1, y + 8, 1)]), rgb("5f4636"))
    for dy in (0, 18):
        c.paint(c.shape(limb([(-4, 338 + dy), (156, 306 + dy)], [7, 5])), rgb("9c7a57"))


def boot(c, x, y, toe):
    c.cel(c.shape([(x - 11, y - 22, 1), (x + 12, y - 22, 1), (x + 11, y - 6), (toe - 8, y - 1), (toe, y + 8), (toe, y + 14, 1), (x - 13, y + 14, 1),
                   (x - 12, y)]), BOOT, BOOT_DARK, rgb("b98352"), 10)
    c.paint(c.shape([(x - 13, y + 10, 1), (toe + 1, y + 10, 1), (toe, y + 15, 1), (x - 13, y + 15, 1)]), LINE)
    c.cel(c.shape(limb([(x - 11, y - 22), (x + 13, y - 22)], [8, 8])), SHIRT, SHIRT_DARK, None, 4)
    for d in (-10, -4):
        c.paint(c.stroke([(x + 1, y + d), (x + 12, y + d + 2)], 1.6), rgb("e8d29a"))


def legs(c):
    c.cel(c.shape(limb([(258, 316), (276, 356), (280, 400)], [38, 31, 25])), TROUSERS * 0.85, TROUSERS_DARK * 0.85, None, 13)
    boot(c, 282, 420, 310)
    c.cel(c.shape(limb([(230, 316), (230, 362), (216, 406)], [40, 33, 26])), TROUSERS, TROUSERS_DARK, None, 13)
    c.paint(c.stroke([(220, 352), (230, 358), (242, 354)], [0.6, 2, 0.6]), TROUSERS_DARK)
    boot(c, 214, 428, 246)


def pack(c):
    c.cel(c.shape(limb([(180, 196), (214, 192)], [24, 24])), rgb("5b86a8"), rgb("3b5b80"), rgb("8fb9d0"), 10)
    c.cel(c.shape([(176, 206), (214, 202), (226, 250), (220, 300), (186, 302), (170, 284), (168, 232)]), PACK, PACK_DARK, rgb("e6c27a"), 18)
    c.cel(c.shape([(170, 252), (190, 250), (194, 288), (176, 292), (168, 280)]), PACK * 0.92, PACK_DARK, None, 9)


def far_arm(c):
    c.cel(c.shape(oval(310, 300, 10, 10.5)), SKIN, SKIN_DARK, None, 9)
    c.cel(c.shape(limb([(272, 222), (296, 258), (308, 292)], [28, 27, 23], round_ends=False)), JACKET * 0.86, JACKET_DARK * 0.86, None, 12)


def torso(c):
    c.cel(c.shape([(220, 212), (246, 204), (276, 212), (282, 250), (278, 296), (284, 326, 1), (246, 332), (206, 326, 1), (214, 290), (210, 246)]),
          JACKET, JACKET_DARK, JACKET_LIGHT, 24)
    c.cel(c.shape([(246, 206, 1), (270, 208, 1), (268, 252), (266, 326, 1), (254, 328, 1), (256, 256)]), SHIRT, SHIRT_DARK, None, 12)
    for y in (238, 266, 294):
        c.paint(c.shape(oval(261, y, 1.8, 1.8)), LINE)
    c.cel(c.shape(limb([(226, 212), (240, 246), (236, 282)], [9, 9, 9], round_ends=False)), PACK_DARK, PACK_DARK * 0.7, None, 5)
    c.cel(c.shape([(216, 286, 1), (240, 288, 1), (240, 308, 1), (216, 308, 1)]), JACKET, JACKET_DARK, None, 9, 0.1)
    c.cel(c.shapes([(224, 214), (250, 224), (274, 212), (280, 204), (262, 198), (232, 200)]), rgb("f0c04a"), rgb("b97f34"), rgb("ffe38e"), 9)


def near_arm(c):
    c.cel(c.shape(oval(200, 300, 11, 11.5)), SKIN, SKIN_DARK, None, 9)
    c.cel(c.shape(limb([(222, 224), (198, 258), (199, 292)], [31, 29, 25], round_ends=True)), JACKET, JACKET_DARK, JACKET_LIGHT, 13)
    c.paint(c.stroke([(186, 252), (198, 260), (210, 256)], [0.6, 2.2, 0.6]), JACKET_DARK)
    c.cel(c.shape(limb([(186, 290), (212, 291)], [9, 9])), SHIRT, SHIRT_DARK, None, 5)


def head(c):
    c.cel(c.shape([(212, 150), (218, 118), (250, 106), (284, 118), (292, 152), (286, 180), (268, 200), (252, 202), (228, 190), (214, 170)]), SKIN, SKIN_DARK,
          None, 24, 0.02)
    c.cel(c.shape(oval(219, 166, 8, 10)), SKIN, SKIN_DARK, None, 7)
    for x, w in ((253, 6.0), (279, 5.0)):
        c.paint(c.shape(oval(x, 162, w, 8)), rgb("fffaf2"))
        c.paint(c.shape(oval(x + 1, 163, w * 0.62, 6.6)), rgb("5a3a22"))
        c.paint(c.shape(oval(x - 0.6, 160, 1.6, 2)), rgb("ffffff"))
        c.paint(c.stroke([(x - w - 1, 157), (x, 153.4), (x + w + 1, 156)], [1.4, 2.8, 1.6]), LINE)
        c.paint(c.stroke([(x - w, 147), (x + 1, 144), (x + w + 1, 146)], [1.2, 2.8, 1.2]), HAIR_DARK)
    c.paint(c.stroke([(272, 168), (275, 175), (270, 177)], [0.8, 1.6, 0.8]), SKIN_DARK)
    c.paint(c.shape([(258, 183, 1), (268, 185), (278, 182, 1), (272, 191), (262, 190)]), rgb("8c3038"))
    c.paint(c.shape([(260, 184, 1), (268, 186), (276, 183, 1), (268, 187.5)]), rgb("ffffff"))
    for x in (246, 284):
        c.paint(c.blur(c.shape(oval(x, 177, 5, 3)), 1.6), rgb("e8735c"), 0.55)
    c.cel(c.shape([(206, 150), (206, 120), (230, 98), (262, 96), (288, 112), (296, 140), (290, 146, 1), (282, 128), (270, 138, 1), (262, 124), (248, 138, 1),
                   (240, 128), (230, 150), (228, 172, 1), (220, 152), (214, 176, 1)]), HAIR, HAIR_DARK, rgb("80583a"), 16)
    c.cel(c.shape([(202, 122), (212, 92), (246, 78), (280, 88), (294, 114), (306, 120), (298, 128), (250, 120), (214, 132), (200, 134)]), rgb("3f7f86"), rgb("295360"),
          rgb("76b5b0"), 20)
    c.cel(c.shape([(232, 92, 1), (226, 70), (204, 52, 1), (206, 74), (222, 96, 1)]), rgb("f2ead6"), rgb("bfae98"), None, 7)


def walker(c):
    pack(c)
    far_arm(c)
    legs(c)
    torso(c)
    near_arm(c)
    head(c)


def main(folder):
    c = Scene(480, 480, fine=2)
    sky(c)
    hills(c)
    for x, y, s, seed in ((30, 312, 96, 1), (78, 302, 70, 2), (438, 318, 128, 3), (300, 300, 44, 4), (412, 304, 58, 5), (120, 298, 50, 6), (160, 300, 60, 7)):
        tree(c, x, y, s, seed, ("2f5f3c", "47833f", "79b04a") if seed % 2 else ("3a5f34", "6b8c36", "b0a840"))
    cottage(c)
    path(c)
    fence(c)
    grass(c)
    c.paint(c.blur(c.shape(oval(246, 436, 62, 9)), 4), rgb("4a3a34"), 0.5)
    walker(c)
    Image.fromarray(c.finish(opaque=True)).save(folder / "meadow-hiker.jpg", quality=88, optimize=True)
    alone = Scene(480, 480, fine=2)
    walker(alone)
    mask = Image.fromarray(alone.finish()[..., 3]).quantize(16)
    mask.save(folder / "meadow-hiker-mask.png", optimize=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
