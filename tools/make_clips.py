#!/usr/bin/env python3
"""Computes the built-in clips from a rig with joint angles and writes data/poses/*.json.

    python3 tools/make_clips.py            writes every clip beside this script's ../data/poses
    python3 tools/make_clips.py walk       only this one

Plain Python; data/poses/README.md says what the files hold. Lengths are in heights of the standing figure, angles in
degrees. The figure looks along +z, its left is +x, y is up. Positive pitch of a limb swings it forward, positive spread
moves it away from the body, positive yaw turns the front to the figure's left, positive roll leans it to its left.
"""
import json
import math
import os
import sys

NAMES = ('nose neck r_shoulder r_elbow r_wrist l_shoulder l_elbow l_wrist r_hip r_knee r_ankle l_hip l_knee l_ankle '
         'r_eye l_eye r_ear l_ear').split()
SIDES = {'r': -1.0, 'l': 1.0}

ANKLE, SHANK, THIGH = 0.045, 0.245, 0.240
HEEL, BALL = -0.03, 0.085            # from the ankle, along the sole
HIP, SHOULDER = 0.056, 0.112         # half breadths
REST = {'hip': ANKLE + SHANK + THIGH, 'neck': 0.815, 'chin': 0.87}
UPPER_ARM, FOREARM = 0.170, 0.146
HEAD = {'nose': (0, 0.103, 0.064), 'eye': (0.019, 0.120, 0.050), 'ear': (0.044, 0.114, -0.006)}  # from the neck


def cos(turns):
    return math.cos(2 * math.pi * turns)


def sin(turns):
    return math.sin(2 * math.pi * turns)


def add(a, b, k=1.0):
    return tuple(x + k * y for x, y in zip(a, b))


def rotate(v, yaw=0.0, pitch=0.0, roll=0.0):
    """Roll about the way ahead, then pitch (forward: up goes to the front), then yaw."""
    x, y, z = v
    a = math.radians(roll)
    x, y = x * math.cos(a) + y * math.sin(a), y * math.cos(a) - x * math.sin(a)
    a = math.radians(pitch)
    y, z = y * math.cos(a) - z * math.sin(a), z * math.cos(a) + y * math.sin(a)
    a = math.radians(yaw)
    x, z = x * math.cos(a) + z * math.sin(a), z * math.cos(a) - x * math.sin(a)
    return x, y, z


def knee(hip, ankle, out):
    """Two bones between two points, bent to the front; `out` turns the knee to its side."""
    d = add(ankle, hip, -1)
    length = math.sqrt(sum(c * c for c in d))
    reach = min(length, (THIGH + SHANK) * 0.9995)
    if length > THIGH + SHANK + 1e-9:
        raise ValueError('a leg is too short by %.4f' % (length - THIGH - SHANK))
    along = (THIGH ** 2 - SHANK ** 2 + reach ** 2) / (2 * reach)
    aside = math.sqrt(max(0.0, THIGH ** 2 - along ** 2))
    unit = tuple(c / length for c in d)
    front = (math.sin(math.radians(out)), 0.0, math.cos(math.radians(out)))
    dot = sum(f * u for f, u in zip(front, unit))
    front = add(front, unit, -dot)
    size = math.sqrt(sum(c * c for c in front))
    return add(add(hip, unit, along), front, aside / size)


