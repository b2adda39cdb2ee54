"""line-art.png: an adventurer in ink on white paper, opaque, three quarters to our right.

Usage: lineart.py FOLDER
"""
import sys
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from kit import Canvas, limb, noise, oval, rgb

INK, PAPER = rgb("16141a"), rgb("ffffff")
SHRUNK = 0.98  # leaves a margin


class Paper(Canvas):
    def part(self, points, line=1.5):
        """White paper inside, ink around: thicker where the light does not come from."""
        mask = points if isinstance(points, np.ndarray) and points.ndim == 2 and points.shape[1] > 2 else self.shape(points)
        edge = self.wider(mask, line * 0.75)
        shift = np.float32([[1, 0, line * 0.42 * self.scale], [0, 1, line * 0.42 * self.scale]])
        self.paint(np.maximum(edge, cv2.warpAffine(edge, shift, edge.shape[::-1])), INK)
        self.paint(mask, PAPER)
        return mask

    def ink(self, *lines, width=1.4, inside=None):
        for line in lines:
            mask = self.stroke(line, [0.5, width, width * 0.9, 0.4])
            self.paint(mask if inside is None else mask * inside, INK)

    def hatch(self, mask, area, gap=4.0, angle=62, width=0.8):
        """Parallel strokes over an area, as far as the part goes."""
        x, y = self.grid()
        a = np.radians(angle)
        across = x * np.sin(a) - y * np.cos(a) + 1.2 * noise(x.shape, 60, 5)
        stripes = np.abs((across / gap) % 1 - 0.5) * gap
        self.paint(mask * self.shape(area) * np.clip((width / 2 - stripes) * self.scale + 0.5, 0, 1), INK)


def leg(c, hip, knee, ankle, toe):
    trousers = c.part(limb([hip, ((hip[0] + knee[0]) / 2, (hip[1] + knee[1]) / 2), knee, (ankle[0], ankle[1] - 22)],
                           [36, 37, 29, 25], round_ends=False))
    c.ink([(knee[0] - 12, knee[1] - 4), (knee[0] - 3, knee[1] + 2), (knee[0] + 7, knee[1] - 1)],
          [(knee[0] - 11, knee[1] + 9), (knee[0], knee[1] + 12)],
          [(hip[0] - 6, hip[1] + 40), (hip[0] + 2, hip[1] + 62)], inside=trousers)
    c.hatch(trousers, [(hip[0] + 6, hip[1], 1), (hip[0] + 40, hip[1], 1), (knee[0] + 30, knee[1] + 60, 1),
                       (knee[0] + 5, knee[1] + 60, 1), (knee[0] + 6, knee[1])])
    x, y = ankle
    boot = c.part([(x - 13, y - 34, 1), (x + 14, y - 33, 1), (x + 12, y - 14), (x + 12, y + 2), (toe - 8, y + 10),
                   (toe + 2, y + 19), (toe, y + 24, 1), (x - 13, y + 24, 1), (x - 14, y + 8), (x - 12, y - 12)])
    c.ink([(x - 14, y + 18), (x + 4, y + 19), (toe + 1, y + 18)], [(x - 6, y - 4), (x + 4, y), (x + 12, y - 2)],
          [(x - 8, y + 3), (x + 2, y + 6), (x + 11, y + 3)], inside=boot)
    c.part(limb([(x - 14, y - 33), (x, y - 31), (x + 15, y - 33)], [11] * 3))
    c.hatch(boot, [(x + 4, y - 26, 1), (x + 20, y - 26, 1), (x + 14, y + 4), (x + 7, y + 2)])


def hand(c, x, y, mirrored=False):
    s = -1 if mirrored else 1
    fist = c.part([(x - 8 * s, y - 8), (x + 6 * s, y - 9), (x + 10 * s, y), (x + 8 * s, y + 10), (x - 1 * s, y + 14), (x - 8 * s, y + 9)])
    c.ink([(x + 2 * s, y + 12), (x + 1 * s, y + 4)], [(x + 6 * s, y + 11), (x + 5 * s, y + 3)],
          [(x - 4 * s, y - 2), (x - 2 * s, y + 4), (x - 5 * s, y + 9)], width=1.1, inside=fist)


