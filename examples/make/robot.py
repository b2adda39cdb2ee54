"""tin-robot.png: 384 px, boxes of painted metal in parallel projection, three quarters to our left.

Usage: robot.py FOLDER
"""
import sys
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from kit import Canvas, limb, mix, noise, oval, rgb, step

YAW, PITCH = np.radians(33), np.radians(14)
TEAL, CREAM, STEEL, BRASS, RED, DARK = (rgb(t) for t in ("3f8f93", "d9c79c", "8f98a3", "c99a45", "c1452f", "2a2d36"))
LINE = rgb("1d1c26")
LIGHT = np.array([-0.45, 0.75, 0.5]) / np.linalg.norm([-0.45, 0.75, 0.5])
CENTRE, UNIT = (190, 206), 0.96


def project(p):
    """World (x right of the robot's front, y up, z to its front) to the canvas."""
    p = np.atleast_2d(np.asarray(p, float))
    c, s = np.cos(YAW), np.sin(YAW)
    x, z = p[:, 0] * c - p[:, 2] * s, p[:, 0] * s + p[:, 2] * c
    y = p[:, 1] * np.cos(PITCH) - z * np.sin(PITCH)
    return np.stack([CENTRE[0] + x * UNIT, CENTRE[1] - y * UNIT], 1)


class Face:
    """One side of a box; places on it are (u, v), 0..1, v downwards."""

    def __init__(self, canvas, corners, normal):
        self.canvas, self.corners, self.normal = canvas, np.asarray(corners, float), normal
        self.mask = canvas.shape(project(self.corners))

    def at(self, u, v):
        a, b, _, d = self.corners
        return project(a + (b - a) * u + (d - a) * v)[0]

    def patch(self, u0, v0, u1, v1):
        return np.array([self.at(u0, v0), self.at(u1, v0), self.at(u1, v1), self.at(u0, v1)])

    def disc(self, u, v, r):
        """A circle of r world units."""
        a, b, _, d = self.corners
        w, h = np.linalg.norm(b - a), np.linalg.norm(d - a)
        t = np.linspace(0, 2 * np.pi, 48, endpoint=False)
        return np.array([self.at(u + r * np.cos(i) / w, v + r * np.sin(i) / h) for i in t])


