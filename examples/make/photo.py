"""photo-astronaut.png: 512 px, a ray-marched figure in a photographer's studio, cut out.

Bodies are signed distances, light is one large lamp with a soft shadow, a sky,
what the surroundings hide, and on the visor a mirrored studio.

Usage: photo.py FOLDER
"""
import sys
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from kit import step

SIZE, FINE = 512, 2
YAW, DISTANCE, LENS = np.radians(-32), 5.6, 2.55
KEY = np.array([-0.62, 0.72, 0.55], np.float32) / np.linalg.norm([-0.62, 0.72, 0.55])


def vec(*v):
    return np.array(v, np.float32)


def length(v):
    return np.sqrt((v * v).sum(-1))


def normalised(v):
    return v / np.maximum(length(v), 1e-9)[..., None]


# ---- bodies: distance of points p [N,3] -------------------------------------------


def cone(p, a, b, ra, rb):
    """A capsule whose ends have two radii."""
    a, b = vec(*a), vec(*b)
    t = np.clip((p - a) @ (b - a) / ((b - a) @ (b - a)), 0, 1)
    return length(p - a - t[:, None] * (b - a)) - (ra + (rb - ra) * t)


def ball(p, c, r):
    """An ellipsoid with the radii r."""
    q = (p - vec(*c)) / vec(*r)
    k = length(q)
    return k * (k - 1) / np.maximum(length(q / vec(*r)), 1e-6)


def box(p, c, half, round_by):
    q = np.abs(p - vec(*c)) - (vec(*half) - round_by)
    return length(np.maximum(q, 0)) + np.minimum(q.max(-1), 0) - round_by


def ring(p, c, axis, r, thick):
    q, axis = p - vec(*c), vec(*axis) / np.linalg.norm(axis)
    along = q @ axis
    return np.hypot(length(q - along[:, None] * axis) - r, along) - thick


def blend(a, b, k):
    h = np.clip(0.5 + 0.5 * (b - a) / k, 0, 1)
    return b + (a - b) * h - k * h * (1 - h)


def waves(p, size):
    """Creases of thick cloth."""
    q = p / size
    return (np.sin(q[:, 0] * 3.1 + 2 * np.sin(q[:, 1] * 2.3)) * np.sin(q[:, 1] * 5.7 + 1.7 * np.sin(q[:, 2] * 3.1 + q[:, 0])))


ARMS = {  # shoulder, elbow, wrist, hand
    "near": [(-0.27, 1.26, 0.0), (-0.42, 1.0, 0.0), (-0.47, 0.76, 0.14), (-0.48, 0.66, 0.19)],
    "far": [(0.27, 1.26, 0.0), (0.42, 1.0, -0.04), (0.46, 0.75, 0.08), (0.46, 0.65, 0.12)],
}
LEGS = {  # hip, knee, ankle, toe
    "near": [(-0.13, 0.80, 0.0), (-0.16, 0.46, 0.04), (-0.17, 0.17, 0.0), (-0.19, 0.09, 0.17)],
    "far": [(0.13, 0.80, 0.0), (0.17, 0.46, 0.0), (0.19, 0.17, -0.06), (0.22, 0.09, 0.10)],
}


def cloth(p):
    d = blend(box(p, (0, 1.13, 0), (0.25, 0.23, 0.17), 0.14), ball(p, (0, 0.88, 0), (0.22, 0.16, 0.17)), 0.10)
    for s, e, w, _ in ARMS.values():
        d = blend(d, np.minimum(cone(p, s, e, 0.118, 0.098), cone(p, e, w, 0.100, 0.082)), 0.05)
    for h, k, a, _ in LEGS.values():
        d = blend(d, np.minimum(cone(p, h, k, 0.145, 0.118), cone(p, k, a, 0.118, 0.108)), 0.05)
    bends = sum(np.exp(-((p - vec(*at))**2).sum(-1) / 0.012)
                for at in [a[1] for a in ARMS.values()] + [g[1] for g in LEGS.values()] + [g[2] for g in LEGS.values()])
    return d - 0.0075 * waves(p, 0.15) - (0.001 + 0.005 * bends) * waves(p, 0.062)


