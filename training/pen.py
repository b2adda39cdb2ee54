"""Shapes with an outline and two-tone shading, drawn at four times the frame."""
import math

from PIL import Image, ImageDraw

from characters import S

K = 4
W = S * K


def dark(col, f=.72):
    return tuple(int(x * f) for x in col)


def mix(a, b, t):
    return a[0] + (b[0] - a[0]) * t, a[1] + (b[1] - a[1]) * t


def ramp(col, t, shadow):
    """from the colour's dark side (t 0) to a little more than the colour (t 1)"""
    low = dark(mix3(col, shadow, .2), .62)
    return mix3(low, tuple(min(255, int(v * 1.08 + 6)) for v in col), t)


def mix3(a, b, t):
    return tuple(int(x + (y - x) * t) for x, y in zip(a, b))


class Scaled:
    """an ImageDraw whose coordinates and widths are multiplied"""
    def __init__(self, im, f):
        self.d, self.f = ImageDraw.Draw(im), f

    def at(self, pts):
        return [tuple(v * self.f for v in p) if isinstance(p, (tuple, list)) else p * self.f for p in pts]

    def polygon(self, pts, fill):
        self.d.polygon(self.at(pts), fill=fill)

    def ellipse(self, box, fill):
        self.d.ellipse(self.at(box), fill=fill)

    def rectangle(self, box, fill):
        self.d.rectangle(self.at(box), fill=fill)

    def line(self, pts, fill, width=1, joint=None):
        self.d.line(self.at(pts), fill=fill, width=int(width * self.f), joint=joint)


class Pen:
    """a picture on black, its mask, and the mask of what hands hold; `d` draws inside shapes only (no mask)"""
    def __init__(self, c, scale=1):
        self.im, self.mask, self.held = (Image.new(m, (W * scale, W * scale)) for m in ("RGB", "L", "L"))
        self.d, self.md, self.hd = (Scaled(i, scale) if scale > 1 else ImageDraw.Draw(i) for i in (self.im, self.mask, self.held))
        self.ink, self.width, self.soft, self.shaded = c.outl, c.ow, c.line == "self", c.shade
        self.tones, self.shadow, self.boxy = c.tones, c.shadow, c.boxy
        self.holds = bool(c.weapon or c.shield)
        self.holding, self.light = 0, 1         # 255 while drawing held things; how dark to paint

    def outline(self, col):
        return dark(col, .5) if self.soft else self.ink

    def lit(self, col):
        return dark(col, self.light) if self.light != 1 else col

    def dim(self, col):
        """the shaded side"""
        return dark(col) if self.shadow is None else dark(mix3(col, self.shadow, .25), .8)

    def poly(self, pts, col):
        self.d.polygon(pts, fill=self.lit(col))
        self.md.polygon(pts, fill=255)
        if self.holds:
            self.hd.polygon(pts, fill=self.holding)

    def ellipse(self, x, y, rx, ry, col):
        if self.boxy:
            self.poly([(x - rx, y - ry), (x + rx, y - ry), (x + rx, y + ry), (x - rx, y + ry)], col)
            return
        box = [x - rx, y - ry, x + rx, y + ry]
        self.d.ellipse(box, fill=self.lit(col))
        self.md.ellipse(box, fill=255)
        if self.holds:
            self.hd.ellipse(box, fill=self.holding)

    def mark(self, x, y, rx, ry, col):
        """an ellipse on top of what is there"""
        self.d.ellipse([x - rx, y - ry, x + rx, y + ry], fill=self.lit(col))

    def stroke(self, a, b, col, width):
        """a line on top of what is there, at least 3 wide"""
        self.d.line([a, b], fill=self.lit(col), width=width)

    def capsule(self, p, q, r0, r1, col):
        dx, dy = q[0] - p[0], q[1] - p[1]
        n = math.hypot(dx, dy) or 1
        ax, ay = -dy / n, dx / n
        if self.boxy and n > 1:
            e = .35 * min(r0, r1)
            p, q = (p[0] + ay * -e, p[1] + ax * e), (q[0] + ay * e, q[1] - ax * e)
            self.band(p, q, r0, r1, (ax, ay), col)
            return
        self.ellipse(p[0], p[1], r0, r0, col)
        self.ellipse(q[0], q[1], r1, r1, col)
        self.band(p, q, r0, r1, (ax, ay), col)

    def band(self, p, q, r0, r1, across, col):
        ax, ay = across
        self.poly([(p[0] + ax * r0, p[1] + ay * r0), (q[0] + ax * r1, q[1] + ay * r1),
                   (q[0] - ax * r1, q[1] - ay * r1), (p[0] - ax * r0, p[1] - ay * r0)], col)

    def chain(self, segments, shade=True):
        """joined capsules (p, q, r0, r1, colour) with one outline around them"""
        shade = shade and self.shaded
        for p, q, a, b, col in segments:
            self.capsule(p, q, a + self.width, b + self.width, self.outline(col))
        for p, q, a, b, col in segments:
            if shade and self.tones > 2:
                self.rounded(p, q, a, b, col)
                continue
            self.capsule(p, q, a, b, self.dim(col) if shade else col)
            if shade:
                e = -.28 * min(a, b)
                self.capsule((p[0] + e, p[1] + e), (q[0] + e, q[1] + e), a * .68, b * .68, col)

    def rounded(self, p, q, a, b, col):
        for i in range(self.tones):
            t = i / (self.tones - 1)
            e = -.42 * t * min(a, b)
            self.capsule((p[0] + e, p[1] + e), (q[0] + e, q[1] + e), a * (1 - .72 * t), b * (1 - .72 * t), ramp(col, t, self.shadow))

    def outlined_poly(self, pts, col, shade=True):
        shade = shade and self.shaded
        line = self.outline(col)
        cx, cy = (sum(p[i] for p in pts) / len(pts) for i in (0, 1))
        self.poly(pts, line)
        if self.width:
            self.d.line(pts + [pts[0], pts[1]], fill=self.lit(line), width=int(2 * self.width), joint="curve")
            self.md.line(pts + [pts[0]], fill=255, width=int(2 * self.width))
            if self.holds:
                self.hd.line(pts + [pts[0]], fill=self.holding, width=int(2 * self.width))
        if shade and self.tones > 2:
            for i in range(self.tones):
                t = i / (self.tones - 1)
                self.d.polygon([(cx + (x - cx) * (1 - .6 * t) - 3 * t, cy + (y - cy) * (1 - .35 * t) - 3 * t) for x, y in pts],
                               fill=self.lit(ramp(col, t, self.shadow)))
            return
        self.d.polygon(pts, fill=self.lit(self.dim(col) if shade else col))
        if shade:
            self.d.polygon([(cx + (x - cx) * .74 - 2, cy + (y - cy) * .9 - 2) for x, y in pts], fill=self.lit(col))

    def outlined_ellipse(self, x, y, rx, ry, col, shade=True):
        shade = shade and self.shaded
        self.ellipse(x, y, rx + self.width, ry + self.width, self.outline(col))
        if shade and self.tones > 2:
            for i in range(self.tones):
                t = i / (self.tones - 1)
                self.ellipse(x - rx * .28 * t, y - ry * .28 * t, rx * (1 - .66 * t), ry * (1 - .66 * t), ramp(col, t, self.shadow))
            return
        shaded = dark(col, .8) if self.shadow is None else self.dim(col)
        self.ellipse(x, y, rx, ry, shaded if shade else col)
        if shade:
            self.ellipse(x - rx * .12, y - ry * .12, rx * .82, ry * .82, col)
