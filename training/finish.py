"""From the pen's large picture to a frame: turned, shrunk, and made to look painted or pixelled."""
import math

import cv2
import numpy as np

from pen import K

cv2.setNumThreads(1)
NOISE = np.random.RandomState(3).standard_normal((64, 64)).astype(np.float32)
NOISE = .6 * NOISE + .8 * cv2.GaussianBlur(NOISE, (0, 0), 1.2)


def spin(layers, j, c, degrees):
    """the layers (as arrays) and joints turned in the picture's plane about the hips; what lies stands on the ground"""
    layers = [np.asarray(x) for x in layers]
    if abs(degrees) < .01:
        return layers, j
    a = math.radians(degrees)
    turn = np.array([[math.cos(a), -math.sin(a)], [math.sin(a), math.cos(a)]])
    root = j[[8, 11], :2].mean(0) * K
    pts = np.argwhere(layers[1][::4, ::4])[:, ::-1] * 4. - root
    low, high = (pts @ turn.T).min(0), (pts @ turn.T).max(0)
    to = np.array([c.cx * K - (low[0] + high[0]) / 2, c.ground * K - high[1]])
    m = np.concatenate([turn, (to - turn @ root)[:, None]], 1)
    layers = [cv2.warpAffine(x, m, x.shape[1::-1]) for x in layers]
    j = j.copy()
    j[:, :2] = (j[:, :2] * K - root) @ turn.T / K + to / K
    return layers, j


def shrunk(x, factor):
    """PIL's reduce"""
    h, w = x.shape[:2]
    s = x.reshape(h // factor, factor, w // factor, factor, -1).astype(np.uint16 if factor < 8 else np.uint32).sum((1, 3))
    return ((s + factor * factor // 2) // (factor * factor)).astype(np.uint8)


def frame(c, layers, j):
    """-> premultiplied RGBA [64,64,4] (or [side,side,4]), held bool of that size"""
    im, mask = layers[:2]
    held = layers[2] if len(layers) > 2 else np.zeros_like(mask)
    if c.pixel:
        return pixels(c, *(shrunk(x, 2 * K) for x in (im, mask, held)), 2)
    if c.look == "native":
        size = (c.side, c.side)
        return pixels(c, *(cv2.resize(x, size, interpolation=cv2.INTER_AREA) for x in (im, mask, held)), 1)
    if c.blur:
        im = softened(im, mask, c.blur)
    rgba = np.concatenate([shrunk(im, K), shrunk(mask, K)], 2)
    if c.fall or c.grain:
        rgba = lit(c, rgba, j)
    return rgba, shrunk(held, K)[..., 0] > 127


def pixels(c, rgb, mask, held, grow):
    """hard edges, and the character's own colours if it has a palette"""
    a = mask.reshape(*mask.shape[:2], 1).astype(np.float32)
    seen = a > 127
    rgb = (rgb.astype(np.float32) * 255 / np.maximum(a, 1)).clip(0, 255)
    if c.colours is not None:
        where = seen[..., 0]
        d = rgb[where][:, None] - c.colours
        rgb[where] = c.colours[(d * d).sum(2).argmin(1)]
    px = (np.concatenate([rgb, np.full_like(a, 255)], 2) * seen).round().astype(np.uint8)
    held = (held.reshape(*seen.shape[:2]) > 127) & seen[..., 0]
    return px.repeat(grow, 0).repeat(grow, 1), held.repeat(grow, 0).repeat(grow, 1)


def enlarged(x, size=64):
    """the nearest pixel"""
    i = (np.arange(size) + .5) * len(x) // size
    return x[i.astype(int)][:, i.astype(int)]


def softened(im, mask, blur):
    """blurred inside the mask, the edge as it is"""
    sigma = blur * K / 2
    half = cv2.resize(im, None, fx=.5, fy=.5, interpolation=cv2.INTER_AREA)
    cover = cv2.resize(mask, None, fx=.5, fy=.5, interpolation=cv2.INTER_AREA)
    half = cv2.GaussianBlur(half, (0, 0), sigma / 2).astype(np.float32)
    cover = cv2.GaussianBlur(cover, (0, 0), sigma / 2).astype(np.float32)[..., None]
    out = cv2.resize((half * 255 / np.maximum(cover, 8)).clip(0, 255).astype(np.uint8), im.shape[1::-1])
    return out * (mask > 127)[..., None]


def lit(c, rgba, j):
    """lighter above, and grainy; both move with the figure"""
    x, y = j[[8, 11], :2].mean(0)
    f = 1 + c.grain * np.roll(NOISE, (int(y), int(x)), (0, 1))
    f = f + c.fall * ((y - np.arange(64)) / c.H)[:, None]
    out = rgba.astype(np.float32)
    out[..., :3] = np.minimum(out[..., :3] * f[..., None], out[..., 3:])
    return out.clip(0, 255).round().astype(np.uint8)