def figure(pelvis, pelvis_turn=(0, 0, 0), chest_turn=(0, 0, 0), head_turn=(0, 0, 0), shrug=0.0, arms=None, ankles=None,
           knees_out=6.0):
    """All joints. Turns are (yaw, pitch, roll) in the world; arms[side] = (pitch, spread, elbow, inward): the upper arm
    relative to the chest, the bend of the elbow, and how far the forearm points inward. ankles[side] in the world."""
    j = {}
    j['neck'] = add(pelvis, rotate((0, REST['neck'] - REST['hip'], 0), *chest_turn))
    for side, s in SIDES.items():
        j[side + '_hip'] = add(pelvis, rotate((s * HIP, 0, 0), *pelvis_turn))
        j[side + '_ankle'] = ankles[side]
        j[side + '_knee'] = knee(j[side + '_hip'], ankles[side], s * knees_out)
        pitch, spread, elbow, inward = arms[side]
        shoulder = add(j['neck'], rotate((s * SHOULDER, shrug, 0), *chest_turn))

        def arm(v, s=s, pitch=pitch, spread=spread):
            x, y, z = rotate(v, pitch=-pitch)          # forward: down goes to the front
            return rotate(rotate((x, y, z), roll=-s * spread), *chest_turn)
        j[side + '_shoulder'] = shoulder
        j[side + '_elbow'] = add(shoulder, arm((0, -UPPER_ARM, 0)))
        e, i = math.radians(elbow), math.radians(inward)
        fore = (-s * math.sin(i) * math.sin(e), -math.cos(e), math.cos(i) * math.sin(e))
        j[side + '_wrist'] = add(j[side + '_elbow'], arm(tuple(FOREARM * c for c in fore)))
    for name in ('nose', 'eye', 'ear'):
        x, y, z = HEAD[name]
        for side, s in SIDES.items():
            j[name if name == 'nose' else side + '_' + name] = add(j['neck'], rotate((s * x, y, z), *head_turn))
    return j


# ---- walking ------------------------------------------------------------------------------------------------------

def foot_on_floor(z_ankle, pitch):
    """The ankle (y, z) of a foot whose ankle is at z_ankle when flat, rolled about its heel (toes up, pitch > 0) or its
    ball (heel up, pitch < 0)."""
    pivot = HEEL if pitch > 0 else BALL
    a = math.radians(pitch)
    y, z = ANKLE, -pivot                                # from the pivot to the ankle
    return y * math.cos(a) - z * -math.sin(a), z_ankle + pivot + z * math.cos(a) - y * math.sin(a)


def smooth(u):
    u = min(1.0, max(0.0, u))
    return u * u * (3 - 2 * u)


def hermite(a, va, b, vb, span, s):
    return ((2 * s ** 3 - 3 * s ** 2 + 1) * a + (s ** 3 - 2 * s ** 2 + s) * span * va
            + (-2 * s ** 3 + 3 * s ** 2) * b + (s ** 3 - s ** 2) * span * vb)


class Gait:
    """The path of one ankle: planted for `duty` of the cycle while the floor passes below at a constant speed, then
    swung forward to where it began, with no jump in speed. The heel comes down by heel_down, up from heel_up on; in the
    swing the ankle is lifted further, most at `peak` of the way."""

    def __init__(self, stride, duty, ahead, strike, push, heel_down, heel_up, lift, peak=0.5):
        self.stride, self.duty, self.ahead = stride, duty, ahead
        self.strike, self.push, self.heel_down, self.heel_up = strike, push, heel_down, heel_up
        self.lift, self.power = lift, math.log(0.5) / math.log(peak)

    def stance(self, u):
        pitch = self.strike * (1 - smooth(u / self.heel_down)) if u < self.heel_down else 0.0
        if u > self.heel_up:
            pitch = -self.push * ((u - self.heel_up) / (self.duty - self.heel_up)) ** 2.4
        return foot_on_floor(self.ahead - self.stride * u, pitch)

    def ankle(self, u):
        """(y, z) at u of the cycle after contact."""
        u %= 1.0
        if u <= self.duty:
            return self.stance(u)
        e = 1e-4
        off, on = self.stance(self.duty), self.stance(0.0)
        v_off = [(a - b) / e for a, b in zip(off, self.stance(self.duty - e))]
        v_on = [(b - a) / e for a, b in zip(on, self.stance(e))]
        s = (u - self.duty) / (1 - self.duty)
        y, z = (hermite(off[k], v_off[k], on[k], v_on[k], 1 - self.duty, s) for k in (0, 1))
        return y + self.lift * math.sin(math.pi * s ** self.power) ** 2, z


