"""A character is a seed: colours, proportions, clothes, hair, hat, props, drawing style.

make_char(seed) is of the whole variety (variety.py); make_char(seed, "classic") is the
plain adventurer that the first studies measured, whose pictures stay as they were.
"""
import random

import variety
from colours import EYES, HAIR, INK, LEATHER, METAL, ODD, PLAIN, SKIN, hsv

S = 64          # side of a frame


class Character:
    """plain fields; lengths are fractions of the total height H unless they say otherwise"""
    look = "classic"            # or ink, flat, cells, soft, render, line, native, grain
    body = "plain"              # or chibi, tall, heavy, thin, robot, creature
    side = S                    # pixels a frame of native pixel art is wide
    colours = None              # its palette, [n,3]
    tones, shadow = 2, None     # steps of shading, and what its dark side is mixed with
    blur = grain = fall = 0     # soft edges inside, noise, light from above
    far = 1                     # how dark the farther limbs are
    boxy = False                # limbs of straight edges
    hand = foot = headw = hairlen = 1
    belly = hunch = pitch = 0   # pitch: degrees that the eye is above the figure
    wings = tail = bag = scarf = None


def make_char(seed, style="all"):
    c = classic(seed)
    if style != "classic":
        variety.vary(c, random.Random(seed * 104729 + 71))
    return c


def classic(seed):
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
