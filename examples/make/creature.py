"""swamp-troll.png: 384 px, huge head and arms, short legs, a tail; nearly from the side, to our left.

Usage: creature.py FOLDER
"""
import sys
from pathlib import Path

import numpy as np
from PIL import Image

from kit import Canvas, limb, mix, noise, oval, rgb, step

LINE = rgb("14241f")
SKIN, SKIN_DARK, SKIN_LIGHT = rgb("4f9a72"), rgb("1f4f56"), rgb("a9dc8c")
BELLY, BELLY_DARK = rgb("e6cf8e"), rgb("a8794e")
SPIKE, SPIKE_DARK = rgb("f08a3c"), rgb("9c3b33")
BONE, BONE_DARK = rgb("f6ecd2"), rgb("b79c7c")
CLOTH, CLOTH_DARK = rgb("8a4a3a"), rgb("4f2a2c")
TOWARDS = (-0.45, -0.75, 0.5)


class Beast(Canvas):
    def part(self, mask, base, dark, bright, roundness=24, line=2.0, seed=1, spots=0.0):
        """Soft light in three tones, a rim of bounced light, an outline darker than the skin."""
        self.paint(self.wider(mask, line), LINE)
        n = self.normals(mask, roundness)
        light = n @ (np.array(TOWARDS, np.float32) / np.linalg.norm(TOWARDS))
        colour = mix(np.broadcast_to(base, mask.shape + (3,)), dark, step(0.6, -0.15, light))
        colour = mix(colour, bright, 0.85 * step(0.80, 0.99, light))
        rim = step(0.35, 0.85, n[..., 0]) * step(-0.1, 0.5, n[..., 1])
        colour = mix(colour, mix(base, rgb("7fd0e0"), 0.6), 0.45 * rim)
        if spots:
            blot = step(0.57, 0.62, noise(mask.shape, 22 * self.scale, seed, 2)) * step(0.3, 0.7, -n[..., 1] + 0.4)
            colour = mix(colour, dark, spots * blot)
        grain = noise(mask.shape, 6 * self.scale, seed + 9) - 0.5
        self.paint(mask, np.clip(colour * (1 + 0.14 * grain[..., None]), 0, 1))
        return mask

    def skin(self, mask, seed, roundness=24, dim=1.0, spots=0.45):
        return self.part(mask, SKIN * dim, SKIN_DARK * dim, SKIN_LIGHT * dim, roundness, seed=seed, spots=spots)

    def crease(self, *lines, width=2.4, colour=None):
        for line in lines:
            self.tint(self.stroke(line, [0.4, width, width * 0.8, 0.4]), LINE if colour is None else colour)

    def horn(self, points, base=BONE, dark=BONE_DARK, roundness=7, line=1.8):
        self.part(self.shape(points), base, dark, rgb("fffbee") if base is BONE else rgb("ffd08a"), roundness, line=line)


def spikes(c, places, size):
    for (x, y, angle), s in zip(places, size):
        a = np.radians(angle)
        f, r = np.array([np.cos(a), np.sin(a)]), np.array([-np.sin(a), np.cos(a)])
        p = np.array([x, y])
        c.horn([(*(p - r * s * 0.6), 1), (*(p + f * s * 0.7 - r * s * 0.3),), (*(p + f * s * 1.5 + r * s * 0.3), 1),
                (*(p + f * s * 0.6 + r * s * 0.45),), (*(p + r * s * 0.6), 1)], SPIKE, SPIKE_DARK, 8)


def tail(c):
    spikes(c, [(318, 296, -62), (344, 288, -25), (358, 262, -5), (357, 236, 5)], [13, 12, 10, 8])
    c.skin(c.shape(limb([(262, 262), (298, 306), (332, 306), (348, 278), (346, 244), (330, 226), (318, 232)],
                        [66, 50, 36, 28, 22, 15, 5])), 11, 18)
    c.crease([(312, 318), (316, 308), (314, 298)], [(334, 310), (333, 301), (328, 294)], [(350, 284), (342, 280), (336, 276)])


def claws(c, places, size=9, down=True):
    for x, y in places:
        c.horn([(x - size * 0.6, y - size * 0.5, 1), (x + size * 0.6, y - size * 0.5, 1), (x + size * 0.25, y + size * 0.6), (x - size * 0.7, y + size, 1)],
               roundness=4, line=1.5)


