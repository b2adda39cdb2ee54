"""painted-ranger.png: 512 px, brush strokes, three quarters to our left.

First a soft, lit picture, then some ten thousand strokes of a brush over it,
large ones first, small ones only where they are needed (as painterly rendering
does since Hertzmann, 1998).

Usage: painted.py FOLDER
"""
import sys
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from kit import Canvas, limb, mix, noise, oval, rgb, step

SKIN = rgb("e0a482")
LEATHER, LEATHER_DARK = rgb("7d4f32"), rgb("523426")
GREEN, CLOAK = rgb("5f7a45"), rgb("3d5a3f")
LINEN, HAIR, WOOD, STEEL, GOLD = rgb("cfc3a4"), rgb("9c4a26"), rgb("8a6238"), rgb("9aa6b0"), rgb("d7a94a")
WARM, COOL = rgb("fff0cf"), rgb("2c2f55")
TOWARDS = (-0.6, -0.65, 0.5)


class Painting(Canvas):
    def form(self, mask, base, roundness=16, shade=0.75, shine=0.25, grain=0.12, seed=1, cast=0.5):
        """A rounded thing: warm where it is lit, cool where not; it darkens what it lies on."""
        if cast:
            shift = np.float32([[1, 0, 3 * self.scale], [0, 1, 5 * self.scale]])
            self.tint(self.blur(cv2.warpAffine(mask, shift, mask.shape[::-1]), 4), COOL * 0.5, cast)
        light = self.light(mask, roundness, TOWARDS)
        cloud = noise(mask.shape, 18 * self.scale, seed) - 0.5
        colour = mix(np.ones(mask.shape + (3,), np.float32) * base, base * 0.45 + COOL * 0.18,
                     shade * step(0.75, -0.35, light))
        colour = mix(colour, np.minimum(base * 1.25 + WARM * 0.22, 1), shine * 2.2 * step(0.72, 1.0, light))
        back = step(0.25, 0.9, self.normals(mask, roundness)[..., 0]) * step(-0.2, 0.6, -self.normals(mask, roundness)[..., 1] + 0.5)
        colour = mix(colour, np.array([0.45, 0.62, 0.78], np.float32), 0.28 * back)
        self.paint(mask, np.clip(colour * (1 + 2 * grain * cloud[..., None]), 0, 1))
        return mask

    def fold(self, mask, *lines, width=5, dark=0.5, bright=0.35):
        for line in lines:
            s = self.blur(self.stroke(line, [0.5, width, width * 0.6, 0.3]), 1.4)
            self.tint(s * mask, COOL * 0.6, dark)
            lit = self.blur(self.stroke([(x - width * 0.9, y - 1) for x, y in line], [0.4, width * 0.6, 0.3]), 1.6)
            self.tint(lit * mask, WARM, bright)


def bow(c):
    wood = c.shape(limb([(146, 122), (150, 150), (132, 190), (118, 250), (120, 300), (136, 356), (164, 392), (162, 412)],
                        [3, 6, 8, 10, 9, 8, 6, 3]))
    c.paint(c.stroke([(146, 124), (163, 411)], [1.2, 1.2]), rgb("d8d2be"))
    c.form(wood, WOOD, roundness=4, shine=0.5, seed=3)


def cloak(c):
    back = c.shape([(214, 124), (250, 112), (296, 126), (322, 190), (338, 280), (350, 372), (344, 404, 1), (318, 392), (296, 408, 1),
                    (268, 394), (240, 402, 1), (212, 386, 1), (206, 300), (208, 200)])
    c.form(back, CLOAK, roundness=60, shade=0.9, grain=0.18, seed=4, cast=0)
    c.fold(back, [(300, 160), (316, 250), (322, 386)], [(286, 200), (298, 300), (298, 398)], [(226, 260), (222, 330), (226, 392)],
           [(312, 200), (334, 300), (340, 380)], width=10, dark=0.6)


