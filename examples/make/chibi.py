"""chibi-witch.png: 256 px, three quarters from the front, cel shaded, outlined.

Usage: chibi.py FOLDER
"""
import sys
from pathlib import Path

import numpy as np
from PIL import Image

from kit import Canvas, limb, mix, oval, rgb

LINE = rgb("2a1b33")
SKIN, SKIN_DARK = rgb("ffdcc0"), rgb("eca58f")
HAIR, HAIR_DARK, HAIR_LIGHT = rgb("f0793c"), rgb("b9432f"), rgb("ffb56b")
HAT, HAT_DARK, HAT_LIGHT = rgb("4b3a86"), rgb("2f2459"), rgb("7a63c4")
DRESS, DRESS_DARK, DRESS_LIGHT = rgb("3f3173"), rgb("292050"), rgb("6a55b0")
CREAM, CREAM_DARK = rgb("fff4df"), rgb("d9bfae")
GOLD, GOLD_DARK = rgb("ffd35c"), rgb("c98a34")
BOOT, BOOT_DARK = rgb("7a4632"), rgb("512b26")


class Chibi(Canvas):
    def cel(self, mask, base, dark, bright=None, roundness=14, edge=0.28, line=2.2, shift=0.0):
        """A part: its outline, its colour, one step of shadow, one of light."""
        self.paint(self.wider(mask, line), LINE)
        self.paint(mask, base)
        light = self.light(mask, roundness, towards=(-0.55, -0.65, 0.5))
        self.paint(mask * np.clip((edge + shift - light) * 60 + 0.5, 0, 1), dark)
        if bright is not None:
            self.paint(mask * np.clip((light - 0.93) * 60 + 0.5, 0, 1), bright)


def back_hair(c):
    hair = c.shapes([(78, 92), (74, 126), (66, 150, 1), (82, 144), (84, 160, 1), (98, 148), (128, 150), (160, 148),
                     (174, 160, 1), (174, 143), (190, 148, 1), (180, 122), (178, 90), (128, 52)])
    c.cel(hair, HAIR_DARK, mix(HAIR_DARK, LINE, 0.35), roundness=30)


def leg(c, x, foot, front):
    c.cel(c.shape(limb([(x, 196), (x, 226)], [15, 13])), CREAM if front else CREAM_DARK, CREAM_DARK, roundness=9)
    for y in (206, 214):
        c.tint(c.stroke([(x - 8, y), (x + 8, y + 0.6)], [3, 3]) * c.shape(limb([(x, 196), (x, 226)], [15, 13])),
               rgb("c65a6b"))
    boot = c.shape([(x - 8, 219, 1), (x + 9, 219, 1), (x + 9, 240), (x + 7, 244), (foot, 245), (foot - 5, 239), (x - 8, 232)])
    c.cel(boot, BOOT, BOOT_DARK, rgb("b9774f"), roundness=9)
    c.cel(c.shape(limb([(x - 8, 220), (x + 9, 220)], [6, 6])), rgb("a66a46"), BOOT_DARK, roundness=4, line=1.6)


def arm(c, points, hand, front):
    sleeve = c.shape(limb(points, [13, 15, 21], round_ends=False))
    c.cel(c.shape(oval(*hand, 8.2, 7.8)), SKIN, SKIN_DARK, roundness=8)
    c.cel(sleeve, DRESS if front else DRESS_DARK, DRESS_DARK, DRESS_LIGHT if front else None, roundness=11)
    a, b = np.array(points[-2], float), np.array(points[-1], float)
    along = (b - a) / np.linalg.norm(b - a)
    side = np.array([-along[1], along[0]]) * 11.5
    c.cel(c.shape(limb([tuple(b - side), tuple(b + along * 2), tuple(b + side)], [6, 6, 6])), CREAM, CREAM_DARK,
          roundness=4, line=1.8)