def leg(c, x, dim, seed):
    c.skin(c.shape(limb([(x, 268), (x + 6, 306), (x - 2, 338)], [58, 50, 36])), seed, 20, dim)
    foot = c.shape([(x - 22, 334), (x + 4, 324), (x + 20, 334), (x + 20, 352), (x - 2, 357), (x - 32, 357), (x - 38, 347)])
    c.skin(foot, seed + 1, 14, dim, 0.2)
    claws(c, [(x - 33, 351), (x - 21, 353), (x - 8, 354)], 8)


def arm(c, shoulder, elbow, wrist, dim, seed):
    upper = c.shape(limb([shoulder, ((shoulder[0] + elbow[0]) / 2 + 4, (shoulder[1] + elbow[1]) / 2), elbow], [62, 56, 46]))
    c.skin(upper, seed, 24, dim)
    fore = c.shape(limb([elbow, ((wrist[0] + elbow[0]) / 2 + 4, (wrist[1] + elbow[1]) / 2 + 2), wrist], [50, 62, 46]))
    c.skin(fore, seed + 1, 26, dim)
    x, y = wrist
    fist = c.shape([(x - 24, y - 14), (x + 6, y - 24), (x + 28, y - 8), (x + 30, y + 18), (x + 10, y + 28), (x - 24, y + 28), (x - 40, y + 16), (x - 38, y - 2)])
    c.skin(fist, seed + 2, 20, dim, 0.25)
    c.crease([(x - 30, y + 26), (x - 28, y + 14), (x - 22, y + 6)], [(x - 14, y + 28), (x - 12, y + 14), (x - 6, y + 4)],
             [(x + 2, y + 28), (x + 4, y + 14), (x + 10, y + 4)], width=3)
    claws(c, [(x - 32, y + 26), (x - 15, y + 28), (x + 2, y + 28)], 9)
    wrap = c.shape(limb([(x - 26, y - 24), (x + 2, y - 30), (x + 30, y - 20)], [15] * 3)) * c.wider(np.maximum(fore, fist), 1.5)
    c.part(wrap, CLOTH * dim, CLOTH_DARK * dim, CLOTH * 1.4, 7, seed=seed + 3)
    c.crease([(x - 14, y - 34), (x - 12, y - 22)], [(x + 8, y - 36), (x + 9, y - 22)], width=1.8)


def body(c):
    spikes(c, [(214, 132, -95), (248, 146, -70), (276, 172, -48), (294, 206, -28), (300, 242, -10)], [17, 20, 20, 18, 14])
    trunk = c.shape([(150, 190), (176, 140), (222, 134), (268, 160), (296, 210), (298, 262), (278, 300), (236, 316), (190, 306), (160, 276), (146, 232)])
    c.skin(trunk, 31, 46)
    belly = c.shape([(150, 210), (178, 222), (196, 262), (212, 308), (190, 306), (160, 276), (144, 236)]) * trunk
    c.paint(belly, BELLY)
    c.paint(belly * c.shape([(140, 262), (176, 262), (214, 290), (220, 320), (150, 320)]), BELLY_DARK, 0.6)
    c.crease([(150, 234), (170, 240), (186, 240)], [(156, 258), (178, 262), (196, 262)], [(168, 282), (188, 286), (204, 286)],
             width=2, colour=BELLY_DARK * 0.7)
    c.crease([(150, 208), (180, 222), (198, 264), (212, 306)], width=2.2)
    cloth = c.shape([(166, 288), (210, 298), (262, 294), (292, 276), (300, 292), (286, 312), (276, 336, 1), (262, 318), (246, 340, 1), (228, 322),
                     (206, 344, 1), (192, 322), (172, 326, 1), (160, 300)])
    c.part(cloth, CLOTH, CLOTH_DARK, CLOTH * 1.4, 16, seed=33)
    c.crease([(196, 302), (200, 318), (206, 334)], [(236, 304), (240, 318), (246, 332)], [(268, 300), (272, 316)])
    c.part(c.shape(limb([(162, 290), (210, 301), (262, 297), (298, 276)], [12] * 4)), rgb("c79a58"), rgb("7d5433"), rgb("ecc98a"), 6, seed=34)


