"""What a figure holds, and what hangs on its back: drawn by the painter's pen at the painter's places."""
import math

from pen import dark, mix

FLAME, STRING = (250, 170, 50), (225, 220, 205)


def weapon(at, w, direction):
    """in the right hand at `w`, pointing along `direction`"""
    c, pen, lim = at.c, at.pen, at.lim
    ax, ay = direction[0], direction[1]
    nx, ny, g = -ay, ax, lim * .38
    if c.look != "classic":
        g = max(g, .011 * at.h, pen.width * .4)
    length = c.wlen * at.h * {"spear": 1.25, "staff": 1.25, "trident": 1.3, "greatsword": 1.35}.get(c.weapon, 1)

    def along(t):
        return w[0] + ax * length * t, w[1] + ay * length * t

    def beside(p, s, t):
        return p[0] + nx * s + ax * t, p[1] + ny * s + ay * t
    tip = along(1)
    if c.weapon in ("sword", "greatsword", "dagger"):
        wide = {"sword": 1, "greatsword": 1.8, "dagger": .8}[c.weapon]
        if c.weapon == "greatsword":
            pen.chain([(along(-.2), w, g, g, c.leath)])
        pen.chain([(w, tip, g * 1.5 * wide, g * .7 * wide, c.metal)])
        guard = [beside(w, s * g * 3.4 * wide ** .5, 4) for s in (1, -1)]
        pen.chain([(*guard, g, g, c.buckle)], False)
    elif c.weapon == "spear":
        pen.chain([(along(-.5), tip, g * .8, g * .8, c.leath)])
        pen.chain([(tip, (tip[0] + ax * lim * 2, tip[1] + ay * lim * 2), g * 2.2, g * .3, c.metal)])
    elif c.weapon == "trident":
        pen.chain([(along(-.5), tip, g * .8, g * .8, c.leath)])
        pen.chain([(beside(tip, s * lim, -.2 * lim), beside(tip, s * lim, lim * 1.8), g, g * .4, c.metal) for s in (-1, 0, 1)])
    elif c.weapon == "staff":
        pen.chain([(along(-.5), tip, g, g, c.leath)])
        pen.outlined_ellipse(tip[0], tip[1], lim * 1.1, lim * 1.1, c.acc)
    elif c.weapon in ("wand", "torch"):
        pen.chain([(along(-.1), tip, g, g, c.leath)])
        r = lim * (.7 if c.weapon == "wand" else 1.1)
        pen.outlined_ellipse(*beside(tip, 0, r * .5), r, r * 1.2, c.acc if c.weapon == "wand" else FLAME, False)
    elif c.weapon == "axe":
        pen.chain([(along(-.18), tip, g, g, c.leath)])
        m = mix(w, tip, .85)
        pen.outlined_poly([m] + [(m[0] + nx * lim * 2.4 + ax * lim * s, m[1] + ny * lim * 2.4 + ay * lim * s) for s in (1.4, -1.6)], c.metal)
    elif c.weapon == "hammer":
        pen.chain([(along(-.18), tip, g, g, c.leath)])
        r = lim * 1.6
        pen.outlined_poly([beside(tip, s * r, t * r * .6) for s, t in ((-1, -1), (1, -1), (1, 1), (-1, 1))], c.metal)
    elif c.weapon == "pick":
        pen.chain([(along(-.18), tip, g, g, c.leath)])
        pen.chain([(tip, beside(tip, s * lim * 2.6, -lim), g * 1.6, g * .4, c.metal) for s in (-1, 1)])
    else:
        pen.chain([(along(-.18), tip, g * .9, g * 2.6, c.leath)])