def leg(c, hip, knee, ankle, toe, seed):
    thigh = c.shape(limb([hip, ((hip[0] + knee[0]) / 2 - 3, (hip[1] + knee[1]) / 2), knee, ankle], [44, 42, 30, 24]))
    c.form(thigh, rgb("6b5a48"), roundness=17, seed=seed)
    c.fold(thigh, [(knee[0] - 14, knee[1] - 16), (knee[0], knee[1] - 11), (knee[0] + 14, knee[1] - 16)], width=4)
    x, y = ankle
    boot = c.shape([(knee[0] - 17, knee[1] + 10, 1), (knee[0] + 17, knee[1] + 6, 1), (x + 19, y - 40), (x + 14, y - 6), (x + 14, y + 18),
                    (x + 11, y + 24, 1), (toe, y + 25, 1), (toe - 3, y + 15), (x - 14, y), (x - 17, y - 44)])
    c.form(boot, LEATHER, roundness=15, shine=0.35, seed=seed + 1)
    c.fold(boot, [(x - 13, y - 6), (x, y - 1), (x + 13, y - 8)], [(x - 14, y + 4), (x, y + 8), (x + 13, y)], width=4)
    cuff = c.shape(limb([(knee[0] - 18, knee[1] + 11), (knee[0], knee[1] + 14), (knee[0] + 18, knee[1] + 7)], [15, 16, 15]))
    c.form(cuff, LEATHER_DARK, roundness=7, seed=seed + 2)
    for t in (0.35, 0.62):
        strap = c.shape(limb([(x - 18, y - 80 + 75 * t), (x, y - 76 + 75 * t), (x + 19, y - 82 + 75 * t)], [6, 6, 6])) * boot
        c.form(strap, LEATHER_DARK, roundness=3, seed=seed + 3, cast=0.3)
        c.paint(c.shape(oval(x - 4, y - 76 + 75 * t, 3.4, 3.6)), GOLD)
    c.tint(c.blur(c.shape([(x + 14, y + 20, 1), (toe, y + 21, 1), (toe, y + 26, 1), (x + 14, y + 26, 1)]), 0.8) * boot, rgb("1d1517"), 0.85)


def arm(c, shoulder, elbow, wrist, hand, seed, dim):
    base = LINEN * dim
    c.form(c.shape([(wrist[0] - 8, wrist[1] - 4), (wrist[0] + 8, wrist[1] - 5), (hand[0] + 9, hand[1]), (hand[0] + 6, hand[1] + 12),
                    (hand[0] - 6, hand[1] + 13), (hand[0] - 9, hand[1] + 2)]), SKIN * dim, roundness=8, seed=seed)
    for i in (-4, 0, 4):
        c.tint(c.stroke([(hand[0] + i, hand[1] + 3), (hand[0] + i, hand[1] + 12)], [0.8, 1.2]), SKIN * 0.45, 0.7)
    sleeve = c.shape(limb([shoulder, elbow, wrist], [36, 31, 20]))
    c.form(sleeve, base, roundness=14, seed=seed + 1)
    c.fold(sleeve, [(elbow[0] - 13, elbow[1] - 8), (elbow[0], elbow[1] - 2), (elbow[0] + 14, elbow[1] - 10)],
           [(shoulder[0] - 4, shoulder[1] + 14), (elbow[0] - 2, elbow[1] - 18)], width=5)
    a, b = np.array(elbow, float), np.array(wrist, float)
    bracer = c.shape(limb([tuple(a + (b - a) * 0.3), tuple(b)], [28, 22], round_ends=False))
    c.form(bracer, LEATHER * dim, roundness=11, shine=0.35, seed=seed + 2)
    for t in (0.45, 0.65, 0.85):
        p = a + (b - a) * t
        c.paint(c.stroke([(p[0] - 12, p[1] - 3), (p[0], p[1] + 1), (p[0] + 12, p[1] - 2)], [1.6, 2, 1.6]) * bracer, LEATHER_DARK * 0.7)