def head(c):
    ear = [(196, 118), (222, 92), (258, 84, 1), (246, 110), (226, 136), (202, 146)]
    c.skin(c.shape(ear), 41, 14)
    c.tint(c.shape([(208, 118), (226, 102), (246, 92), (232, 114), (214, 132)]), rgb("d98a72"), 0.85)
    c.part(c.shape(oval(238, 118, 7, 7)) * (1 - c.shape(oval(238, 118, 4, 4))), rgb("f2c14e"), rgb("9c6a2a"), rgb("fff0b0"), 3, 1.4)
    skull = c.shape([(58, 130), (78, 84), (126, 58), (178, 66), (210, 104), (212, 154), (196, 196), (156, 222), (104, 228), (60, 214), (44, 186), (50, 160)])
    c.skin(skull, 42, 56)
    spikes(c, [(112, 66, -108), (146, 58, -88), (178, 68, -66)], [13, 18, 15])
    jaw = c.shape([(40, 176), (80, 190), (136, 186), (178, 168), (192, 186), (176, 222), (128, 244), (76, 238), (44, 216)])
    c.skin(jaw, 43, 26, spots=0.2)
    c.tint(c.blur(c.shape([(60, 220), (110, 234), (160, 220), (150, 246), (76, 246)]), 5) * jaw, BELLY, 0.55)
    mouth = [(42, 180), (64, 190), (100, 195), (140, 188), (176, 168), (188, 160)]
    c.crease(mouth, width=5)
    for x, y, s in ((136, 188, 24),):
        c.horn([(x - s * 0.42, y + 3, 1), (x - s * 0.5, y - s * 0.6), (x - s * 0.1, y - s * 1.5, 1), (x + s * 0.35, y - s * 0.5), (x + s * 0.36, y + 2, 1)])
    for x, y in ((86, 195), (102, 196), (117, 194), (160, 179)):
        c.horn([(x - 6, y - 2, 1), (x + 6, y - 3, 1), (x, y + 10, 1)], roundness=4, line=1.4)
    nose = c.shape([(40, 152), (52, 136), (76, 138), (88, 154), (78, 168), (54, 170), (40, 164)])
    c.skin(nose, 44, 14, 1.03, 0.0)
    c.crease([(48, 160), (53, 156), (58, 160)], [(68, 160), (74, 156), (79, 161)], width=4.5)
    c.horn([(46, 190, 1), (44, 176), (50, 160, 1), (60, 176), (61, 192, 1)])
    for x, y, rx, ry in ((78, 122, 13, 14), (138, 124, 18, 18)):
        c.part(c.shape(oval(x, y, rx, ry)), rgb("ffe9a0"), rgb("d6923a"), rgb("fff8d8"), 16, line=2.4)
        c.paint(c.shape(oval(x - rx * 0.25, y + 1, rx * 0.36, ry * 0.62)), rgb("3a1420"))
        c.paint(c.shape(oval(x - rx * 0.42, y - ry * 0.35, rx * 0.2, ry * 0.2)), rgb("ffffff"))
    brow = c.shape([(58, 112), (72, 96), (98, 100), (114, 112), (140, 96), (166, 100), (172, 116), (150, 110), (126, 122), (110, 128), (92, 118), (74, 112), (62, 118)])
    c.skin(brow, 45, 9, 0.97, 0.3)
    c.crease([(104, 134), (112, 146), (108, 158)], [(172, 140), (184, 148), (188, 160)], [(168, 196), (180, 192), (188, 184)])
    for x, y in ((176, 122), (186, 132), (172, 106)):
        c.tint(c.shape(oval(x, y, 4.5, 3.6)), SKIN_DARK, 0.6)


def main(folder):
    c = Beast(384, 384, fine=3)
    tail(c)
    arm(c, (146, 214), (104, 268), (90, 322), 0.72, 51)
    leg(c, 222, 0.74, 61)
    leg(c, 284, 1.0, 71)
    body(c)
    head(c)
    arm(c, (232, 196), (240, 262), (196, 322), 1.0, 81)
    Image.fromarray(c.finish()).save(folder / "swamp-troll.png", optimize=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
