"""A character is a seed: colours, proportions, clothes, hair, hat, props, drawing style."""
import colorsys
import random

S = 64          # side of a frame

SKIN = [(255, 224, 189), (241, 194, 125), (224, 172, 105), (198, 134, 66), (141, 85, 36), (90, 56, 37), (250, 208, 180)]
ODD = [(110, 160, 80), (90, 130, 200), (170, 170, 180), (200, 80, 70), (150, 110, 190), (230, 230, 220)]
HAIR = [(40, 26, 20), (90, 56, 30), (150, 96, 45), (225, 185, 90), (200, 80, 40), (235, 235, 235), (130, 130, 135), (25, 25, 30)]
METAL = [(170, 178, 190), (120, 126, 138), (205, 170, 70), (170, 110, 60), (80, 84, 96), (210, 215, 225)]
LEATHER = [(110, 70, 40), (70, 46, 30), (150, 105, 60), (50, 44, 42), (90, 84, 74)]
PLAIN = [(235, 235, 230), (45, 45, 52), (120, 120, 125), (90, 60, 40)]
INK = [(25, 20, 28), (15, 15, 20), (48, 30, 28), (30, 30, 55)]
EYES = [(20, 20, 25), (30, 60, 140), (30, 90, 50), (90, 50, 20), (160, 20, 20)]


def hsv(h, s, v):
    return tuple(int(255 * c) for c in colorsys.hsv_to_rgb(h % 1, s, v))


class Character:
    """plain fields; lengths are fractions of the total height H unless they say otherwise"""


def make_char(seed):
    r = random.Random(seed * 7919 + 13)
    c, u = Character(), r.uniform

    def cloth():
        return hsv(r.random(), u(.15, .95), u(.25, .98)) if r.random() < .8 else r.choice(PLAIN)

    c.skin = r.choice(SKIN) if r.random() < .82 else r.choice(ODD)
    c.haircol = r.choice(HAIR) if r.random() < .75 else hsv(r.random(), u(.4, .9), u(.4, .95))
    c.top, c.bot, c.acc = cloth(), cloth(), cloth()
    c.metal, c.leath = r.choice(METAL), r.choice(LEATHER)
    # the style: ink colour, its width in quarter pixels, whose colour lines take, shading, pixel art
    c.outl = tuple(int(x * u(.6, 1)) for x in r.choice(INK))
    c.ow = u(1.6, 3.4)
    c.line = "self" if r.random() < .2 else "dark"
    c.shade = r.random() < .8
    c.pixel = r.random() < .2
    # proportions; H, ground and cx are pixels of the frame
    c.H = u(.66, .84) * S
    c.ground = u(.90, .96) * S
    c.cx = S / 2 + u(-2, 2)
    c.headf = u(.17, .24) if r.random() < .5 else u(.26, .42)
    chib = (c.headf - .17) / .25
    c.legf = (1 - c.headf) * u(.46, .54)
    c.torf = 1 - c.headf - c.legf
    c.armf = (c.torf + .12) * u(.85, 1.1)
    c.sho = u(.095, .14) + .02 * chib
    c.hip = c.sho * u(.5, .75)
    c.limb = u(.030, .046) + .014 * chib
    c.legw = c.limb * u(1.05, 1.4)
    # clothes
    c.shape = r.choice(["shirt", "shirt", "tunic", "armour", "armour", "robe", "dress", "vest"])
    c.sleeve = r.choice(["long", "long", "short", "none"])
    c.pants = r.choice(["long", "long", "short", "skin"])
    c.skirt = {"tunic": u(.3, .5), "robe": u(.85, .98), "dress": u(.5, .9)}.get(c.shape, u(.25, .4) if r.random() < .15 else 0)
    c.pat = r.choice([None, None, "hstripe", "vstripe", "cross", "collar", "dots", "half", "cheq"])
    c.belt = r.random() < .6
    c.beltcol = r.choice([c.leath, c.acc])
    c.buckle = r.choice(METAL)
    c.boot = r.choice([.0, .35, .6, .75])
    c.bootcol = r.choice([c.leath, c.acc, c.metal, c.leath])
    c.glove = r.random() < .4
    c.glovecol = r.choice([c.leath, c.acc, c.metal])
    c.pauld = c.shape == "armour" and r.random() < .7
    # head
    c.hair = r.choice(["short", "short", "long", "spiky", "pony", "bald", "bob", "mohawk"])
    c.fringe = u(.05, .4)
    c.hat = r.choice([None, None, None, "helmet", "helmet", "wizard", "hood", "band", "crown", "cap", "horned"])
    c.hatcol = r.choice([c.acc, c.top, c.metal]) if c.hat not in ("helmet", "horned") else c.metal
    c.beard = r.random() < .15
    c.eye = r.choice(EYES)
    c.eyesz = u(.10, .2)
    # what it wears on its back and holds
    c.cape = r.random() < .28
    c.capecol = cloth()
    c.capelen = u(.55, .95)
    c.weapon = r.choice([None, None, None, None, None, "sword", "sword", "staff", "spear", "axe", "club"])
    c.wlen = u(.32, .6)
    c.shield = r.choice([None, None, None, None, None, "round", "kite"])
    c.shcol = cloth()
    c.shsz = u(.09, .15)
    c.ear = r.random() < .25
    return c