def rubber(p):
    d = np.full(len(p), 9, np.float32)
    for _, _, w, h in ARMS.values():
        d = np.minimum(d, blend(ball(p, h, (0.068, 0.088, 0.072)), ball(p, (h[0] * 0.9, h[1] + 0.015, h[2] + 0.055), (0.028, 0.05, 0.03)), 0.02))
    for _, _, a, t in LEGS.values():
        boot = blend(cone(p, (a[0], 0.12, a[2]), t, 0.115, 0.092), cone(p, (a[0], 0.12, a[2] - 0.03), (a[0], 0.21, a[2]), 0.11, 0.105), 0.04)
        d = np.minimum(d, np.maximum(boot, 0.012 - p[:, 1]))
    return d


def orange(p):
    d = np.full(len(p), 9, np.float32)
    for s, e, w, _ in ARMS.values():
        d = np.minimum(d, ring(p, w, np.subtract(w, e), 0.083, 0.019))
        m = np.add(np.multiply(s, 0.6), np.multiply(e, 0.4))
        d = np.minimum(d, ring(p, m, np.subtract(e, s), 0.112, 0.016))
    for _, k, a, _ in LEGS.values():
        d = np.minimum(d, ring(p, (a[0], 0.235, a[2]), (0, 1, 0), 0.112, 0.022))
    return np.minimum(d, box(p, (0.115, 1.27, 0.162), (0.052, 0.03, 0.02), 0.008))


def shell(p):
    """The helmet without its window, and the pack."""
    helmet = ball(p, (0, 1.63, 0.0), (0.255, 0.262, 0.258))
    window = ball(p, (0, 1.635, 0.20), (0.195, 0.165, 0.16))
    helmet = np.maximum(helmet, -window)
    pack = np.minimum(box(p, (0, 1.16, -0.27), (0.21, 0.27, 0.11), 0.05), box(p, (0, 0.85, -0.25), (0.15, 0.05, 0.08), 0.03))
    return np.minimum(helmet, pack)


def visor(p):
    return ball(p, (0, 1.635, 0.052), (0.207, 0.183, 0.205))


def metal(p):
    d = ring(p, (0, 1.395, 0.0), (0, 1, 0.05), 0.165, 0.026)
    for x in (-0.26, 0.26):
        d = np.minimum(d, cone(p, (x, 1.64, 0.0), (x * 1.07, 1.64, 0.0), 0.055, 0.05))
    d = np.minimum(d, box(p, (0.0, 1.10, 0.172), (0.105, 0.075, 0.03), 0.014))
    return np.minimum(d, cone(p, (-0.19, 1.42, -0.3), (-0.19, 1.83, -0.3), 0.009, 0.006))


def dark(p):
    d = np.minimum(cone(p, (-0.07, 1.06, 0.185), (-0.17, 0.96, 0.17), 0.017, 0.017), cone(p, (-0.17, 0.96, 0.17), (-0.24, 1.02, -0.02), 0.017, 0.017))
    for x in (-0.055, 0.0, 0.055):
        d = np.minimum(d, ball(p, (x, 1.10, 0.204), (0.018, 0.018, 0.012)))
    return np.minimum(d, ball(p, (-0.19, 1.84, -0.3), (0.02, 0.02, 0.02)))


# body, colour (linear), roughness, share of mirror at right angles
BODIES = [
    (cloth, (0.70, 0.70, 0.68), 0.85, 0.03),
    (rubber, (0.075, 0.08, 0.09), 0.55, 0.04),
    (orange, (0.85, 0.20, 0.025), 0.35, 0.045),
    (shell, (0.78, 0.79, 0.80), 0.22, 0.05),
    (visor, (0.02, 0.012, 0.004), 0.04, 0.75),
    (metal, (0.34, 0.35, 0.38), 0.28, 0.5),
    (dark, (0.03, 0.03, 0.035), 0.4, 0.04),
]


def distance(p):
    return np.min([body(p) for body, *_ in BODIES], axis=0)