class Tin(Canvas):
    def metal(self, mask, base, shine, seed, direction=(1, 0)):
        """Brushed, a little worn: streaks, a gradient from above, scratches."""
        x, y = self.grid()
        streak = noise(mask.shape, 5 * self.scale, seed, 3)
        streak = cv2.blur(streak, (int(40 * self.scale * direction[0]) + 1, int(40 * self.scale * direction[1]) + 1))
        inside = mask > 0.5
        top, bottom = (np.min(y[inside]), np.max(y[inside])) if inside.any() else (0, 1)
        fall = (y - top) / max(bottom - top, 1)
        band = np.exp(-((fall - 0.22) / 0.16)**2) * 0.20 + np.exp(-((fall - 0.9) / 0.1)**2) * 0.07
        tone = shine * (1.10 - 0.34 * fall) + band * shine + 0.5 * (streak - 0.5)
        colour = base * tone[..., None] + np.clip(tone - 1.02, 0, 1)[..., None] * 0.9
        rust = step(0.60, 0.75, noise(mask.shape, 26 * self.scale, seed + 50)) * step(0.5, 1.0, fall)
        colour = mix(colour, rgb("6b4330") * tone[..., None], 0.45 * rust)
        self.paint(mask, np.clip(colour, 0, 1))

    def box(self, centre, size, base, seed=0, bevel=2.2):
        """Draws it; returns its front and its side."""
        (x, y, z), (a, b, c) = centre, np.array(size) / 2
        signs = [(i, j, k) for i in (-1, 1) for j in (-1, 1) for k in (-1, 1)]
        corner = {k: (x + a * k[0], y + b * k[1], z + c * k[2]) for k in signs}
        front = Face(self, [corner[-1, 1, 1], corner[1, 1, 1], corner[1, -1, 1], corner[-1, -1, 1]], (0, 0, 1))
        side = Face(self, [corner[1, 1, 1], corner[1, 1, -1], corner[1, -1, -1], corner[1, -1, 1]], (1, 0, 0))
        top = Face(self, [corner[-1, 1, -1], corner[1, 1, -1], corner[1, 1, 1], corner[-1, 1, 1]], (0, 1, 0))
        whole = np.maximum(np.maximum(front.mask, side.mask), top.mask)
        self.paint(self.wider(whole, 1.8), LINE)
        for face, shine, way in ((side, 0.62, (0, 1)), (top, 1.22, (1, 0)), (front, 0.98, (1, 0))):
            self.metal(face.mask, base, shine, seed + int(shine * 10), way)
            rim = face.mask * (1 - self.wider(face.mask, -bevel))
            self.paint(rim, mix(base, np.ones(3, np.float32), 0.25) * min(1.0, shine * 1.15), 0.75)
        for p, q in (((-1, 1, 1), (1, 1, 1)), ((1, 1, 1), (1, -1, 1)), ((1, 1, 1), (1, 1, -1))):
            self.paint(self.stroke(project([corner[p], corner[q]]).tolist(), 1.5), mix(base, np.ones(3, np.float32), 0.75), 0.9)
        return front, side

    def rivets(self, face, places, r=1.7):
        for u, v in places:
            d = face.disc(u, v, r)
            self.paint(self.shape(d + [0.5, 0.7]), LINE, 0.7)
            self.paint(self.shape(d), STEEL)
            self.paint(self.shape(face.disc(u - 0.004, v, r * 0.45) - [0.4, 0.5]), rgb("ffffff"), 0.8)

    def tube(self, points, width, rings, base=DARK):
        """A bendy hose in the canvas's coordinates, with rings."""
        outline = self.shape(limb(points, [width] * 2, round_ends=False))
        self.paint(self.wider(outline, 1.8), LINE)
        shine = self.light(outline, width / 2, (-0.6, -0.5, 0.6))
        self.paint(outline, base * 0.6)
        line = np.array(points[0]), np.array(points[-1])
        dense = limb(points, [width] * 2, round_ends=False)
        half = len(dense) // 2
        for i in np.linspace(0, half - 1, rings).astype(int):
            a, b = dense[i], dense[::-1][i]
            ring = self.shape(limb([tuple(a), tuple((a + b) / 2 + (line[1] - line[0]) * 0.012), tuple(b)], [4.4] * 2))
            light = step(-0.2, 1.0, shine)
            self.paint(ring, np.clip(base[None, None] * (0.5 + 1.3 * light[..., None]) + 0.35 * (light[..., None]**6), 0, 1))

    def ball(self, centre, r, base):
        x, y = project(centre)[0]
        mask = self.shape(oval(x, y, r, r))
        self.paint(self.wider(mask, 1.8), LINE)
        light = self.light(mask, r * 0.95, (-0.5, -0.7, 0.6), 0.1)
        colour = base * (0.45 + 0.75 * step(-0.3, 0.9, light))[..., None] + 0.8 * step(0.93, 1.0, light)[..., None]
        self.paint(mask, np.clip(colour, 0, 1))

    def lamp(self, outline, colour):
        mask = self.shape(outline)
        self.paint(self.wider(mask, 2.6), STEEL * 0.7)
        self.paint(self.wider(mask, 1.2), LINE)
        light = self.light(mask, 9, (-0.3, -0.5, 0.8))
        self.paint(mask, np.clip(colour * (0.75 + 0.4 * light[..., None]) + 0.6 * step(0.95, 1, light)[..., None], 0, 1))
        glow = self.blur(mask, 5)
        self.colour = np.clip(self.colour + (glow * self.alpha * 0.28)[..., None] * colour, 0, 1)


def leg(c, x, z, seed):
    top, bottom = project([(x, -62, z), (x, -128, z + 2)])
    c.tube([tuple(top), tuple(bottom)], 24, 9, STEEL)
    c.box((x, -159, z + 10), (56, 7, 74), DARK * 1.6, seed + 2, 1.2)
    front, side = c.box((x, -142, z + 10), (52, 30, 70), RED, seed + 1)
    c.rivets(front, [(0.12, 0.3), (0.88, 0.3), (0.5, 0.3)])
    c.rivets(side, [(0.12, 0.3), (0.5, 0.3), (0.88, 0.3)])
    front, side = c.box((x, -104, z), (42, 34, 40), TEAL, seed)
    c.rivets(front, [(0.14, 0.2), (0.86, 0.2), (0.14, 0.8), (0.86, 0.8)])


def claw(c, x, y, tilt):
    for s in (-1, 1):
        finger = limb([(x, y), (x + s * 13 + tilt, y + 8), (x + s * 11 + tilt, y + 22), (x + s * 3 + tilt, y + 29)], [10, 10, 8, 3])
        mask = c.shape(finger)
        c.paint(c.wider(mask, 1.8), LINE)
        light = c.light(mask, 5, (-0.6, -0.6, 0.5))
        c.paint(mask, np.clip(STEEL * (0.55 + 0.7 * step(-0.4, 0.9, light))[..., None] + 0.5 * step(0.9, 1, light)[..., None], 0, 1))


def arm(c, x, seed, outwards):
    s = 1 if x > 0 else -1
    top = project((x, 52, 0))[0]
    elbow = project((x + s * outwards, -6, 8))[0]
    wrist = project((x + s * outwards, -58, 24))[0]
    c.tube([tuple(top), ((top[0] + elbow[0]) / 2 + s * 8, (top[1] + elbow[1]) / 2 - 4), tuple(elbow)], 19, 8, STEEL)
    claw(c, wrist[0], wrist[1] - 4, -3)
    c.box((x + s * outwards, -56, 16), (38, 8, 38), STEEL, seed + 1, 1.2)
    front, _ = c.box((x + s * outwards, -26, 16), (32, 52, 32), TEAL, seed)
    c.rivets(front, [(0.16, 0.1), (0.84, 0.1), (0.16, 0.9), (0.84, 0.9)])
    stripe = c.shape(front.patch(0.0, 0.56, 1.0, 0.72))
    c.paint(stripe, BRASS * 0.95)
    c.ball((x, 54, 0), 19, RED)


