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
    """a picture on black and its mask; `d` draws inside shapes only (no mask)"""
    def __init__(self, c, scale=1):
        self.im, self.mask = Image.new("RGB", (W * scale, W * scale)), Image.new("L", (W * scale, W * scale))
        self.d, self.md = (Scaled(i, scale) if scale > 1 else ImageDraw.Draw(i) for i in (self.im, self.mask))
        self.ink, self.width, self.soft, self.shaded = c.outl, c.ow, c.line == "self", c.shade

    def outline(self, col):
        return dark(col, .5) if self.soft else self.ink

    def poly(self, pts, col):
        self.d.polygon(pts, fill=col)
        self.md.polygon(pts, fill=255)

    def ellipse(self, x, y, rx, ry, col):
        box = [x - rx, y - ry, x + rx, y + ry]
        self.d.ellipse(box, fill=col)
        self.md.ellipse(box, fill=255)

    def mark(self, x, y, rx, ry, col):
        """an ellipse on top of what is there"""
        self.d.ellipse([x - rx, y - ry, x + rx, y + ry], fill=col)

    def stroke(self, a, b, col, width):
        """a line on top of what is there, at least 3 wide"""
        self.d.line([a, b], fill=col, width=width)

    def capsule(self, p, q, r0, r1, col):
        dx, dy = q[0] - p[0], q[1] - p[1]
        n = math.hypot(dx, dy) or 1
        ax, ay = -dy / n, dx / n
        self.ellipse(p[0], p[1], r0, r0, col)
        self.ellipse(q[0], q[1], r1, r1, col)
        self.poly([(p[0] + ax * r0, p[1] + ay * r0), (q[0] + ax * r1, q[1] + ay * r1),
                   (q[0] - ax * r1, q[1] - ay * r1), (p[0] - ax * r0, p[1] - ay * r0)], col)

    def chain(self, segments, shade=True):
        """joined capsules (p, q, r0, r1, colour) with one outline around them"""
        shade = shade and self.shaded
        for p, q, a, b, col in segments:
            self.capsule(p, q, a + self.width, b + self.width, self.outline(col))
        for p, q, a, b, col in segments:
            self.capsule(p, q, a, b, dark(col) if shade else col)
            if shade:
                e = -.28 * min(a, b)
                self.capsule((p[0] + e, p[1] + e), (q[0] + e, q[1] + e), a * .68, b * .68, col)

    def outlined_poly(self, pts, col, shade=True):
        shade = shade and self.shaded
        line = self.outline(col)
        cx, cy = (sum(p[i] for p in pts) / len(pts) for i in (0, 1))
        self.poly(pts, line)
        self.d.line(pts + [pts[0], pts[1]], fill=line, width=int(2 * self.width), joint="curve")
        self.md.line(pts + [pts[0]], fill=255, width=int(2 * self.width))
        self.d.polygon(pts, fill=dark(col) if shade else col)
        if shade:
            self.d.polygon([(cx + (x - cx) * .74 - 2, cy + (y - cy) * .9 - 2) for x, y in pts], fill=col)

    def outlined_ellipse(self, x, y, rx, ry, col, shade=True):
        shade = shade and self.shaded
        self.ellipse(x, y, rx + self.width, ry + self.width, self.outline(col))
        self.ellipse(x, y, rx, ry, dark(col, .8) if shade else col)
        if shade:
            self.ellipse(x - rx * .12, y - ry * .12, rx * .82, ry * .82, col)
