"""What the drawing scripts share: smooth shapes, light on them, paint and ink.

Shapes are lists of points, (x, y) in units of the canvas; a curve runs smoothly
through them, and a third member, (x, y, 1), makes a corner.  A mask is f32
[H*fine, W*fine], 0..1: everything is drawn `fine` times too large and made small
at the end, which is all the smoothing of edges there is.
"""
import cv2
import numpy as np


def rgb(text):
    return np.frombuffer(bytes.fromhex(text), np.uint8).astype(np.float32) / 255


def smooth(points, closed=True, steps=14):
    """Points along the curve (Catmull-Rom) through `points`."""
    p = np.array([q[:2] for q in points], np.float64)
    corner = [len(q) > 2 for q in points]
    n, out = len(p), []
    for i in range(n if closed else n - 1):
        a, b = p[i], p[(i + 1) % n]
        before = p[i - 1] if (closed or i > 0) else a
        after = p[(i + 2) % n] if (closed or i + 2 < n) else b
        reach = np.linalg.norm(b - a)

        def tangent(u, v):
            d = v - u
            return d / (np.linalg.norm(d) + 1e-9) * reach

        m0 = b - a if corner[i] else tangent(before, b)
        m1 = b - a if corner[(i + 1) % n] else tangent(a, after)
        t = np.linspace(0, 1, steps, endpoint=False)[:, None]
        out.append((2 * t**3 - 3 * t**2 + 1) * a + (t**3 - 2 * t**2 + t) * m0
                   + (3 * t**2 - 2 * t**3) * b + (t**3 - t**2) * m1)
    if not closed:
        out.append(p[-1:])
    return np.concatenate(out)


def limb(points, widths, round_ends=True):
    """The closed outline of a line with a width at each of its points."""
    line = smooth(points, closed=False)
    width = np.interp(np.linspace(0, 1, len(line)), np.linspace(0, 1, len(widths)), widths)[:, None] / 2
    along = np.gradient(line, axis=0)
    along /= np.linalg.norm(along, axis=1, keepdims=True) + 1e-9
    side = np.stack([-along[:, 1], along[:, 0]], 1)
    turn = np.linspace(0, np.pi, 12)[1:-1, None]

    def cap(at, w, forward, across):
        return at + w * (np.cos(turn) * across + np.sin(turn) * forward)

    parts = [line + side * width]
    if round_ends:
        parts.append(cap(line[-1], width[-1], along[-1], side[-1]))
    parts.append((line - side * width)[::-1])
    if round_ends:
        parts.append(cap(line[0], width[0], -along[0], -side[0]))
    return np.concatenate(parts)


def oval(x, y, rx, ry, tilt=0.0):
    t = np.linspace(0, 2 * np.pi, 72, endpoint=False)
    c, s = np.cos(np.radians(tilt)), np.sin(np.radians(tilt))
    u, v = rx * np.cos(t), ry * np.sin(t)
    return np.stack([x + u * c - v * s, y + u * s + v * c], 1)


def noise(shape, size, seed, octaves=4):
    """Clouds, 0..1: the sum of smooth noises, each half as large as the one before."""
    rng, total, weight = np.random.default_rng(seed), np.zeros(shape, np.float32), 0
    for o in range(octaves):
        cell = max(2.0, size / 2**o)
        small = rng.random((int(shape[0] / cell) + 3, int(shape[1] / cell) + 3), np.float32)
        large = cv2.resize(small, None, fx=cell, fy=cell, interpolation=cv2.INTER_CUBIC)
        total += large[:shape[0], :shape[1]] / 2**o
        weight += 1 / 2**o
    return np.clip(total / weight, 0, 1)


def step(low, high, x):
    t = np.clip((x - low) / (high - low), 0, 1)
    return t * t * (3 - 2 * t)


def mix(a, b, t):
    t = np.asarray(t, np.float32)
    return a + (b - a) * (t[..., None] if t.ndim == 2 else t)