def torso(c):
    skirt = c.shape([(222, 236), (286, 234), (300, 272), (310, 318, 1), (284, 328), (268, 300, 1), (254, 332), (226, 330), (204, 320, 1),
                     (210, 276)])
    c.form(skirt, GREEN, roundness=28, seed=20)
    c.fold(skirt, [(240, 246), (232, 290), (222, 326)], [(266, 252), (268, 280), (268, 300)], [(284, 250), (294, 290), (298, 320)],
           width=7)
    hem = c.shape(limb([(204, 316), (228, 326), (254, 327), (268, 297), (284, 323), (310, 314)], [6] * 6)) * skirt
    c.form(hem, GOLD * 0.9, roundness=3, cast=0, seed=21)
    shirt = c.shape([(214, 132), (246, 118), (288, 130), (296, 160), (288, 200), (286, 240), (254, 248), (222, 242), (220, 200), (208, 164)])
    c.form(shirt, GREEN, roundness=30, seed=22)
    cuirass = c.shape([(218, 146), (234, 152), (250, 150), (270, 152), (290, 142), (294, 172), (284, 206), (287, 238), (254, 246), (222, 240),
                       (223, 206), (211, 172)])
    c.form(cuirass, LEATHER, roundness=26, shine=0.4, seed=23)
    c.fold(cuirass, [(247, 152), (244, 196), (248, 244)], width=4, dark=0.7)
    c.fold(cuirass, [(214, 176), (228, 194), (247, 196)], [(247, 196), (272, 194), (292, 174)], width=5)
    for y in (206, 216, 226):
        c.paint(c.stroke([(240, y - 2), (253, y + 2)], [1.4, 1.4]), rgb("c8a878"))
        c.paint(c.stroke([(253, y - 2), (240, y + 2)], [1.4, 1.4]), rgb("c8a878"))
    strap = c.shape(limb([(288, 132), (252, 182), (222, 234)], [11, 11, 11], round_ends=False))
    c.form(strap * np.maximum(shirt, cuirass), LEATHER_DARK, roundness=5, seed=25)
    c.form(c.shape(limb([(217, 240), (252, 249), (291, 238)], [15] * 3)), LEATHER_DARK, roundness=7, seed=26)
    c.form(c.shape(oval(247, 248, 9, 9)), GOLD, roundness=6, shine=0.8, seed=27)
    c.form(c.shape([(268, 246, 1), (292, 242, 1), (294, 264), (284, 272), (270, 268)]), LEATHER, roundness=9, seed=28)


def hood(c):
    cowl = c.shape([(204, 136), (214, 112), (236, 104), (272, 104), (296, 116), (304, 140), (290, 156), (268, 146), (246, 164), (226, 150), (212, 152)])
    c.form(cowl, CLOAK, roundness=20, seed=30)
    c.fold(cowl, [(214, 126), (236, 142), (250, 156)], [(296, 126), (272, 134), (252, 152)], width=7)
    c.form(c.shape(oval(246, 154, 7, 8)), GOLD, roundness=5, shine=0.9, seed=31)


def head(c):
    c.form(c.shape([(266, 60), (288, 74), (292, 110), (302, 140), (296, 176), (286, 196, 1), (286, 160), (274, 130), (262, 110)]), HAIR * 0.8,
           roundness=12, seed=39)
    c.form(c.shape(limb([(254, 96), (254, 122)], [24, 26])), SKIN * 0.78, roundness=14, seed=40)
    face = c.shape([(221, 62), (228, 44), (250, 38), (272, 48), (276, 76), (266, 98), (248, 112), (238, 114), (229, 106), (221, 90), (217, 80)])
    c.form(face, SKIN, roundness=24, shade=0.6, seed=41)
    c.tint(c.blur(c.shape(oval(258, 92, 12, 8, -30)), 4) * face, rgb("c8604c"), 0.45)
    c.tint(c.blur(c.shape(oval(225, 92, 6, 6)), 3) * face, rgb("c8604c"), 0.4)
    c.tint(c.blur(c.shape([(232, 104), (250, 106), (268, 92), (272, 104), (250, 118)]), 3) * face, COOL, 0.35)


