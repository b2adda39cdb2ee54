"""cloaked-ghost.png: 256 px, a robe without arms or legs, seen from the front; flat colours, no outlines.

Usage: ghost.py FOLDER
"""
import sys
from pathlib import Path

import numpy as np
from PIL import Image

from kit import Canvas, limb, mix, oval, rgb, step

ROBE, DEEP, PALE = rgb("4a5fa8"), rgb("1f2a5c"), rgb("8fa8e8")
NIGHT, GLOW, TRIM, TRIM_DARK = rgb("0d0f24"), rgb("9ffbe6"), rgb("e9c46a"), rgb("a87534")


def fade(c, top, bottom, from_y, to_y):
    y = np.clip((c.grid()[1] - from_y) / (to_y - from_y), 0, 1)
    return mix(np.broadcast_to(top, y.shape + (3,)), bottom, y)


def robe(c):
    hem = [(40, 214), (46, 236, 1), (60, 222), (68, 250, 1), (86, 230), (98, 252, 1), (114, 234), (128, 255, 1), (144, 234), (158, 251, 1),
           (172, 230), (190, 249, 1), (198, 222), (212, 235, 1), (216, 212)]
    back = c.shape([(80, 120), (60, 170)] + [(128 + (x - 128) * 0.9, y - 12, *r) for x, y, *r in hem] + [(196, 170), (176, 120)])
    c.paint(back, DEEP * 0.62)
    front = c.shape([(128, 96), (92, 108), (66, 150), (48, 192)] + hem + [(208, 192), (190, 150), (164, 108)])
    c.paint(front, fade(c, ROBE, DEEP, 110, 250))
    x, y = c.grid()
    for x0, x1, w in ((84, 62, 13), (108, 98, 11), (150, 160, 11), (174, 196, 15)):
        fold = c.shape(limb([(x0, 138), ((x0 + x1) / 2, 190), (x1, 250)], [1, w * 0.7, w])) * front
        c.paint(c.blur(fold, 0.8) * front, DEEP * 0.8, 0.75)
    for x0, x1, w in ((76, 52, 6), (97, 82, 7), (128, 128, 8), (166, 182, 6)):
        fold = c.shape(limb([(x0, 132), ((x0 + x1) / 2, 186), (x1, 240)], [1, w, w * 0.4])) * front
        c.paint(fold, PALE, 0.42)
    edge = front * (1 - c.wider(front, -4)) * step(205, 212, y)
    c.paint(edge, PALE, 0.35)
    lit = front * step(0.3, 0.9, c.light(front, 40, (-0.8, -0.5, 0.35)))
    c.paint(lit, PALE, 0.3)


def mantle(c):
    cape = c.shape([(128, 96), (88, 104), (62, 134), (54, 160), (82, 174), (106, 170), (128, 190, 1), (150, 170), (174, 174), (202, 160), (194, 134), (168, 104)])
    c.paint(c.blur(cape, 4) * c.alpha, NIGHT, 0.6)
    c.paint(cape, fade(c, ROBE * 1.12, ROBE * 0.72, 100, 182))
    c.paint(cape * step(0.35, 0.9, c.light(cape, 22, (-0.7, -0.6, 0.4))), PALE, 0.55)
    c.paint(cape * step(0.1, -0.5, c.light(cape, 22, (-0.7, -0.6, 0.4))), DEEP, 0.6)
    trim = cape * (1 - c.wider(cape, -5)) * step(140, 146, c.grid()[1])
    c.paint(trim, fade(c, TRIM, TRIM_DARK, 140, 196))
    for x in (74, 92, 164, 182):
        c.paint(c.shape(oval(x, 158 if x in (74, 182) else 160, 3, 4)), TRIM, 0.9)


def hood(c):
    out = c.shape([(128, 14), (112, 10, 1), (88, 30), (70, 66), (68, 98), (84, 120), (104, 134), (128, 140), (152, 134), (172, 120), (188, 98),
                   (186, 66), (168, 34), (146, 18)])
    c.paint(c.blur(out, 4) * c.alpha, NIGHT, 0.6)
    c.paint(out, fade(c, ROBE * 1.15, ROBE * 0.7, 14, 136))
    light = c.light(out, 40, (-0.7, -0.6, 0.4))
    c.paint(out * step(0.45, 0.95, light), PALE, 0.6)
    c.paint(out * step(0.15, -0.5, light), DEEP, 0.7)
    for line in ([(112, 12), (104, 30), (96, 46)], [(120, 16), (128, 30), (142, 40)]):
        c.paint(c.stroke(line, [0.4, 3, 0.6]) * out, DEEP, 0.55)
    hole = c.shape([(128, 44), (100, 54), (86, 82), (92, 106), (110, 122), (128, 127), (146, 122), (164, 106), (170, 82), (156, 54)])
    c.paint(c.wider(hole, 5), fade(c, TRIM, TRIM_DARK, 44, 130))
    c.paint(c.wider(hole, 1), DEEP * 0.5)
    c.paint(hole, NIGHT)
    c.paint(c.blur(hole * c.shape([(90, 104), (128, 110), (166, 104), (150, 128), (106, 128)]), 5) * hole, rgb("24405c"), 0.8)
    for x, s in ((110, -1), (146, 1)):
        eye = c.shape(oval(x, 86, 9, 12, 8 * s))
        c.colour = np.clip(c.colour + (c.blur(eye, 7) * hole * 0.8)[..., None] * GLOW * 0.7, 0, 1)
        c.paint(eye, GLOW)
        c.paint(c.shape(oval(x, 88, 5, 8, 8 * s)), rgb("f4fffb"))
    for x in (94, 162):
        c.paint(c.blur(c.shape(oval(x, 104, 6, 3)), 2) * hole, rgb("f28fb0"), 0.5)
    c.paint(c.shape(oval(128, 104, 3.2, 4.2)), rgb("3d6f80"))


def charm(c):
    for points, colour in (([(128, 132, 1), (142, 146, 1), (128, 164, 1), (114, 146, 1)], TRIM),
                           ([(128, 137, 1), (137, 146, 1), (128, 158, 1), (119, 146, 1)], rgb("35c9b4"))):
        c.paint(c.shape(points), colour)
    c.paint(c.shape([(128, 137, 1), (128, 146, 1), (119, 146, 1)]), rgb("b9fff0"))
    c.paint(c.shape([(128, 158, 1), (128, 146, 1), (137, 146, 1)]), rgb("1c8a86"))


def main(folder):
    c = Canvas(256, 256)
    robe(c)
    mantle(c)
    hood(c)
    charm(c)
    Image.fromarray(c.finish()).save(folder / "cloaked-ghost.png", optimize=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