def dress(c):
    skirt = c.shape([(108, 158, 1), (142, 158, 1), (152, 180), (168, 205, 1), (150, 211), (124, 213), (98, 211),
                     (82, 205, 1), (98, 180)])
    c.cel(skirt, DRESS, DRESS_DARK, DRESS_LIGHT, roundness=30, edge=0.42)
    for x0, x1 in ((112, 103), (124, 124), (138, 147)):
        c.paint(c.shape(limb([(x0, 176), ((x0 + x1) / 2, 192), (x1, 210)], [0.4, 1.6, 3.4])) * skirt, DRESS_DARK)
    hem = c.shape(limb([(83, 203), (104, 208.5), (124, 210), (150, 208), (167, 203)], [6] * 5)) * skirt
    c.paint(c.wider(hem, 1.2) * skirt, LINE)
    c.paint(hem, GOLD)
    c.paint(hem * (c.grid()[0] > 138), GOLD_DARK)
    bodice = c.shape([(106, 140), (126, 136), (146, 140), (146, 152), (143, 168), (125, 171), (108, 168), (105, 152)])
    c.cel(bodice, DRESS, DRESS_DARK, DRESS_LIGHT, roundness=18)
    c.cel(c.shape(limb([(108, 165), (124, 168.5), (142, 165)], [7] * 3)), BOOT, BOOT_DARK, roundness=4, line=1.6)
    c.cel(c.shape([(116, 163, 1), (126, 163, 1), (126, 172, 1), (116, 172, 1)]), GOLD, GOLD_DARK, roundness=3, line=1.4)
    collar = c.shapes([(104, 142), (121, 137), (140, 138), (150, 143), (141, 152), (121, 149, 1), (110, 153)])
    c.cel(collar, CREAM, CREAM_DARK, roundness=8)
    c.cel(c.shapes([(121, 150, 1), (108, 144), (107, 158)], [(121, 150, 1), (135, 144), (136, 158)]), rgb("e0566b"),
          rgb("9c3150"), roundness=6, line=1.6)
    c.cel(c.shape(oval(121, 151, 4, 4)), rgb("e0566b"), rgb("9c3150"), roundness=4, line=1.4)


def eye(c, x, y, w):
    white = c.shape(oval(x, y, w, 11.5))
    c.paint(white, rgb("fffdf8"))
    iris = c.shape(oval(x - 1.2, y + 1, w * 0.82, 10.4)) * white
    c.paint(iris, rgb("1d5a4c"))
    c.paint(iris * np.clip((c.grid()[1] - y - 1) / 6, 0, 1), rgb("5fd8a0"))
    c.paint(c.shape(oval(x - 1.2, y, w * 0.4, 5.4)), rgb("0e2a2c"))
    c.paint(c.shape(oval(x - w * 0.48, y - 4.8, w * 0.36, 3.6)), rgb("ffffff"))
    c.paint(c.shape(oval(x + w * 0.32, y + 5, w * 0.2, 2)), rgb("eafff2"))
    c.paint(c.stroke([(x - w - 1.6, y - 4), (x - w * 0.5, y - 11), (x + w * 0.5, y - 11.4), (x + w + 1.2, y - 5)],
                     [2.2, 4, 4.2, 2.4]), LINE)