def features(c):
    """What a fine brush does last."""
    ink = rgb("3a2018")
    for x, w in ((229, 6), (252, 8)):
        c.tint(c.blur(c.shape(oval(x, 78, w + 2, 5.5)), 1.6), SKIN * 0.6, 0.6)
        c.paint(c.shape(oval(x, 80, w, 4)), rgb("f3e6d8"))
        c.paint(c.shape(oval(x - 1.4, 80, 3.4, 3.9)), rgb("3c6b4a"))
        c.paint(c.shape(oval(x - 1.4, 80.2, 1.7, 2)), ink)
        c.paint(c.shape(oval(x - 2.4, 78.4, 1, 1)), rgb("ffffff"))
        c.paint(c.stroke([(x - w - 0.6, 80), (x - w * 0.4, 76), (x + w * 0.5, 76), (x + w + 1.4, 79.4)], [1, 2.3, 2.2, 1]), ink)
        c.paint(c.stroke([(x - w, 72), (x, 68.4), (x + w + 1, 71.5)], [1, 2.6, 1]), HAIR * 0.55)
    c.paint(c.blur(c.stroke([(238, 78), (233, 91), (236, 95)], [0.6, 1.6, 1]), 0.6), SKIN * 0.62, 0.9)
    c.paint(c.blur(c.stroke([(237, 76), (234.6, 90)], [1.6, 2.2]), 0.8), rgb("ffdcc0"), 0.7)
    c.paint(c.stroke([(231, 102), (236, 100.6), (240, 101.4), (247, 101)], [0.8, 2.6, 2.6, 0.6]), rgb("a24a44"))
    c.paint(c.stroke([(234, 105), (240, 105.6)], [1.2, 1.6]), rgb("d98878"), 0.8)


def hair(c):
    cap = c.shape([(217, 78), (214, 56), (226, 36), (250, 26), (276, 36), (288, 62), (288, 92), (278, 112, 1), (276, 84), (266, 62), (248, 54), (236, 58),
                   (226, 66), (222, 86, 1)])
    c.form(cap, HAIR, roundness=18, shine=0.5, grain=0.25, seed=50)
    c.fold(cap, [(246, 30), (228, 44), (219, 70)], [(252, 32), (268, 48), (278, 80)], [(262, 34), (282, 56), (284, 92)], [(250, 40), (240, 46), (232, 58)],
           width=4, dark=0.6, bright=0.5)
    c.form(c.shape([(272, 74), (286, 69, 1), (280, 84), (273, 88)]), SKIN, roundness=5, seed=51)
    braid = [(276, 96), (282, 118), (276, 142), (282, 168), (276, 190)]
    for i, (x, y) in enumerate(np.array([np.array(braid[0]) + (np.array(braid[-1]) - braid[0]) * t for t in np.linspace(0, 1, 9)])):
        c.form(c.shape(oval(x + (3 if i % 2 else -3) + 2 * np.sin(i), y, 10 - i * 0.4, 8.5, 35 if i % 2 else -35)), HAIR, roundness=6, shine=0.5, seed=52 + i)
    c.form(c.shape(oval(277, 199, 6, 4)), GOLD, roundness=3)
    c.form(c.shape([(271, 201), (283, 201), (282, 216), (275, 226, 1), (272, 214)]), HAIR, roundness=6, seed=63)


def quiver(c):
    body = c.shape(limb([(312, 116), (292, 180), (282, 240)], [27, 25, 22], round_ends=False))
    for i, x in enumerate((300, 310, 320)):
        top = (x + 9, 76 + 5 * i)
        c.form(c.shape(limb([(x - 4, 124), top], [2.6, 2.6])), WOOD, roundness=2, cast=0)
        c.form(c.shape([(top[0] - 5, top[1] - 3, 1), (top[0] + 5, top[1], 1), (top[0] + 2, top[1] + 20, 1), (top[0] - 8, top[1] + 17, 1)]),
               (rgb("c84a3c"), rgb("e6ddc8"), rgb("c84a3c"))[i], roundness=4, seed=70 + i)
    c.form(body, LEATHER_DARK, roundness=12, shine=0.3, seed=74)
    c.form(c.shape(limb([(298, 112), (326, 119)], [9, 9])), GOLD * 0.85, roundness=4, seed=75)


