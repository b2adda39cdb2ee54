"""What makes a plain character one of many: body types, ways of drawing, props.

Everything here is drawn from a generator of random numbers of its own, after the plain
character, so that a seed's plain character stays what it was.
"""
import numpy as np

import colours

BODIES = dict(plain=40, chibi=15, tall=8, heavy=10, thin=7, robot=8, creature=12)
LOOKS = dict(classic=14, ink=16, flat=8, cells=9, soft=10, render=8, line=9, native=20, grain=6)
WEAPONS = ["sword", "staff", "spear", "axe", "club", "greatsword", "bow", "bow", "hammer", "pick", "wand", "torch", "trident", "dagger"]
HATS = [None, None, None, "helmet", "wizard", "hood", "band", "crown", "cap", "horned", "tophat", "straw", "plume", "antlers", "ears", "halo"]
TINTS = [(40, 30, 80), (20, 40, 70), (70, 25, 40), (30, 30, 30)]
COLOURS = "skin haircol top bot acc metal leath beltcol buckle bootcol glovecol hatcol capecol shcol".split()


def pick(r, weights):
    return r.choices(list(weights), weights.values())[0]


def blend(a, b, t):
    return tuple(int(x * (1 - t) + y * t) for x, y in zip(a, b))


def vary(c, r):
    c.body, c.look = pick(r, BODIES), pick(r, LOOKS)
    c.pixel = False
    BUILD[c.body](c, r)
    if r.random() < .25:
        c.hand, c.foot = c.hand * r.uniform(.9, 1.6), c.foot * r.uniform(.9, 1.6)
    if r.random() < .15:
        c.pitch = r.uniform(4, 24)
    props(c, r)
    DRAWN[c.look](c, r)


# ------------------------------------------------------------------ bodies
def shape(c, headf, legs, r):
    """the head's share of the height, and the legs' of the rest"""
    c.headf = headf
    c.legf = (1 - headf) * legs
    c.torf = 1 - headf - c.legf
    c.armf = (c.torf + .12) * r.uniform(.85, 1.1)


def plain(c, r):
    pass


def chibi(c, r):
    u = r.uniform
    shape(c, u(.40, .52), u(.36, .48), r)
    c.armf, c.sho = (c.torf + .07) * u(.8, 1), u(.10, .145)
    c.hip, c.limb = c.sho * u(.55, .8), u(.038, .060)
    c.legw, c.eyesz, c.hand = c.limb * u(1, 1.3), u(.14, .26), u(.9, 1.3)


def tall(c, r):
    u = r.uniform
    shape(c, u(.115, .155), u(.50, .56), r)
    c.sho, c.limb = u(.085, .115), u(.024, .036)
    c.hip, c.legw = c.sho * u(.5, .75), c.limb * u(1.1, 1.4)


def heavy(c, r):
    u = r.uniform
    shape(c, u(.16, .30), u(.38, .48), r)
    c.sho, c.limb, c.belly = u(.145, .19), u(.052, .078), u(0, .07)
    c.hip, c.legw = c.sho * u(.6, .85), c.limb * u(1, 1.25)


def thin(c, r):
    u = r.uniform
    shape(c, u(.16, .28), u(.48, .56), r)
    c.sho, c.limb = u(.065, .09), u(.017, .026)
    c.hip, c.legw = c.sho * u(.5, .7), c.limb * u(1, 1.25)


def robot(c, r):
    u = r.uniform
    shape(c, u(.18, .34), u(.38, .52), r)
    c.boxy, c.hair, c.beard, c.ear, c.skirt, c.cape = True, "bald", False, r.random() < .5, 0, False
    c.skin, c.top, c.bot = r.choice(colours.METAL), r.choice([c.metal, c.top]), r.choice([c.metal, c.bot])
    c.shape, c.sleeve, c.pants, c.headw = r.choice(["armour", "shirt"]), r.choice(["long", "none"]), "long", u(.9, 1.25)
    c.sho, c.limb = u(.11, .17), u(.032, .060)
    c.hip, c.legw = c.sho * u(.55, .85), c.limb * u(1, 1.5)
    c.eye, c.hand, c.foot = r.choice([(250, 60, 40), (60, 220, 250), (250, 220, 60), (20, 20, 25)]), u(.9, 1.5), u(.9, 1.6)


def creature(c, r):
    u = r.uniform
    shape(c, u(.18, .42), u(.30, .50), r)
    c.skin = r.choice(colours.ODD) if r.random() < .6 else colours.hsv(r.random(), u(.2, .8), u(.3, .9))
    c.armf *= u(.9, 1.35)
    c.sho, c.limb = u(.085, .165), u(.028, .064)
    c.hip, c.legw = c.sho * u(.5, .95), c.limb * u(.9, 1.4)
    c.hunch, c.hand, c.foot, c.headw = r.choice([0, 0, u(5, 28)]), u(.9, 1.9), u(.9, 1.9), u(.85, 1.35)
    c.ear, c.beard, c.belly = r.random() < .6, False, r.choice([0, 0, u(0, .06)])
    if r.random() < .55:
        c.hair = "bald"
    if r.random() < .45:
        c.top, c.bot, c.sleeve, c.pants, c.shape, c.pat, c.boot = c.skin, c.skin, "none", "skin", "shirt", None, 0
        c.skirt, c.glove, c.belt, c.bootcol = r.choice([0, 0, .3]), False, r.random() < .4, c.skin
    c.tail = r.choice([None, "thin", "thick"])


