"""What a figure wears on its head."""
import math

from pen import dark

HORN, GOLD = (235, 225, 200), (230, 190, 60)


def hat(at):
    c, pen, hr, sy, (hx, hy) = at.c, at.pen, at.hr, at.sy, at.q["head"]

    def dome(rx, base, ry):
        return [(hx + math.cos(t) * hr * rx, hy - hr * base - math.sin(t) * hr * ry) for t in [math.pi * i / 8 for i in range(9)]]
    if c.hat in ("helmet", "horned", "plume"):
        if c.hat == "horned":
            for s in (-1, 1):
                pen.outlined_poly([(hx + s * hr * .7, hy - hr * .3), (hx + s * hr * 1.5, hy - hr * 1.1), (hx + s * hr * .8, hy - hr * .75)], HORN)
        if c.hat == "plume":
            pen.chain([((hx - sy * hr * .2, hy - hr), (hx - sy * hr * 1.1, hy - hr * 1.35), hr * .3, hr * .2, c.acc)])
        pen.outlined_poly(dome(1.06, .1, 1.0), c.hatcol)
        pen.stroke((hx - hr, hy - hr * .12), (hx + hr, hy - hr * .12), c.acc, max(3, int(hr * .14)))
    elif c.hat == "wizard":
        pen.outlined_poly([(hx - hr * .75, hy - hr * .45), (hx - sy * hr * .5, hy - hr * 1.9), (hx + hr * .75, hy - hr * .45)], c.hatcol)
        pen.outlined_ellipse(hx, hy - hr * .45, hr * 1.35, hr * .24, c.hatcol, False)
    elif c.hat == "cap":
        pen.outlined_poly(dome(.98, .35, .72), c.hatcol)
        if not at.back:
            pen.outlined_ellipse(hx + sy * hr * .8, hy - hr * .33, hr * .6, hr * .12, dark(c.hatcol), False)
    elif c.hat == "band":
        pen.stroke((hx - hr * .9, hy - hr * .35), (hx + hr * .9, hy - hr * .35), c.acc, max(4, int(hr * .24)))
    elif c.hat == "crown":
        points = ((-.8, .45), (-.9, 1.15), (-.4, .8), (0, 1.25), (.4, .8), (.9, 1.15), (.8, .45))
        pen.outlined_poly([(hx + hr * x, hy - hr * y) for x, y in points], GOLD, False)
    else:
        more(at)


def more(at):
    """hats of the greater variety"""
    c, pen, hr, sy, (hx, hy) = at.c, at.pen, at.hr, at.sy, at.q["head"]

    def both(pts, col, shade=True):
        for s in (-1, 1):
            pen.outlined_poly([(hx + (s * x * (abs(at.cy) * .8 + .2) - sy * .15) * hr, hy - y * hr) for x, y in pts], col, shade)
    if c.hat == "tophat":
        pen.outlined_poly([(hx - hr * .7, hy - hr * .5), (hx - hr * .75, hy - hr * 1.7), (hx + hr * .75, hy - hr * 1.7), (hx + hr * .7, hy - hr * .5)], c.hatcol)
        pen.outlined_ellipse(hx, hy - hr * .5, hr * 1.2, hr * .2, c.hatcol, False)
    elif c.hat == "straw":
        pen.outlined_ellipse(hx, hy - hr * .6, hr * 1.75, hr * .35, c.hatcol)
        pen.outlined_poly([(hx - hr * .8, hy - hr * .6), (hx - hr * .4, hy - hr * 1.15), (hx + hr * .4, hy - hr * 1.15), (hx + hr * .8, hy - hr * .6)], c.hatcol)
    elif c.hat == "antlers":
        both([(.3, .85), (.7, 1.6), (1.2, 1.9), (.9, 1.5), (1.4, 1.4), (.85, 1.3)], HORN, False)
    elif c.hat == "ears":
        both([(.15, .85), (.55, 1.7 if c.headf < .3 else 1.4), (.85, .55)], c.haircol if c.hair != "bald" else c.skin)
    elif c.hat == "halo":
        pen.outlined_ellipse(hx, hy - hr * 1.45, hr * .75, hr * .16, GOLD, False)
    elif c.hat == "antenna":
        pen.chain([((hx, hy - hr * .9), (hx, hy - hr * 1.5), hr * .09, hr * .09, c.metal)], False)
        pen.outlined_ellipse(hx, hy - hr * 1.55, hr * .2, hr * .2, c.acc, False)