def head(c):
    face = c.shape([(84, 90), (90, 62), (126, 48), (160, 60), (168, 92), (160, 116), (140, 132), (117, 137), (97, 127)])
    c.cel(face, SKIN, SKIN_DARK, roundness=26, edge=-0.08)
    c.paint(face * c.shape([(80, 60), (170, 60), (172, 88), (150, 90), (128, 84), (104, 90), (82, 86)]), SKIN_DARK)
    eye(c, 101, 103, 7.6)
    eye(c, 137, 103, 9.4)
    c.paint(c.blur(c.shapes([(88, 119), (98, 119), (98, 124), (88, 124)], [(143, 119), (157, 119), (157, 124), (143, 124)]), 1.6) * face,
            rgb("ff8f86"), 0.75)
    c.paint(c.stroke([(110, 123), (115, 126.4), (121, 123.6)], [1.2, 2, 1.2]), rgb("8a2f3c"))
    c.paint(c.shape(oval(113, 114, 1.6, 1)), SKIN_DARK)
    for brow in ([(92, 88), (99, 85.5), (107, 87)], [(127, 86.5), (137, 84.5), (147, 88)]):
        c.paint(c.stroke(brow, [1.2, 2.4, 1]), HAIR_DARK)
    fringe = c.shapes([(78, 98), (82, 66), (100, 52), (128, 48), (160, 54), (176, 76), (180, 104), (171, 118, 1), (165, 98),
                       (159, 85), (158, 96), (151, 103, 1), (146, 84), (138, 75), (134, 88), (123, 99, 1), (120, 84), (114, 76),
                       (107, 84), (96, 94, 1), (97, 84), (93, 82), (88, 100), (86, 116, 1)])
    c.cel(fringe, HAIR, HAIR_DARK, roundness=22, edge=0.2)
    shine = c.shapes([(92, 73), (106, 67), (106, 71), (92, 79)], [(112, 67), (136, 67), (136, 72), (112, 71)],
                     [(142, 69), (158, 77), (156, 82), (142, 74)])
    c.paint(shine * fringe, HAIR_LIGHT)
    for a in ([(128, 58), (132, 66), (134, 76)], [(100, 60), (97, 70), (94, 82)], [(160, 62), (162, 76), (160, 88)]):
        c.paint(c.stroke(a, [0.4, 1.6, 1.8]) * fringe, HAIR_DARK)
    for lock in ([(82, 88), (76, 110), (79, 130), (70, 146)], [(173, 92), (180, 112), (177, 132), (187, 147)]):
        c.cel(c.shape(limb(lock, [12, 14, 11, 1])), HAIR, HAIR_DARK, HAIR_LIGHT, roundness=8)


def hat(c):
    brim = c.shape(oval(128, 62, 78, 17, tilt=4))
    c.cel(brim, HAT, HAT_DARK, roundness=40, edge=-2)
    c.paint(brim * c.shape([(40, 62), (128, 72), (220, 64), (220, 90), (40, 90)]), HAT_DARK)
    cone = c.shape([(80, 59, 1), (92, 40), (112, 16), (138, 5), (168, 8), (190, 28), (186, 31, 1), (166, 26), (160, 34),
                    (168, 48), (178, 64, 1), (130, 70)])
    c.cel(cone, HAT, HAT_DARK, HAT_LIGHT, roundness=30, edge=0.35)
    for fold in ([(160, 34), (148, 32), (136, 36)], [(163, 42), (150, 43)]):
        c.paint(c.stroke(fold, [2.4, 1.6, 0.4]), HAT_DARK)
    band = c.shape(limb([(80, 55), (104, 62), (130, 64), (156, 62.5), (177, 57)], [11] * 5)) * c.wider(cone, 0.5)
    c.paint(c.wider(band, 1.8) * cone, LINE)
    c.paint(band, GOLD)
    c.paint(band * (c.grid()[0] > 152), GOLD_DARK)
    star = [(104 + r * np.sin(a), 58 - r * np.cos(a), 1)
            for r, a in zip([11, 4.8] * 5, np.arange(10) * np.pi / 5 - 0.15)]
    c.cel(c.shape(star), rgb("fff2b0"), GOLD, roundness=7, line=1.8)
    c.cel(c.shape(oval(190, 33, 6, 6)), GOLD, GOLD_DARK, rgb("fff2b0"), roundness=6)


def wand(c):
    c.cel(c.shape(limb([(62, 190), (45, 158)], [4.6, 3.6])), BOOT, BOOT_DARK, roundness=3, line=1.8)
    gem = c.shape([(44, 138, 1), (53, 150, 1), (43, 164, 1), (34, 150, 1)])
    c.cel(gem, rgb("7ff0e0"), rgb("3aa6b8"), rgb("e8fffb"), roundness=9, edge=0.5, line=2)


def main(folder):
    c = Chibi(256, 256)
    back_hair(c)
    arm(c, [(144, 147), (162, 160), (176, 174)], (183, 181), False)
    leg(c, 138, 128, False)
    leg(c, 112, 98, True)
    dress(c)
    wand(c)
    arm(c, [(108, 147), (88, 160), (73, 173)], (65, 179), True)
    head(c)
    hat(c)
    Image.fromarray(c.finish()).save(folder / "chibi-witch.png", optimize=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