def walk():
    """Contact of the right foot at the first frame, passing at a quarter, of the left foot at the half."""
    gait = Gait(stride=0.76, duty=0.61, ahead=0.1915, strike=20, push=57, heel_down=0.10, heel_up=0.40, lift=0.004)
    frames, bodies, grounded = 32, [], []
    for f in range(frames):
        t = f / frames
        ankles = {}
        for side, s in SIDES.items():
            y, z = gait.ankle(t if side == 'r' else t + 0.5)
            ankles[side] = (s * 0.042, y, z)
        sway = -0.016 * cos(t - 0.30)                   # over the foot that bears the weight
        pelvis = (sway, REST['hip'] - 0.0166 - 0.011 * cos(2 * (t - 0.021)), -0.004 * sin(2 * t))
        twist = 7 * cos(t)                              # right hip ahead at its contact (yaw to the left)
        arms = {}
        for side in SIDES:
            swing = -cos(t - 0.03 + (0 if side == 'r' else 0.5))   # against the leg of its side
            late = -cos(t - 0.09 + (0 if side == 'r' else 0.5))
            arms[side] = (2 + 24 * swing, 9 - 1.5 * swing, 24 + 13 * late, 15)
        bodies.append(figure(pelvis, pelvis_turn=(twist, 3, 3.0 * cos(t - 0.27)),
                             chest_turn=(-8 * cos(t - 0.02), 4 + 1.2 * cos(2 * (t - 0.06)), -2.0 * cos(t - 0.30)),
                             head_turn=(-1.5 * cos(t), 2 - 1.2 * cos(2 * (t - 0.10)), 0.8 * cos(t - 0.30)),
                             arms=arms, ankles=ankles))
        grounded.append([(t % 1) <= gait.duty, ((t + 0.5) % 1) <= gait.duty])
    return dict(fps=32, loop=True, travel=(0, 0, gait.stride), bodies=bodies, grounded=grounded)


def idle():
    """One breath: in for two fifths, out for three; the weight wanders a little."""
    frames, bodies, grounded = 32, [], []
    for f in range(frames):
        t = f / frames
        breath = 0.5 - 0.5 * cos(t - 0.06 * sin(t))
        sway = 0.010 * sin(t)
        arms = {}
        for side, s in SIDES.items():
            lag = 0.5 - 0.5 * cos(t - 0.10)
            arms[side] = (-2 + 2.5 * lag + 1.0 * s * sin(t - 0.12), 9 + 2.6 * lag, 17 + 4 * lag, 30)
        ankles = {side: (s * 0.068, ANKLE, -0.012 + 0.012 * s) for side, s in SIDES.items()}
        pelvis = (sway, REST['hip'] - 0.0105 + 0.0065 * breath, 0.002 * cos(t))
        bodies.append(figure(pelvis, pelvis_turn=(2.0, 1, -1.2 * sin(t)),
                             chest_turn=(-1.0 + 0.8 * sin(t - 0.05), 2.2 - 1.6 * breath, 0.9 * sin(t)),
                             head_turn=(1.2 * sin(t - 0.12), 1.5 - 1.6 * (0.5 - 0.5 * cos(t - 0.12)), -0.8 * sin(t)),
                             shrug=0.009 * breath, arms=arms, ankles=ankles, knees_out=14))
        grounded.append([True, True])
    return dict(fps=12, loop=True, travel=(0, 0, 0), bodies=bodies, grounded=grounded)


def run():
    """Contact of the right foot at the first frame; both feet are off the floor before each contact."""
    gait = Gait(stride=1.10, duty=0.36, ahead=0.098, strike=4, push=62, heel_down=0.05, heel_up=0.15, lift=0.140, peak=0.42)
    frames, bodies, grounded = 32, [], []
    for f in range(frames):
        t = f / frames
        ankles = {}
        for side, s in SIDES.items():
            y, z = gait.ankle(t if side == 'r' else t + 0.5)
            ankles[side] = (s * 0.034, y, z)
        pelvis = (-0.008 * cos(t - 0.18), REST['hip'] - 0.0245 - 0.019 * cos(2 * (t - 0.13)), 0.004 * sin(2 * t))
        arms = {}
        for side in SIDES:
            swing = -cos(t - 0.04 + (0 if side == 'r' else 0.5))
            late = -cos(t - 0.10 + (0 if side == 'r' else 0.5))
            arms[side] = (-4 + 40 * swing, 13 - 3 * swing, 88 + 14 * late, 20)
        bodies.append(figure(pelvis, pelvis_turn=(9 * cos(t), 7, 3.0 * cos(t - 0.18)),
                             chest_turn=(-12 * cos(t - 0.02), 11 + 2.0 * cos(2 * (t - 0.20)), -2.5 * cos(t - 0.18)),
                             head_turn=(-2.0 * cos(t), 4 + 1.5 * cos(2 * (t - 0.24)), 0.0),
                             arms=arms, ankles=ankles, knees_out=4))
        grounded.append([t % 1 <= gait.duty, (t + 0.5) % 1 <= gait.duty])
    return dict(fps=44, loop=True, travel=(0, 0, gait.stride), bodies=bodies, grounded=grounded)


