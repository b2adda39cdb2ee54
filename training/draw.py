"""The painter: character + pose + yaw -> picture, mask, joints.

Far limbs first, then the trunk, the head and near limbs; sizes come from the
character, places from the rig, both in quarter pixels of the frame.
"""
import math

import numpy as np

from pen import K, Pen, dark, mix
from rig import joints, rig

HORN, GOLD, EYE_WHITE = (235, 225, 200), (230, 190, 60), (250, 250, 250)


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

    def paint(self):
        c, z = self.c, self.z
        far, near = ("R", "L") if z["shoR"] < z["shoL"] else ("L", "R")
        if c.cape and not self.back:
            self.cape()
        if not self.back:
            self.hair_behind()
        front = {n: z["wri" + n] > z["root"] - self.lim * .3 / K for n in "RL"}
        if abs(self.cy) < .8:
            front[far], front[near] = False, True
        for n in "RL":
            if not front[n]:
                self.arm(n)
        self.leg(far)
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
        if self.back:
            self.hair_behind()
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
        parts.append((ankle, toe, lw * .85, lw * .6, c.bootcol if c.boot else dark(c.leath, .9)))
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
                        (wrist, wrist, lim * 1.05, lim * 1.05, c.glovecol if c.glove else c.skin)])
        if c.pauld:
            self.pen.outlined_ellipse(shoulder[0], shoulder[1], lim * 1.75, lim * 1.45, c.metal)
        if not before:
            self.held(n)

    def held(self, n):
        if n == "R" and self.c.weapon:
            self.weapon(self.q["wriR"], self.q["wdirR"])
        if n == "L" and self.c.shield:
            self.shield(self.q["wriL"])

    def weapon(self, w, direction):
        c, pen, lim = self.c, self.pen, self.lim
        ax, ay = direction[0], direction[1]
        nx, ny, g = -ay, ax, lim * .38
        length = c.wlen * self.h * (1.25 if c.weapon in ("spear", "staff") else 1)

        def along(t):
            return w[0] + ax * length * t, w[1] + ay * length * t
        tip = along(1)
        if c.weapon == "sword":
            pen.chain([(w, tip, g * 1.5, g * .7, c.metal)])
            guard = [(w[0] + s * nx * g * 3.4 + ax * 4, w[1] + s * ny * g * 3.4 + ay * 4) for s in (1, -1)]
            pen.chain([(*guard, g, g, c.buckle)], False)
        elif c.weapon == "spear":
            pen.chain([(along(-.5), tip, g * .8, g * .8, c.leath)])
            pen.chain([(tip, (tip[0] + ax * lim * 2, tip[1] + ay * lim * 2), g * 2.2, g * .3, c.metal)])
        elif c.weapon == "staff":
            pen.chain([(along(-.5), tip, g, g, c.leath)])
            pen.outlined_ellipse(tip[0], tip[1], lim * 1.1, lim * 1.1, c.acc)
        elif c.weapon == "axe":
            pen.chain([(along(-.18), tip, g, g, c.leath)])
            m = mix(w, tip, .85)
            pen.outlined_poly([m] + [(m[0] + nx * lim * 2.4 + ax * lim * s, m[1] + ny * lim * 2.4 + ay * lim * s) for s in (1.4, -1.6)], c.metal)
        else:
            pen.chain([(along(-.18), tip, g * .9, g * 2.6, c.leath)])

    def shield(self, w):
        c, r = self.c, self.c.shsz * self.h
        wx = r * (abs(self.cy) * .75 + .3)
        if c.shield == "round":
            self.pen.outlined_ellipse(w[0], w[1], wx, r, c.shcol)
            self.pen.outlined_ellipse(w[0], w[1], wx * .35, r * .35, c.metal, False)
        else:
            self.pen.outlined_poly([(w[0] - wx, w[1] - r), (w[0] + wx, w[1] - r), (w[0] + wx * .9, w[1] + r * .3),
                                    (w[0], w[1] + r * 1.5), (w[0] - wx * .9, w[1] + r * .3)], c.shcol)
            self.pen.stroke((w[0], w[1] - r), (w[0], w[1] + r * 1.2), c.metal, 4)

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
        self.pen.outlined_poly([(s[0] - sw * .92, s[1] + 2), (s[0] + sw * .92, s[1] + 2), (b[0] + hw * .95, b[1] + lw * .4),
                                (b[0] - hw * .95, b[1] + lw * .4)], c.metal if c.shape == "armour" else c.top)
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
            self.pen.outlined_poly([(hx + b - hr * .95, hy), (hx + b + hr * .95, hy), (hx + b * 1.6 + hr * .8, hy + hr * 2.3),
                                    (hx + b * 1.6 - hr * .8, hy + hr * 2.3)], c.haircol)
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
        pen.outlined_ellipse(hx, hy, hr * .92 * wide, hr * wide, skull)
        if not self.back:
            self.face()
        if c.ear and c.hat != "hood":
            for n in "RL":
                if self.z["ear" + n] - self.z["head"] > -.9 * hr / K:
                    ex, ey = self.q["ear" + n]
                    pen.outlined_ellipse(ex, ey + hr * .1, hr * .16, hr * .24, c.skin, False)
        self.hat()

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

    def hat(self):
        c, pen, hr, sy, (hx, hy) = self.c, self.pen, self.hr, self.sy, self.q["head"]

        def dome(rx, base, ry):
            return [(hx + math.cos(t) * hr * rx, hy - hr * base - math.sin(t) * hr * ry) for t in [math.pi * i / 8 for i in range(9)]]
        if c.hat in ("helmet", "horned"):
            if c.hat == "horned":
                for s in (-1, 1):
                    pen.outlined_poly([(hx + s * hr * .7, hy - hr * .3), (hx + s * hr * 1.5, hy - hr * 1.1), (hx + s * hr * .8, hy - hr * .75)], HORN)
            pen.outlined_poly(dome(1.06, .1, 1.0), c.hatcol)
            pen.stroke((hx - hr, hy - hr * .12), (hx + hr, hy - hr * .12), c.acc, max(3, int(hr * .14)))
        elif c.hat == "wizard":
            pen.outlined_poly([(hx - hr * .75, hy - hr * .45), (hx - sy * hr * .5, hy - hr * 1.9), (hx + hr * .75, hy - hr * .45)], c.hatcol)
            pen.outlined_ellipse(hx, hy - hr * .45, hr * 1.35, hr * .24, c.hatcol, False)
        elif c.hat == "cap":
            pen.outlined_poly(dome(.98, .35, .72), c.hatcol)
            if not self.back:
                pen.outlined_ellipse(hx + sy * hr * .8, hy - hr * .33, hr * .6, hr * .12, dark(c.hatcol), False)
        elif c.hat == "band":
            pen.stroke((hx - hr * .9, hy - hr * .35), (hx + hr * .9, hy - hr * .35), c.acc, max(4, int(hr * .24)))
        elif c.hat == "crown":
            points = ((-.8, .45), (-.9, 1.15), (-.4, .8), (0, 1.25), (.4, .8), (.9, 1.15), (.8, .45))
            pen.outlined_poly([(hx + hr * x, hy - hr * y) for x, y in points], GOLD, False)


def render(c, p, yaw, scale=1):
    """-> picture on black, mask (both 4*scale times the frame), rig"""
    painter = Painter(c, p, yaw, scale)
    painter.paint()
    return painter.pen.im, painter.pen.mask, painter.rig


def frame(c, p, yaw):
    """-> premultiplied RGBA uint8 [64,64,4], joints float32 [18,3] (x, y, visible)"""
    im, mask, j = render(c, p, yaw)
    if not c.pixel:
        return np.concatenate([np.asarray(im.reduce(K)), np.asarray(mask.reduce(K))[..., None]], 2), joints(j, c)
    # pixel art: half the size, hard edges, doubled
    a = np.asarray(mask.reduce(2 * K)).astype(np.float32)[..., None]
    rgb = np.asarray(im.reduce(2 * K)).astype(np.float32) * 255 / np.maximum(a, 1)
    px = np.concatenate([rgb.clip(0, 255), np.full_like(a, 255)], 2) * (a > 127)
    return px.round().astype(np.uint8).repeat(2, 0).repeat(2, 1), joints(j, c)