def torso(c):
    c.box((0, -58, 0), (84, 22, 56), STEEL * 0.8, 11)
    front, side = c.box((0, 12, 0), (122, 122, 78), TEAL, 12, 3)
    c.rivets(front, [(u, v) for u in (0.05, 0.95) for v in (0.05, 0.35, 0.65, 0.95)] + [(0.5, 0.05), (0.5, 0.95)])
    c.rivets(side, [(u, v) for u in (0.1, 0.9) for v in (0.05, 0.35, 0.65, 0.95)])
    panel = c.shape(front.patch(0.14, 0.14, 0.86, 0.86))
    c.paint(c.wider(panel, 1.2), LINE)
    c.metal(panel, CREAM, 0.98, 14)
    dial = front.disc(0.35, 0.37, 19)
    c.paint(c.wider(c.shape(dial), 3), BRASS * 0.7)
    c.paint(c.wider(c.shape(dial), 1), LINE)
    c.paint(c.shape(dial), rgb("f4ecd8"))
    for i in range(9):
        a = np.pi * (0.85 + 1.3 * i / 8)
        p = [front.at(0.35 + k * np.cos(a) / 122, 0.37 + k * np.sin(a) / 122) for k in (12.5, 16.5)]
        c.paint(c.stroke([tuple(q) for q in p], 1.3), RED if i > 6 else LINE)
    c.paint(c.stroke([tuple(front.at(0.35, 0.37)), tuple(front.at(0.435, 0.285))], [2.4, 0.8]), RED)
    c.paint(c.shape(front.disc(0.35, 0.37, 2.6)), LINE)
    for i, colour in enumerate(("ff5a3c", "ffcf4a", "68e07a")):
        c.lamp(front.disc(0.70, 0.25 + 0.125 * i, 4.6), rgb(colour))
    for i in range(4):
        slot = c.shape(front.patch(0.24, 0.64 + 0.045 * i, 0.76, 0.662 + 0.045 * i))
        c.paint(c.wider(slot, 0.8), CREAM * 0.6)
        c.paint(slot, LINE)
    for i in range(5):
        c.paint(c.shape(side.patch(0.24, 0.16 + 0.07 * i, 0.76, 0.19 + 0.07 * i)), LINE, 0.85)


def head(c):
    neck = project([(0, 72, 0), (0, 88, 0)])
    c.tube([tuple(neck[0]), tuple(neck[1])], 36, 4, STEEL)
    for x in (-1, 1):
        if x < 0:
            c.box((x * 50, 124, 0), (14, 26, 26), RED, 21)
    front, side = c.box((0, 124, 0), (88, 72, 66), CREAM, 22, 2.6)
    c.rivets(front, [(u, v) for u in (0.06, 0.94) for v in (0.08, 0.92)])
    c.rivets(side, [(0.1, 0.08), (0.9, 0.08), (0.1, 0.92), (0.9, 0.92)])
    c.box((50, 124, 0), (14, 26, 26), RED, 23)
    band = c.shape(front.patch(0.08, 0.20, 0.92, 0.62))
    c.paint(c.wider(band, 1.2), LINE)
    c.paint(band, DARK)
    for u in (0.29, 0.71):
        c.lamp(front.disc(u, 0.41, 11.5), rgb("7df3ff"))
        c.paint(c.shape(front.disc(u, 0.41, 4.6)), rgb("0e4660"))
        c.paint(c.shape(front.disc(u - 0.03, 0.36, 2.2)), rgb("ffffff"))
    mouth = c.shape(front.patch(0.26, 0.72, 0.74, 0.89))
    c.paint(c.wider(mouth, 1.2), LINE)
    c.paint(mouth, rgb("55302a"))
    for i in range(6):
        c.paint(c.shape(front.patch(0.285 + 0.077 * i, 0.73, 0.325 + 0.077 * i, 0.88)), BRASS)
    a, b = project([(0, 160, 0), (0, 182, 0)])
    c.tube([tuple(a), tuple(b)], 7, 4, STEEL)
    c.ball((0, 187, 0), 8, RED)


def main(folder):
    c = Tin(384, 384, fine=3)
    arm(c, -76, 31, 12)
    leg(c, -33, 0, 41)
    leg(c, 33, 4, 51)
    torso(c)
    head(c)
    arm(c, 76, 61, 12)
    Image.fromarray(c.finish()).save(folder / "tin-robot.png", optimize=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