def far_arm(c):
    c.part(limb([(186, 128), (206, 160), (214, 190)], [26, 24, 20], round_ends=True))
    c.ink([(204, 150), (212, 156)], [(202, 160), (211, 163)])
    sleeve = c.part(limb([(209, 176), (217, 204)], [22, 21], round_ends=False))
    c.ink([(202, 186), (220, 181)], [(206, 196), (225, 192)], inside=sleeve)
    hand(c, 221, 216)


def near_arm(c):
    sleeve = c.part(limb([(124, 124), (105, 156), (98, 184)], [30, 28, 24]))
    c.ink([(98, 152), (107, 158), (118, 157)], [(96, 162), (106, 166)], inside=sleeve)
    c.hatch(sleeve, [(122, 120), (140, 120), (124, 165), (112, 190), (100, 200), (106, 160)])
    bracer = c.part(limb([(100, 172), (93, 206)], [26, 20], round_ends=False))
    for y in (180, 188, 196):
        c.ink([(84, y - 3), (96, y + 1), (110, y + 1)], inside=bracer)
    hand(c, 90, 218, mirrored=True)


def torso(c):
    tunic = c.part([(124, 112), (146, 104), (168, 104), (188, 114), (190, 150), (184, 184), (188, 214), (197, 248, 1), (172, 255),
                    (160, 236, 1), (148, 257), (108, 250, 1), (118, 214), (124, 186), (118, 150)])
    c.ink([(160, 236), (161, 218), (160, 200)], [(128, 206), (122, 228), (118, 246)], [(178, 206), (183, 226), (186, 244)],
          [(140, 208), (138, 226)], [(130, 168), (138, 174), (150, 175)], [(174, 170), (182, 166)], inside=tunic)
    c.hatch(tunic, [(172, 112, 1), (194, 112, 1), (204, 255, 1), (176, 255, 1), (170, 200), (178, 160)])
    strap = c.part(limb([(130, 112), (156, 150), (186, 190)], [9, 9, 9], round_ends=False))
    c.ink([(128, 114), (154, 152), (183, 193)], width=0.8, inside=strap)
    c.part([(148, 140, 1), (160, 139, 1), (162, 152, 1), (150, 153, 1)], 1.2)
    c.part(limb([(120, 194), (150, 201), (188, 193)], [13] * 3, round_ends=False))
    c.part([(150, 193, 1), (167, 192, 1), (168, 207, 1), (151, 208, 1)])
    c.part([(155, 197, 1), (163, 196.5, 1), (163.5, 203, 1), (155.5, 203.5, 1)], 1.0)
    pouch = c.part([(121, 200, 1), (141, 204, 1), (142, 224), (132, 229), (120, 224)])
    c.ink([(121, 211), (131, 217), (142, 212)], inside=pouch)


def sword(c):
    c.part([(128, 196), (136, 200), (92, 300, 1), (83, 306, 1), (84, 296, 1)])
    c.ink([(130, 202), (88, 300)], width=1.0)
    c.part(limb([(118, 196), (142, 208)], [7, 7]))
    grip = c.part(limb([(133, 198), (142, 176)], [8, 7]))
    for t in range(4):
        c.ink([(131 + t * 2.4, 195 - t * 5.4), (140 + t * 2.0, 196 - t * 5.4)], inside=grip, width=1.0)
    c.part(oval(143.5, 172, 5.5, 5.5))


def scarf(c):
    tail = c.part([(132, 104), (112, 112), (84, 108), (62, 122), (40, 116, 1), (50, 130, 1), (38, 144, 1), (66, 144),
                   (90, 132), (116, 134), (136, 122)])
    c.ink([(120, 120), (92, 118), (66, 132), (48, 136)], [(112, 126), (92, 125)], inside=tail)
    c.hatch(tail, [(120, 124), (90, 124), (60, 136), (40, 146), (90, 142), (130, 140)], angle=20)
    wrap = c.part([(126, 104), (134, 92), (156, 97), (180, 90), (190, 104), (186, 119), (160, 126), (134, 120)])
    c.ink([(130, 108), (152, 114), (184, 104)], [(136, 98), (158, 105), (182, 97)], [(150, 121), (172, 117), (186, 111)],
          inside=wrap)


