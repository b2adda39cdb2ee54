"""The rig: a character's proportions, a pose and a yaw -> joints in the frame."""
import math

import numpy as np

COCO = ["nose", "neck", "shoR", "elbR", "wriR", "shoL", "elbL", "wriL", "hipR", "kneR", "ankR", "hipL", "kneL", "ankL", "eyeR", "eyeL", "earR", "earL"]


def limb(side, flex, abduct):
    """unit vector of a limb hanging down, raised forward by flex and sideways by abduct"""
    a, f = math.radians(abduct), math.radians(flex)
    return np.array([side * math.sin(a), -math.cos(f) * math.cos(a), math.sin(f) * math.cos(a)])


def body(c, p):
    """joints in the character's own axes: x to its left, y up, z forward; root at 0"""
    h = c.H
    leg, torso, arm, head_size = c.legf * h, c.torf * h, c.armf * h, c.headf * h
    lean, side = math.radians(p["lean"] + c.hunch * .6), math.radians(p["side"])
    up = np.array([math.sin(side), math.cos(lean) * math.cos(side), math.sin(lean) * math.cos(side)])
    root = np.zeros(3)
    neck = root + up * torso * .94
    nod = lean + math.radians(p["head"] + c.hunch)
    head = neck + np.array([up[0], math.cos(nod), math.sin(nod)]) * head_size * .52
    hr = head_size * .5
    j = dict(root=root, neck=neck, head=head, nose=head + np.array([0, -.10 * hr, .95 * hr]))
    for n, s in (("R", -1), ("L", 1)):
        f, a, e = p["sf" + n], p["sa" + n], p["ef" + n]
        j["sho" + n] = neck + np.array([s * c.sho * h, -.05 * torso, 0])
        j["elb" + n] = j["sho" + n] + limb(s, f, a) * arm * .5
        j["wri" + n] = j["elb" + n] + limb(s, f + e, a * .6) * arm * .5
        j["wdir" + n] = limb(s, f + e + 75, a * .4)      # the direction of what the hand holds
        f, a, k = p["hf" + n], p["ha" + n], p["kf" + n]
        j["hip" + n] = root + np.array([s * c.hip * h, 0, 0])
        j["kne" + n] = j["hip" + n] + limb(s, f, a) * leg * .5
        j["ank" + n] = j["kne" + n] + limb(s, f - k, a * .6) * leg * .46
        j["toe" + n] = j["ank" + n] + np.array([s * .25, -.15, 1.0]) * c.legw * h * 1.5 * c.foot
        j["eye" + n] = head + np.array([s * .38 * hr, 0, .88 * hr])
        j["ear" + n] = head + np.array([s * .98 * hr, 0, 0])
    return j


def lowest(c, p, j):
    """the height of what stands on the ground: ankles; in a pose on the floor also knees and seat"""
    low = min(j["ankR"][1], j["ankL"][1])
    if p["floor"]:
        low = min(low, j["kneR"][1], j["kneL"][1], -c.legw * c.H * .5)
    return low


def rig(c, p, yaw):
    """-> dict name -> (x, y, depth) in pixels of the 64-pixel frame; the feet on the ground line"""
    j = body(c, p)
    cy, sy = math.cos(math.radians(yaw)), math.sin(math.radians(yaw))
    low = lowest(c, p, j)
    ground = c.ground - c.legw * c.H * .9 - p["dy"] * c.H
    turned = {k: (x * cy + z * sy, y if k.startswith("wdir") else y - low, z * cy - x * sy) for k, (x, y, z) in j.items()}
    if c.pitch:
        a, b = math.cos(math.radians(c.pitch)), math.sin(math.radians(c.pitch))
        turned = {k: (x, y * a - z * b, z * a + y * b) for k, (x, y, z) in turned.items()}
        at = turned["root"][2]
        turned = {k: (x, y, z if k.startswith("wdir") else z - at) for k, (x, y, z) in turned.items()}
    return {k: (x, -y, z) if k.startswith("wdir") else (c.cx + x, ground - y, z) for k, (x, y, z) in turned.items()}


def joints(j, c):
    """COCO-18 of a rig, float32 [18,4] (x, y, visible, z): z towards us, from the hips' middle; a face's
    joints turned away are not visible, hidden limbs are"""
    hr = c.headf * c.H * .5
    out = np.ones((18, 4), np.float32)
    for i, n in enumerate(COCO):
        depth = j[n][2] - j["head"][2]
        face = n == "nose" or n.startswith(("eye", "ear"))
        seen = not face or depth > (-.75 if n.startswith("ear") else -.25) * hr
        out[i] = j[n][0], j[n][1], seen, j[n][2]
    return out