def march(origin, towards, near, far, steps=70, least=6e-4):
    """How far each ray goes; inf if it meets nothing."""
    t, going = np.full(len(origin), near, np.float32), np.arange(len(origin))
    hit = np.zeros(len(origin), bool)
    for _ in range(steps):
        d = distance(origin[going] + towards[going] * t[going, None])
        t[going] += d * 0.9
        hit[going] = d < least
        going = going[(d >= least) & (t[going] < far)]
        if len(going) == 0:
            break
    return np.where(hit, t, np.inf)


def normal(p, e=1.2e-3):
    k = np.array([[1, -1, -1], [-1, -1, 1], [-1, 1, -1], [1, 1, 1]], np.float32)
    return normalised(sum(v * distance(p + e * v)[:, None] for v in k))


def shadow(p, n):
    """1 lit, 0 dark, between where the lamp is half hidden."""
    o, t, lit = p + n * 6e-3, np.full(len(p), 0.01, np.float32), np.ones(len(p), np.float32)
    for _ in range(26):
        d = distance(o + KEY * t[:, None])
        lit = np.minimum(lit, 0.5 + 0.5 * d / (0.11 * t))
        t += np.clip(d, 0.012, 0.12)
    return step(0, 1, np.clip(lit, 0, 1))


def openness(p, n):
    total = np.zeros(len(p), np.float32)
    for i, h in enumerate((0.015, 0.04, 0.09, 0.17)):
        total += np.clip(h - distance(p + n * h), 0, None) / h * 0.55 / 1.3**i
    ground = 0.35 + 0.65 * step(0.0, 0.5, p[:, 1] + 0.25 * n[:, 1])
    return np.clip(1 - total, 0.06, 1) * ground


def studio(v, rough):
    """What shines from the direction v: walls, floor, and three lamps with soft edges."""
    up = v[:, 1:2]
    light = np.where(up > 0, 0.30 + 0.35 * up, 0.30 - 0.22 * np.minimum(-up * 3, 1)) * vec(0.92, 0.97, 1.05)
    for at, width, power in ((KEY, 0.16, vec(6.5, 6.1, 5.5)), (vec(0.93, 0.3, 0.2), 0.10, vec(2.2, 2.6, 3.2)),
                             (vec(0.3, 0.45, -0.84), 0.14, vec(4.0, 4.4, 5.0))):
        at = at / np.linalg.norm(at)
        soft = 0.02 + rough * 0.5
        light = light + power * (step(-soft, soft, v @ at - (1 - width) + rough * 0.15) / (1 + 5 * rough))[:, None]
    return light


