"""Draw examples/knight.png with the training generator: knight.py OUT [size]"""
import sys

import numpy as np
from PIL import Image

import draw
import poses
from characters import make_char
from data import straight


def knight():
    c = make_char(11, "classic")
    c.skin, c.haircol, c.eye, c.eyesz = (236, 190, 140), (96, 58, 32), (35, 45, 80), .15
    c.top, c.bot, c.acc = (176, 42, 48), (58, 62, 84), (226, 182, 74)
    c.metal, c.leath, c.outl, c.ow = (172, 182, 200), (104, 66, 40), (26, 20, 32), 2.4
    c.line, c.shade, c.pixel, c.H, c.ground, c.cx = "dark", True, False, 50., 60., 32.
    c.headf = .27
    c.legf = (1 - c.headf) * .49
    c.torf = 1 - c.headf - c.legf
    c.armf, c.sho, c.hip = (c.torf + .12) * .97, .135, .09
    c.limb, c.legw = .046, .054
    c.shape, c.sleeve, c.pants, c.skirt, c.pat = "armour", "long", "long", .3, "cross"
    c.top, c.bot = (172, 182, 200), (176, 42, 48)
    c.belt, c.beltcol, c.buckle = True, (104, 66, 40), (226, 182, 74)
    c.boot, c.bootcol, c.glove, c.glovecol = .6, (120, 128, 146), True, (120, 128, 146)
    c.pauld, c.hair, c.hat, c.hatcol, c.beard, c.ear, c.fringe = True, "short", "helmet", (172, 182, 200), False, False, .15
    c.cape, c.capecol, c.capelen = True, (150, 34, 44), .8
    c.weapon = c.shield = None
    return c


def picture(size=256, yaw=45):
    """straight RGBA"""
    im, m, _ = draw.render(knight(), poses.pose(saR=16, saL=16, efR=14, efL=14), yaw, scale=4)
    rgba = np.concatenate([np.asarray(im), np.asarray(m)[..., None]], 2)
    return Image.fromarray(straight(np.asarray(Image.fromarray(rgba, "RGBa").reduce(1024 // size))), "RGBA")


if __name__ == "__main__":
    picture(int(sys.argv[2]) if len(sys.argv) > 2 else 256).save(sys.argv[1])