# ---- what happens once: a few poses in time -----------------------------------------------------------------------

def keyed(t, keys):
    """Through the points (time, value) by cubics that do not overshoot (Fritsch and Carlson)."""
    if t <= keys[0][0]:
        return keys[0][1]
    slope = [(b[1] - a[1]) / (b[0] - a[0]) for a, b in zip(keys, keys[1:])]
    tangent = [0.0] + [0.0 if p * q <= 0 else 2 * p * q / (p + q) for p, q in zip(slope, slope[1:])] + [0.0]
    for k, (a, b) in enumerate(zip(keys, keys[1:])):
        if t <= b[0]:
            span = b[0] - a[0]
            return hermite(a[1], tangent[k], b[1], tangent[k + 1], span, (t - a[0]) / span)
    return keys[-1][1]


def jump():
    """Crouch, push off, tuck at the top, reach for the floor, give way, stand."""
    frames, bodies, grounded = 48, [], []
    off, down = 0.34, 0.72                              # the time in the air
    for f in range(frames):
        t = f / (frames - 1)
        s = (t - off) / (down - off)
        height = 0.16 * 4 * s * (1 - s) if 0 < s < 1 else 0.0
        sink = keyed(t, [(0, 0.012), (0.22, 0.150), (off, 0.000), (0.53, 0.020), (down, 0.015), (0.82, 0.140), (1, 0.012)])
        tuck = keyed(t, [(off, 0), (0.53, 0.105), (down, 0)])
        toes = keyed(t, [(0.24, 0), (off, 50), (0.60, 25), (down, 22), (0.78, 0)])
        lean = keyed(t, [(0, 2), (0.22, 30), (off, 1), (0.53, 8), (down, 6), (0.82, 26), (1, 2)])
        swing = keyed(t, [(0, 0), (0.18, -50), (0.42, 112), (0.57, 68), (down, 30), (0.84, -14), (1, 0)])
        spread = keyed(t, [(0, 9), (0.22, 12), (0.38, 16), (0.55, 42), (down, 34), (0.84, 18), (1, 9)])
        elbow = keyed(t, [(0, 16), (0.22, 24), (0.38, 14), (0.55, 40), (0.84, 34), (1, 16)])
        y, z = foot_on_floor(-0.012, -toes)
        back = keyed(t, [(0, 0), (0.22, -0.050), (off, 0.012), (0.53, 0.0), (down, -0.010), (0.82, -0.045), (1, 0)])
        lift = height + tuck
        ankles = {side: (k * 0.066, y + lift, z - 0.5 * tuck) for side, k in SIDES.items()}
        rise = (y - ANKLE) * (1 - smooth((lift - 0.002) / 0.02)) * 0.8 if toes else 0.0
        pelvis = (0, REST['hip'] - sink + height + rise + (0.036 if lift > 0.02 else 1.8 * lift), back)
        arms = {side: (swing, spread, elbow, 12) for side in SIDES}
        bodies.append(figure(pelvis, pelvis_turn=(0, lean * 0.5, 0), chest_turn=(0, lean, 0),
                             head_turn=(0, 2 + lean * 0.25 - 6 * math.sin(math.pi * min(1, max(0, s))), 0),
                             shrug=keyed(t, [(0, 0), (0.38, 0.022), (0.6, 0.006), (0.84, 0), (1, 0)]),
                             arms=arms, ankles=ankles, knees_out=12))
        grounded.append([not 0 < s < 1] * 2)
    return dict(fps=42, loop=False, travel=(0, 0, 0), bodies=bodies, grounded=grounded)