def strokes(picture, seed):
    """Paints an RGB picture f32 [H,W,3] again with a brush."""
    rng, (h, w) = np.random.default_rng(seed), picture.shape[:2]
    canvas = cv2.GaussianBlur(picture, (0, 0), 5)
    for radius in (7, 4, 2.2, 1.3):
        soft = cv2.GaussianBlur(picture, (0, 0), radius * 0.45)
        grey = cv2.GaussianBlur(soft.mean(-1), (0, 0), max(2.0, radius))
        gx, gy = cv2.Sobel(grey, cv2.CV_32F, 1, 0), cv2.Sobel(grey, cv2.CV_32F, 0, 1)
        wrong = cv2.GaussianBlur(np.abs(soft - canvas).max(-1), (0, 0), radius)
        gap = max(1.0, radius * 0.75)
        places = [(x, y) for y in np.arange(0, h, gap) for x in np.arange(0, w, gap)]
        places = [places[i] for i in rng.permutation(len(places))]
        for x, y in places:
            x, y = x + rng.normal() * gap * 0.4, y + rng.normal() * gap * 0.4
            i, j = int(np.clip(y, 0, h - 1)), int(np.clip(x, 0, w - 1))
            if radius < 7 and wrong[i, j] < 0.022:
                continue
            angle = np.arctan2(gx[i, j], -gy[i, j]) if abs(gx[i, j]) + abs(gy[i, j]) > 0.004 else 1.2
            angle += rng.normal() * 0.2
            reach = radius * (1.6 + rng.random())
            d = np.array([np.cos(angle), np.sin(angle)]) * reach
            a, b = (np.array([x, y]) - d) * 16, (np.array([x, y]) + d) * 16
            colour = soft[i, j] * (1 + rng.normal() * 0.035) + rng.normal(size=3) * 0.008
            cv2.line(canvas, tuple(np.round(a).astype(int).tolist()), tuple(np.round(b).astype(int).tolist()), colour.tolist(),
                     max(1, int(round(radius * 1.5))), cv2.LINE_AA, 4)
    return np.clip(canvas, 0, 1)


def brushed(c):
    """The canvas with strokes laid over it; outside the figure the colours run on, so that no stroke brings black."""
    rgba = c.finish().astype(np.float32) / 255
    colour, alpha = rgba[..., :3].copy(), rgba[..., 3]
    sure = (alpha > 0.97).astype(np.float32)
    for radius in (2, 4, 8, 16, 32):
        weight = cv2.GaussianBlur(sure, (0, 0), radius)
        spread = cv2.GaussianBlur(colour * sure[..., None], (0, 0), radius) / np.maximum(weight, 1e-4)[..., None]
        fill = (sure < 0.5) & (weight > 0.02)
        colour[fill] = spread[fill]
        sure[fill] = 1
    painted = strokes(colour, 7)
    ragged = noise(alpha.shape, 7, 9, 2) - 0.5
    alpha = step(0.25, 0.75, cv2.GaussianBlur(alpha, (0, 0), 1.1) + 0.35 * ragged * (alpha < 0.98) * (alpha > 0.02))
    return painted, alpha


def main(folder):
    c = Painting(512, 512, fine=2)
    quiver(c)
    cloak(c)
    arm(c, (296, 146), (316, 204), (314, 256), (313, 264), 80, 0.8)
    leg(c, (274, 272), (282, 352), (290, 440), 262, 90)
    leg(c, (234, 274), (226, 358), (222, 458), 184, 100)
    bow(c)
    torso(c)
    hood(c)
    arm(c, (212, 148), (176, 206), (138, 254), (128, 264), 110, 1.0)
    head(c)
    hair(c)
    painted, alpha = brushed(c)
    fine = Painting(512, 512, fine=2)
    features(fine)
    over = fine.finish().astype(np.float32) / 255
    painted = mix(painted, over[..., :3], over[..., 3])
    out = np.round(np.dstack([painted, alpha]) * 255).astype(np.uint8)
    out[out[..., 3] == 0] = 0
    Image.fromarray(out).save(folder / "painted-ranger.png", optimize=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
