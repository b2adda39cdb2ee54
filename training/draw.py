"""The painter: character + pose + yaw -> picture, mask, joints, what the hands hold.

Far limbs first, then the trunk, the head and near limbs; sizes come from the
character, places from the rig, both in quarter pixels of the frame.
"""
import math

import finish
import hats
import props
from pen import K, Pen, dark, mix
from rig import joints, rig

EYE_WHITE = (250, 250, 250)


class Painter:
    def __init__(self, c, p, yaw, scale=1):
        self.c, self.pen, self.rig = c, Pen(c, scale), rig(c, p, yaw)
        self.q = {k: v if k.startswith("wdir") else (v[0] * K, v[1] * K) for k, v in self.rig.items()}
        self.z = {k: v[2] for k, v in self.rig.items()}
        self.h = h = c.H * K
        self.lim, self.lw, self.hr = c.limb * h, c.legw * h, c.headf * c.H * K * .5
        self.cy, self.sy = math.cos(math.radians(yaw)), math.sin(math.radians(yaw))
        self.back = self.cy < -.3
        self.sw = (abs(self.cy) * c.sho + abs(self.sy) * c.sho * .62) * h                     # half widths of shoulders
        self.hw = (abs(self.cy) * c.hip * 1.25 + abs(self.sy) * c.hip * 1.0) * h + self.lw * .55  # and hips
        self.collar = mix(self.q["neck"], self.q["root"], .06)
        self.across = self.trunk_across() if c.look != "classic" else (1, 0)

    def trunk_across(self):
        """the picture's direction from side to side of the trunk"""
        (ax, ay), (bx, by) = self.q["neck"], self.q["root"]
        n = math.hypot(bx - ax, by - ay)
        return ((by - ay) / n, (ax - bx) / n) if n > .1 * self.h else (1, 0)

    def paint(self):
        c, z = self.c, self.z
        far, near = ("R", "L") if z["shoR"] < z["shoL"] else ("L", "R")
        if c.cape and not self.back:
            self.cape()
        if not self.back:
            props.behind(self)
            self.hair_behind()
        front = {n: z["wri" + n] > z["root"] - self.lim * .3 / K for n in "RL"}
        if abs(self.cy) < .8:
            front[far], front[near] = False, True
        dim = c.far if abs(self.sy) > .35 else 1
        for n in "RL":
            if not front[n]:
                self.pen.light = dim if n == far else 1
                self.arm(n)
        self.pen.light = dim
        self.leg(far)
        self.pen.light = 1
        self.leg(near)
        self.torso()
        if c.cape and self.back:
            self.cape()
        for n in (far, near):
            if front[n] and z["wri" + n] <= z["head"] + self.hr * .2 / K:
                self.arm(n)
                front[n] = False
        self.pen.chain([(mix(self.q["neck"], self.q["root"], .03), self.q["head"], self.lim * .8, self.lim * .8, c.skin)])
        self.head()
        if c.scarf:
            self.pen.chain([(mix(self.q["neck"], self.q["head"], .12), mix(self.q["neck"], self.q["root"], .06), self.sw * .45, self.sw * .5, c.scarf)])
        if self.back:
            self.hair_behind()
            props.behind(self)
        for n in (far, near):
            if front[n]:
                self.arm(n)

    # -------------------------------------------------------------- limbs
    def leg(self, n):
        c, q, lw = self.c, self.q, self.lw
        hip, knee, ankle, toe = (q[k + n] for k in ("hip", "kne", "ank", "toe"))
        upper = c.bot if c.pants != "skin" else c.skin
        lower = upper if c.pants == "long" else c.skin
        parts = [(hip, knee, lw, lw * .85, upper), (knee, ankle, lw * .85, lw * .72, lower)]
        if c.boot:
            parts.append((mix(ankle, knee, c.boot), ankle, lw * .95, lw * .85, c.bootcol))
        parts.append((ankle, toe, lw * .85, lw * .6 * c.foot, c.bootcol if c.boot else dark(c.leath, .9)))
        self.pen.chain(parts)

    def arm(self, n):
        c, q, lim = self.c, self.q, self.lim
        shoulder, elbow, wrist = q["sho" + n], q["elb" + n], q["wri" + n]
        upper = c.top if c.sleeve != "none" else c.skin
        lower = c.top if c.sleeve == "long" else c.skin
        if c.shape == "vest":
            upper = lower = c.bot if c.sleeve == "long" else c.skin
        before = self.z["wri" + n] < self.z["neck"] - 1
        if before:
            self.held(n)
        self.pen.chain([(shoulder, elbow, lim * 1.05, lim * .9, upper), (elbow, wrist, lim * .9, lim * .75, lower),
                        (wrist, wrist, lim * 1.05 * c.hand, lim * 1.05 * c.hand, c.glovecol if c.glove else c.skin)])
        if c.pauld:
            self.pen.outlined_ellipse(shoulder[0], shoulder[1], lim * 1.75, lim * 1.45, c.metal)
        if not before:
            self.held(n)

    def held(self, n):
        self.pen.holding = 255
        if n == "R" and self.c.weapon and self.c.weapon != "bow":
            props.weapon(self, self.q["wriR"], self.q["wdirR"])
        if n == "L" and self.c.weapon == "bow":
            props.bow(self)
        if n == "L" and self.c.shield:
            props.shield(self, self.q["wriL"])
        self.pen.holding = 0

    # -------------------------------------------------------------- trunk
    def cape(self):
        c, sw, neck, root = self.c, self.sw, self.q["neck"], self.q["root"]
        a = mix(neck, root, .05)
        shift = -self.sy * sw * .9 * 1.2
        length = c.capelen * (root[1] + c.legf * self.h - neck[1])
        spread = 3 + abs(self.q["ankR"][0] - self.q["ankL"][0]) * .16
        self.pen.outlined_poly([(a[0] - sw * .85, a[1]), (a[0] + sw * .85, a[1]), (a[0] + sw * 1.15 + spread + shift, a[1] + length),
                                (a[0] - sw * 1.15 - spread + shift, a[1] + length)], c.capecol)

    def torso(self):
        c, s, b = self.c, self.collar, self.q["root"]
        sw, hw, lw = self.sw, self.hw, self.lw
        ux, uy = self.across
        self.pen.outlined_poly([(s[0] - ux * sw * .92, s[1] - uy * sw * .92 + 2), (s[0] + ux * sw * .92, s[1] + uy * sw * .92 + 2),
                                (b[0] + ux * hw * .95, b[1] + uy * hw * .95 + lw * .4), (b[0] - ux * hw * .95, b[1] - uy * hw * .95 + lw * .4)],
                               c.metal if c.shape == "armour" else c.top)
        if c.belly:
            x, y = mix(s, b, .66)
            r = c.belly * self.h
            self.pen.outlined_ellipse(x + self.sy * r * .8, y, hw + r * .6, hw * .75 + r * .6, c.metal if c.shape == "armour" else c.top)
        if c.shape == "vest" and not self.back:
            self.pen.stroke(self.chest(.02), self.chest(.95), c.bot, max(3, int(sw * .4)))
        self.pattern()
        if c.skirt:
            self.skirt()
        if c.belt:
            y, d = b[1] - 1, self.pen.d
            self.pen.stroke((b[0] - hw * .95, y), (b[0] + hw * .95, y), c.beltcol, max(4, int(self.h * .032)))
            if not self.back:
                x = b[0] + self.sy * sw * .45 * .8
                d.rectangle([x - 4, y - 4, x + 4, y + 4], fill=c.buckle)

    def chest(self, t, off=0):
        """a point of the front's middle line, t from collar to hips"""
        s, n, b = self.collar, self.q["neck"], self.q["root"]
        return s[0] + (b[0] - n[0]) * t + off + self.sy * self.sw * .45, s[1] + (b[1] - n[1]) * t

    def pattern(self):
        c, pen, at, sw, hw, h = self.c, self.pen, self.chest, self.sw, self.hw, self.h
        f = self.sy * sw * .45
        if c.pat == "hstripe":
            for t in (.25, .5, .75):
                x, y = at(t)
                half = sw * .9 * (1 - t) + hw * .9 * t
                pen.stroke((x - f - half, y), (x - f + half, y), c.acc, max(3, int(h * .018)))
        elif c.pat == "vstripe":
            for o in (-.5, 0, .5):
                pen.stroke(at(.03, o * sw), at(.97, o * hw), c.acc, max(3, int(h * .014)))
        elif c.pat == "cross" and not self.back:
            pen.stroke(at(.15), at(.85), c.acc, max(4, int(h * .025)))
            pen.stroke(at(.4, -sw * .5), at(.4, sw * .5), c.acc, max(4, int(h * .025)))
        elif c.pat == "collar":
            s = self.collar
            pen.stroke((s[0] - sw * .8, s[1] + 4), (s[0] + sw * .8, s[1] + 4), c.acc, max(4, int(h * .03)))
        elif c.pat == "dots":
            for t, o in ((.25, -.4), (.25, .4), (.5, 0), (.75, -.4), (.75, .4)):
                pen.mark(*at(t, o * sw), 3, 3, c.acc)
        elif c.pat == "half":
            pen.d.polygon([at(.02), (at(0)[0] + sw * .85 - f * 2, at(0)[1] + 3), (at(.95)[0] + hw * .85 - f, at(.95)[1]), at(.95)], fill=c.acc)
        elif c.pat == "cheq":
            for i in range(4):
                for o in (-.6, 0, .6):
                    if (i + (o == 0)) % 2:
                        x, y = at(.15 + .22 * i, o * sw)
                        pen.d.rectangle([x - sw * .2, y - 4, x + sw * .2, y + 4], fill=c.acc)

    def skirt(self):
        c, q, hw, lw, b = self.c, self.q, self.hw, self.lw, self.q["root"]
        xs = [q["kneR"][0], q["kneL"][0]] + ([q["ankR"][0], q["ankL"][0]] if c.skirt > .8 else [])
        hem = b[1] + c.skirt * c.legf * self.h
        x0, x1 = min(xs + [b[0] - hw]) - lw * 1.2, max(xs + [b[0] + hw]) + lw * 1.2
        self.pen.outlined_poly([(b[0] - hw * .95, b[1] - 3), (b[0] + hw * .95, b[1] - 3), (x1, hem), (x0, hem)],
                               c.top if c.shape != "armour" else c.bot)
        self.pen.stroke((x0 + 3, hem - 4), (x1 - 3, hem - 4), c.acc, max(3, int(self.h * .018)))

    # -------------------------------------------------------------- head
    def hair_behind(self):
        c, hr, sy, (hx, hy) = self.c, self.hr, self.sy, self.q["head"]
        b = -sy * hr * .45
        if c.hat == "hood":
            return
        if c.hair == "long":
            self.pen.outlined_poly([(hx + b - hr * .95, hy), (hx + b + hr * .95, hy), (hx + b * 1.6 + hr * .8, hy + hr * 2.3 * c.hairlen),
                                    (hx + b * 1.6 - hr * .8, hy + hr * 2.3 * c.hairlen)], c.haircol)
        if c.hair == "pony":
            self.pen.chain([((hx - sy * hr * .9, hy - hr * .3), (hx - sy * hr * 1.5, hy + hr * 1.1), hr * .3, hr * .18, c.haircol)])

    def head(self):
        c, pen, hr, sy, (hx, hy) = self.c, self.pen, self.hr, self.sy, self.q["head"]
        if c.hair == "spiky" and c.hat is None:
            for a in range(-80, 81, 32):
                spike = [(math.radians(a - sy * 25 + da), f) for da, f in ((-18, .95), (0, 1.4), (18, .95))]
                pen.outlined_poly([(hx + math.sin(t) * hr * f, hy - math.cos(t) * hr * f) for t, f in spike], c.haircol, False)
        if c.hair == "mohawk" and c.hat is None:
            pen.outlined_ellipse(hx - sy * hr * .1, hy - hr * .75, hr * (.22 + .5 * abs(sy)), hr * .6, c.haircol)
        wide = 1.12 if c.hat == "hood" or c.hair == "bob" else 1.0
        skull = c.hatcol if c.hat == "hood" else c.haircol if c.hair != "bald" else c.skin
        if c.hair == "mohawk" and c.hat != "hood":
            skull = c.skin
        pen.outlined_ellipse(hx, hy, hr * .92 * wide * c.headw, hr * wide, skull)
        if not self.back:
            self.face()
        if c.ear and c.hat != "hood":
            for n in "RL":
                if self.z["ear" + n] - self.z["head"] > -.9 * hr / K:
                    ex, ey = self.q["ear" + n]
                    pen.outlined_ellipse(ex, ey + hr * .1, hr * .16, hr * .24, c.skin, False)
        hats.hat(self)

    def face(self):
        c, pen, hr, sy, (hx, hy) = self.c, self.pen, self.hr, self.sy, self.q["head"]
        fx = sy * hr * .34
        if c.hair != "bald" or c.hat == "hood":
            pen.ellipse(hx + fx, hy + hr * (.12 + c.fringe * .4), hr * (.74 - .1 * abs(sy)), hr * (.80 - c.fringe * .4), c.skin)
        if c.hair == "bob" and abs(sy) > .5 and c.hat != "hood":
            pen.ellipse(hx - sy * hr * .4, hy + hr * .15, hr * .45, hr * .6, c.haircol)
        for n in "RL":
            if self.z["eye" + n] - self.z["head"] > .1 * hr / K:
                (ex, ey), e = self.q["eye" + n], hr * c.eyesz
                ey += hr * .12
                pen.d.ellipse([ex - e * 1.3, ey - e * 1.5, ex + e * 1.3, ey + e * 1.5], fill=EYE_WHITE)
                pen.d.ellipse([ex - e * .9, ey - e * 1.2, ex + e * .9, ey + e * 1.4], fill=c.eye)
        if c.beard:
            pen.ellipse(hx + fx * 1.1, hy + hr * .68, hr * .5, hr * .42, c.haircol)
        else:
            x, y = hx + fx * 1.3, hy + hr * .58
            pen.stroke((x - hr * .18, y), (x + hr * .18, y), dark(c.skin, .6), 3)


def render(c, p, yaw, scale=1):
    """-> picture on black, mask (both 4*scale times the frame), rig"""
    painter = Painter(c, p, yaw, scale)
    painter.paint()
    return painter.pen.im, painter.pen.mask, painter.rig


def view(c, p, yaw, native=False):
    """-> premultiplied RGBA uint8 [64,64,4], joints float32 [18,4] (x, y, visible, z), held bool [64,64]

    native: pixel art in its own pixels, a frame of c.side instead of 64"""
    painter = Painter(c, p, yaw)
    painter.paint()
    pen, j = painter.pen, joints(painter.rig, c)
    layers, j = finish.spin([pen.im, pen.mask] + [pen.held] * pen.holds, j, c, p["spin"])
    rgba, held = finish.frame(c, layers, j)
    if c.side != 64:
        if native:
            return rgba, j * [c.side / 64, c.side / 64, 1, c.side / 64], held
        rgba, held = finish.enlarged(rgba), finish.enlarged(held)
    return rgba, j, held


def frame(c, p, yaw):
    """-> the picture and the joints of `view`"""
    return view(c, p, yaw)[:2]