def attack():
    """A blow with the right hand from above: draw back slowly, strike fast, hold, come back."""
    frames, bodies, grounded = 48, [], []
    for f in range(frames):
        t = f / (frames - 1)
        twist = keyed(t, [(0, -6), (0.36, -42), (0.56, 40), (0.66, 44), (1, -6)])
        lean = keyed(t, [(0, 4), (0.36, -7), (0.56, 20), (0.68, 22), (1, 4)])
        ahead = keyed(t, [(0, 0), (0.36, -0.055), (0.56, 0.085), (0.68, 0.090), (1, 0)])
        sink = keyed(t, [(0, 0.035), (0.36, 0.045), (0.56, 0.085), (0.68, 0.080), (1, 0.035)])
        blow = keyed(t, [(0, 22), (0.36, 172), (0.47, 130), (0.57, 74), (0.68, 56), (1, 22)])
        wide = keyed(t, [(0, 16), (0.36, 26), (0.50, 12), (0.68, -6), (1, 16)])
        elbow = keyed(t, [(0, 72), (0.36, 96), (0.50, 26), (0.57, 10), (0.68, 16), (1, 72)])
        other = keyed(t, [(0, 30), (0.36, 62), (0.57, -28), (0.68, -30), (1, 30)])
        bend = keyed(t, [(0, 78), (0.36, 50), (0.57, 66), (1, 78)])
        arms = {'r': (blow, wide, elbow, 10), 'l': (other, 18, bend, 24)}
        heel, toe = keyed(t, [(0.40, 0), (0.57, 28), (0.72, 26), (1, 0)]), keyed(t, [(0, 0), (0.36, 12), (0.52, 0)])
        ry, rz = foot_on_floor(-0.115, -heel)
        ly, lz = foot_on_floor(0.105, toe)
        ankles = {'r': (-0.080, ry, rz), 'l': (0.070, ly, lz)}
        pelvis = (0.006, REST['hip'] - sink, ahead)
        bodies.append(figure(pelvis, pelvis_turn=(0.45 * twist, 0.4 * lean, 0), chest_turn=(twist, lean, 0),
                             head_turn=(0.18 * twist, 3 + 0.3 * lean, 0), arms=arms, ankles=ankles, knees_out=10))
        grounded.append([True, True])
    return dict(fps=40, loop=False, travel=(0, 0, 0), bodies=bodies, grounded=grounded)


CLIPS = {'idle': idle, 'walk': walk, 'run': run, 'jump': jump, 'attack': attack}


def number(v):
    return '%g' % (round(v, 4) + 0.0)                   # + 0.0: no minus before a zero


def row(values):
    return '[' + ','.join(number(v) for v in values) + ']'


def write(path, name, clip):
    frames = len(clip['bodies'])
    root = clip.get('root') or [tuple(c * f / frames for c in clip['travel']) for f in range(frames)]
    with open(path, 'w') as out:
        out.write('{"name":"%s","fps":%s,"loop":%s,"frames":%d,\n' % (
            name, number(clip['fps']), json.dumps(clip['loop']), frames))
        out.write('"rest":{"hip":%s,"neck":%s,"chin":%s},\n' % tuple(number(REST[k]) for k in ('hip', 'neck', 'chin')))
        out.write('"travel":%s,\n"joints":%s,\n"track":[\n' % (row(clip['travel']), json.dumps(NAMES, separators=(',', ':'))))
        out.write(',\n'.join('[' + ','.join(row(b[n]) for n in NAMES) + ']' for b in clip['bodies']))
        out.write('],\n"root":[' + ','.join(row(r) for r in root))
        out.write('],\n"grounded":' + json.dumps([[int(g) for g in pair] for pair in clip['grounded']], separators=(',', ':')))
        out.write('}\n')
    json.load(open(path))


def main():
    folder = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'data', 'poses')
    for name in sys.argv[1:] or CLIPS:
        write(os.path.join(folder, name + '.json'), name, CLIPS[name]())


if __name__ == '__main__':
    main()