BUILD = dict(plain=plain, chibi=chibi, tall=tall, heavy=heavy, thin=thin, robot=robot, creature=creature)


# ------------------------------------------------------------------ props
def props(c, r):
    u = r.uniform
    c.weapon = r.choice(WEAPONS) if r.random() < .38 else None
    c.shield = r.choice(["round", "kite", "tower", "buckler"]) if r.random() < .2 and c.weapon not in ("bow", "greatsword") else None
    c.shsz = u(.07, .10) if c.shield == "buckler" else u(.09, .15)
    c.wlen = u(.24, .34) if c.weapon in ("dagger", "wand", "torch") else u(.32, .62)
    hats = HATS + ["antenna", "antenna", None] if c.boxy else HATS
    c.hat = r.choice(hats)
    c.hatcol = r.choice([c.acc, c.top, c.metal, c.leath]) if c.hat not in ("helmet", "horned", "plume", "antenna") else c.metal
    if c.hair == "long":
        c.hairlen = r.choice([1, u(.7, 2.2)])
    if r.random() < .10:
        c.wings = r.choice(["bat", "feather"])
    if r.random() < .07:
        c.tail = r.choice(["thin", "thick"])
    if r.random() < .14:
        c.bag = r.choice(["back", "side"])
    c.scarf = c.acc if r.random() < .08 else None


# ------------------------------------------------------------------ ways of drawing
def as_before(c, r):
    c.pixel = r.random() < .2


def ink(c, r):
    """a hard black outline round every part"""
    c.line, c.outl, c.ow = "dark", r.choice([(0, 0, 0), (12, 10, 14), (20, 14, 30)]), r.uniform(2.2, 5.2)
    c.shade = r.random() < .4


def flat(c, r):
    c.line, c.ow, c.shade, c.far = "none", 0, False, r.uniform(.7, .92)


def cells(c, r):
    """no outline, a hard edge between light and shade"""
    c.line, c.ow, c.shade, c.far, c.shadow = "none", 0, True, r.uniform(.75, .95), r.choice(TINTS)


def soft(c, r):
    """as if painted: many tones, blurred"""
    c.line, c.ow, c.shade = r.choice(["none", "self"]), r.choice([0, 1.5]), True
    c.tones, c.shadow, c.blur, c.fall, c.far = 5, r.choice(TINTS), r.uniform(.8, 2.2), r.uniform(0, .3), r.uniform(.75, 1)


def render(c, r):
    """as if lit: many tones, crisp"""
    c.line, c.ow, c.shade, c.tones = "none", 0, True, 7
    c.shadow, c.fall, c.far = (0, 0, 0), r.uniform(.1, .35), r.uniform(.8, 1)


def line(c, r):
    """ink on white paper, or nearly so"""
    tint = r.choice([1, 1, r.uniform(.8, .97)])
    for k in COLOURS:
        setattr(c, k, blend(getattr(c, k), (255, 255, 255), tint))
    if c.scarf:
        c.scarf = c.acc
    c.eye, c.outl, c.line, c.ow, c.shade = (20, 20, 25), r.choice([(0, 0, 0), (40, 40, 48), (60, 45, 40)]), "dark", r.uniform(1.4, 3.4), False


def native(c, r):
    """pixel art of 16 to 48 pixels: few colours, alpha all or nothing"""
    c.side = r.choice([22, 24, 28, 32, 32, 32, 40, 48, 48, 64])
    px = 4 * 64 / c.side                    # a pixel of the art in the pen's units
    c.line, c.outl = r.choice(["dark", "dark", "self", "none"]), r.choice(colours.INK + [(0, 0, 0)])
    c.ow = r.uniform(.45, .75) * px if c.line != "none" else 0
    c.shade, c.far = r.random() < .7, r.choice([1, r.uniform(.75, .95)])
    c.limb = max(c.limb, .55 * px / (c.H * 4))
    c.legw = max(c.legw, .6 * px / (c.H * 4))
    c.colours = palette(c)


def grain(c, r):
    r.choice([ink, soft, cells])(c, r)
    c.grain = r.uniform(.05, .2)


DRAWN = dict(classic=as_before, ink=ink, flat=flat, cells=cells, soft=soft, render=render, line=line, native=native, grain=grain)


def palette(c):
    """each colour of the character, its shade, and the ink"""
    own = [getattr(c, k) for k in COLOURS] + [c.eye, (250, 250, 250)]
    return np.array(sorted({tuple(x) for x in own + [blend(x, (0, 0, 0), .28) for x in own] + [c.outl]}), np.float32)