def bow(at):
    """in the left hand, across the forearm"""
    c, (wx, wy), (ex, ey) = at.c, at.q["wriL"], at.q["elbL"]
    n = math.hypot(wx - ex, wy - ey)
    ax, ay = ((wx - ex) / n, (wy - ey) / n) if n > at.lim else (0, 1)
    r, g = c.wlen * at.h * .62, max(at.lim * .3, .012 * at.h)

    def point(t):
        across, forward = math.sin(t) * r, (math.cos(t) - 1) * r * .75
        return wx - ay * across + ax * forward, wy + ax * across + ay * forward
    arc = [point(t * .24) for t in range(-5, 6)]
    at.pen.chain([(arc[0], arc[-1], g * .3, g * .3, STRING)], False)
    at.pen.chain([(a, b, g, g, c.leath) for a, b in zip(arc, arc[1:])], False)


def shield(at, w):
    c, r, pen = at.c, at.c.shsz * at.h, at.pen
    wx = r * (abs(at.cy) * .75 + .3)
    if c.shield in ("round", "buckler"):
        pen.outlined_ellipse(w[0], w[1], wx, r, c.shcol)
        pen.outlined_ellipse(w[0], w[1], wx * .35, r * .35, c.metal, False)
    elif c.shield == "tower":
        pen.outlined_poly([(w[0] - wx, w[1] - r * 1.5), (w[0] + wx, w[1] - r * 1.5), (w[0] + wx, w[1] + r * 1.5), (w[0] - wx, w[1] + r * 1.5)], c.shcol)
        pen.stroke((w[0] - wx * .8, w[1]), (w[0] + wx * .8, w[1]), c.metal, 5)
    else:
        pen.outlined_poly([(w[0] - wx, w[1] - r), (w[0] + wx, w[1] - r), (w[0] + wx * .9, w[1] + r * .3),
                           (w[0], w[1] + r * 1.5), (w[0] - wx * .9, w[1] + r * .3)], c.shcol)
        pen.stroke((w[0], w[1] - r), (w[0], w[1] + r * 1.2), c.metal, 4)


# ------------------------------------------------------------------ on the back
def behind(at):
    """wings, tail and bag: before the trunk is drawn, or after it if the back is to us"""
    c = at.c
    if c.tail:
        tail(at)
    if c.wings:
        wings(at)
    if c.bag:
        bag(at)


def wings(at):
    c, sy = at.c, at.sy
    x, y = mix(at.q["neck"], at.q["root"], .2)
    x -= sy * at.sw * .5
    h, col = at.h, c.capecol
    for s in (-1, 1):
        side = s * abs(at.cy) - sy * .75
        if abs(side) < .15:
            continue
        tip = (x + side * h * .34, y - h * .2)
        if c.wings == "bat":
            pts = [(x, y), tip, (x + side * h * .33, y + h * .12), (x + side * h * .22, y + h * .06), (x + side * h * .16, y + h * .2),
                   (x + side * h * .08, y + h * .1)]
        else:
            pts = [(x, y), (x + side * h * .16, y - h * .2), tip, (x + side * h * .30, y + h * .04), (x + side * h * .20, y + h * .18), (x, y + h * .16)]
        at.pen.outlined_poly(pts, col)


def tail(at):
    c, sy = at.c, at.sy
    x, y = at.q["root"]
    side = -sy if abs(sy) > .3 else .8
    r = at.lim * (.45 if c.tail == "thin" else 1.1)
    pts = [(x, y), (x + side * .13 * at.h, y + .10 * at.h), (x + side * .24 * at.h, y + .09 * at.h), (x + side * .30 * at.h, y - .02 * at.h)]
    at.pen.chain([(a, b, r * (1 - .2 * i), r * (.8 - .2 * i), c.skin) for i, (a, b) in enumerate(zip(pts, pts[1:]))])


def bag(at):
    c, sw, sy = at.c, at.sw, at.sy
    if c.bag == "back":
        x, y = mix(at.q["neck"], at.q["root"], .45)
        x -= sy * at.hw * 1.1
        at.pen.outlined_ellipse(x, y, sw * .75, at.h * c.torf * .42, c.leath)
    else:
        x, y = at.q["hipR"]
        at.pen.outlined_ellipse(x - at.cy * at.hw * .5, y, at.lim * 1.6, at.lim * 1.5, dark(c.leath, .85))