def shade(p, v, depth=1):
    """The light that comes from p along -v."""
    n = normal(p)
    which = np.argmin([body(p) for body, *_ in BODIES], axis=0)
    base = np.array([b[1] for b in BODIES], np.float32)[which]
    rough = np.array([b[2] for b in BODIES], np.float32)[which]
    mirror = np.array([b[3] for b in BODIES], np.float32)[which]
    fine = np.sin(p[:, 0] * 900) * np.sin(p[:, 1] * 900) * np.sin(p[:, 2] * 900)
    base = base * (1 + 0.05 * (fine * (which == 0))[:, None])
    worn = 1 - 0.22 * step(0.5, 0.0, p[:, 1]) * (0.6 + 0.4 * waves(p, 0.05)) * (which == 0)
    base = base * worn[:, None]
    stripe = (which == 3) & (np.abs(p[:, 0]) < 0.024) & (p[:, 1] > 1.5)
    base[stripe] = (0.80, 0.16, 0.02)
    lit, seen = shadow(p, n), openness(p, n)
    facing = np.clip(n @ KEY, 0, None)
    sky = 0.5 + 0.5 * n[:, 1:2]
    diffuse = (facing * lit)[:, None] * vec(2.3, 2.17, 1.98) + seen[:, None] * (vec(0.16, 0.15, 0.15) * (1 - sky) + vec(0.50, 0.54, 0.60) * sky)
    rim = step(0.2, 0.9, n @ vec(0.6, 0.25, -0.75)) * 0.9 + step(0.3, 1.0, n @ vec(0.93, 0.3, 0.2)) * 0.35
    diffuse = diffuse + (rim * seen)[:, None] * vec(0.8, 0.9, 1.05)
    bounce = v - 2 * (n * v).sum(-1, keepdims=True) * n
    fresnel = mirror + (1 - mirror) * (1 - np.clip(-(n * v).sum(-1), 0, 1))**5 * (1 - rough * 0.7)
    shine = studio(bounce, rough) * (seen * (0.35 + 0.65 * lit))[:, None]
    mirrors = np.flatnonzero(which == 4)
    if depth and len(mirrors):
        o = p[mirrors] + n[mirrors] * 5e-3
        t = march(o, bounce[mirrors], 0.01, 2, 40, 2e-3)
        met = np.isfinite(t)
        shine[mirrors] = studio(bounce[mirrors], rough[mirrors])
        if met.any():
            shine[mirrors[met]] = shade(o[met] + bounce[mirrors[met]] * t[met, None], bounce[mirrors[met]], 0)
    tone = np.where((which == 4)[:, None], vec(1.0, 0.70, 0.30), np.where((which == 5)[:, None], vec(0.9, 0.92, 1), vec(1, 1, 1)))
    return base * diffuse * (1 - fresnel[:, None]) + shine * fresnel[:, None] * tone


def film(light):
    """ACES-like curve, then sRGB."""
    x = light * 0.5
    x = np.clip(x * (2.51 * x + 0.03) / (x * (2.43 * x + 0.59) + 0.14), 0, 1)
    return np.where(x < 0.0031308, 12.92 * x, 1.055 * x**(1 / 2.4) - 0.055)


def camera():
    """Where it is, and its axes."""
    eye = vec(np.sin(YAW) * DISTANCE, 1.25, np.cos(YAW) * DISTANCE)
    forward = normalised(vec(0, 0.965, -0.02) - eye)
    right = normalised(np.cross(forward, vec(0, 1, 0)))
    return eye, right, np.cross(right, forward), forward


def seen(points):
    """The pixels [N,2] that show points [N,3] of the world."""
    eye, right, up, forward = camera()
    d = points - eye
    depth = d @ forward
    u, v = d @ right / depth * 2 * LENS, d @ up / depth * 2 * LENS
    return np.stack([(u + 1) / 2 * SIZE, (1 - v) / 2 * SIZE], -1)


def main(folder):
    n = SIZE * FINE
    y, x = np.mgrid[0:n, 0:n].astype(np.float32)
    u, v = (x.ravel() + 0.5) / n * 2 - 1, 1 - (y.ravel() + 0.5) / n * 2
    eye, right, up, forward = camera()
    rays = normalised(u[:, None] * right + v[:, None] * up + LENS * np.float32(2) * forward).astype(np.float32)
    maybe = np.flatnonzero(np.abs(u) < 0.62)
    o = np.broadcast_to(eye, rays.shape)
    t = np.full(len(rays), np.inf, np.float32)
    t[maybe] = march(np.ascontiguousarray(o[maybe]), rays[maybe], 4.2, 7.2)
    hit = np.flatnonzero(np.isfinite(t))
    picture = np.zeros((n * n, 4), np.float32)
    for part in np.array_split(hit, 8):
        picture[part, :3] = film(shade(eye + rays[part] * t[part, None], rays[part]))
        picture[part, 3] = 1
    small = cv2.resize(picture.reshape(n, n, 4), (SIZE, SIZE), interpolation=cv2.INTER_AREA)
    colour = small[..., :3] / np.maximum(small[..., 3:], 1e-3)
    colour += np.random.default_rng(1).normal(0, 0.003, colour.shape)
    out = np.round(np.clip(np.dstack([colour, small[..., 3]]), 0, 1) * 255).astype(np.uint8)
    out[out[..., 3] == 0] = 0
    Image.fromarray(out).save(folder / "photo-astronaut.png", optimize=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