def head(c):
    face = c.part([(132, 60), (134, 36), (160, 26), (184, 36), (187, 60), (185, 78), (173, 96), (164, 100), (150, 92), (137, 78)])
    c.part([(137, 62), (130, 58), (127, 66), (131, 76), (138, 77)])
    c.ink([(134, 64), (131, 68), (135, 72)], width=1.0)
    for x, w in ((155, 6.5), (177.5, 5.2)):
        c.ink([(x - w - 1, 62), (x - w / 2, 58), (x + w / 2, 57.6), (x + w + 1, 61)], width=2.6)
        c.ink([(x - w / 2, 70), (x + w / 2, 70)], width=1.1)
        c.paint(c.shape(oval(x + 1, 64, w * 0.52, 5.2)), INK)
        c.paint(c.shape(oval(x - 0.6, 61.8, 1.5, 1.7)), PAPER)
    c.ink([(145, 51), (154, 48), (162, 51)], [(171, 50), (178, 47.5), (184, 50)], width=2.6)
    c.ink([(169, 66), (172.5, 76), (167.5, 78)], width=1.2)
    c.ink([(158, 87), (166, 88.6), (173, 86)], width=1.6)
    c.ink([(163, 92), (168, 92.4)], width=1.0)
    c.hatch(face, [(140, 78), (150, 84), (164, 96), (160, 104), (140, 92)], gap=3, angle=30, width=0.7)
    hair = c.part([(124, 62), (116, 54, 1), (122, 50), (112, 38, 1), (124, 36), (122, 20, 1), (136, 24), (142, 8, 1), (154, 16),
                   (172, 4, 1), (176, 16), (192, 16, 1), (190, 26), (202, 34, 1), (194, 42), (196, 58, 1), (188, 52), (187, 66, 1),
                   (182, 48), (178, 42), (176, 54, 1), (168, 40), (160, 56, 1), (158, 42), (148, 56, 1), (147, 46),
                   (140, 62, 1), (138, 72), (134, 80, 1), (132, 66), (128, 74, 1)])
    c.ink([(150, 22), (138, 30), (132, 46)], [(158, 20), (149, 32), (146, 44)], [(170, 16), (166, 28), (168, 40)],
          [(178, 22), (182, 34), (186, 48)], [(130, 32), (126, 42)], [(186, 26), (193, 36)], inside=hair, width=1.5)
    c.hatch(hair, [(120, 40), (134, 40), (136, 70), (128, 80), (116, 62)], gap=3, angle=80)


def main(folder):
    c = Paper(400, 512, units=312, fine=3)
    c.paint(np.ones_like(c.alpha), PAPER)
    c.scale *= SHRUNK
    far_arm(c)
    leg(c, (171, 238), (181, 296), (184, 358), 214)
    leg(c, (136, 240), (132, 298), (128, 366), 156)
    sword(c)
    torso(c)
    near_arm(c)
    scarf(c)
    head(c)
    x, y = c.grid()
    wobble = [(noise(x.shape, 24 * c.scale, s, 2) - 0.5) * 2.4 * c.scale for s in (1, 2)]
    h, w = x.shape
    c.colour = cv2.remap(c.colour, (np.arange(w)[None] + wobble[0]).astype(np.float32),
                         (np.arange(h)[:, None] + wobble[1]).astype(np.float32), cv2.INTER_LINEAR,
                         borderMode=cv2.BORDER_REPLICATE)
    grey = np.round(c.finish(opaque=True).astype(np.float32).mean(-1) / 17) * 17
    Image.fromarray(grey.astype(np.uint8)).save(folder / "line-art.png", optimize=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