class Canvas:
    """units: how wide the canvas is in the units of the points."""

    def __init__(self, width, height, units=None, fine=4):
        self.size, self.scale = (width, height), fine * width / (units or width)
        self.colour = np.zeros((height * fine, width * fine, 3), np.float32)
        self.alpha = np.zeros((height * fine, width * fine), np.float32)

    def grid(self):
        """x and y of every fine pixel, in units."""
        h, w = self.alpha.shape
        y, x = np.mgrid[0:h, 0:w].astype(np.float32)
        return (x + 0.5) / self.scale, (y + 0.5) / self.scale

    def shape(self, points, closed=True):
        """The mask of one closed shape, points as for smooth(), or an array as it is."""
        line = points if isinstance(points, np.ndarray) else smooth(points, closed)
        mask = np.zeros(self.alpha.shape, np.uint8)
        cv2.fillPoly(mask, [np.round(line * self.scale * 16).astype(np.int32)], 255, cv2.LINE_AA, 4)
        return mask.astype(np.float32) / 255

    def shapes(self, *many):
        mask = np.zeros_like(self.alpha)
        for points in many:
            mask = np.maximum(mask, self.shape(points))
        return mask

    def stroke(self, points, widths, closed=False):
        points = list(points) + [points[0]] if closed else points
        return self.shape(limb(points, widths if hasattr(widths, "__len__") else [widths] * 2))

    def blur(self, mask, radius):
        return cv2.GaussianBlur(mask, (0, 0), radius * self.scale)

    def wider(self, mask, by):
        """Grown (or shrunk, by < 0) by a distance in units."""
        inside = cv2.distanceTransform((mask > 0.5).astype(np.uint8), cv2.DIST_L2, 5)
        outside = cv2.distanceTransform((mask <= 0.5).astype(np.uint8), cv2.DIST_L2, 5)
        return np.clip(outside * -1 + inside + by * self.scale + 0.5, 0, 1)

    def normals(self, mask, roundness, softness=0.35):
        """As if the shape were a cushion, rounded over `roundness` units from its edge."""
        d = cv2.distanceTransform((mask > 0.5).astype(np.uint8), cv2.DIST_L2, 5) / self.scale
        t = np.clip(d / roundness, 0, 1)
        height = self.blur(np.sqrt(1 - (1 - t)**2) * roundness, roundness * softness)
        gy, gx = np.gradient(height * self.scale)
        n = np.stack([-gx, -gy, np.ones_like(gx)], -1)
        return n / np.linalg.norm(n, axis=-1, keepdims=True)

    def light(self, mask, roundness, towards=(-0.5, -0.7, 0.6), softness=0.35):
        """-1..1: how much each place of the cushion faces the light."""
        l = np.array(towards, np.float32)
        return self.normals(mask, roundness, softness) @ (l / np.linalg.norm(l))

    def paint(self, mask, colour, opacity=1.0):
        """Over what is there."""
        m = mask * opacity
        self.colour = mix(self.colour, np.asarray(colour, np.float32), m)  # premultiplied
        self.alpha += (1 - self.alpha) * m

    def tint(self, mask, colour, opacity=1.0):
        """Only where there is something already."""
        self.paint(mask * (self.alpha > 0.5), colour, opacity)

    def finish(self, opaque=False):
        """u8 [H,W,4] (or 3 if opaque), straight alpha."""
        a = cv2.resize(self.alpha, self.size, interpolation=cv2.INTER_AREA)
        c = cv2.resize(self.colour, self.size, interpolation=cv2.INTER_AREA)
        straight = np.where(a[..., None] > 1e-3, c / np.maximum(a[..., None], 1e-3), 0)
        out = np.dstack([straight, a]) if not opaque else straight
        out = np.round(np.clip(out, 0, 1) * 255).astype(np.uint8)
        if not opaque:
            out[out[..., 3] == 0] = 0
        return out
