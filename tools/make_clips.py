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


def knee(hip, ankle, front):
    """Two bones between two points, bent towards `front`."""
    d = add(ankle, hip, -1)
    length = math.sqrt(sum(c * c for c in d))
    reach = min(length, (THIGH + SHANK) * 0.9995)
    if length > THIGH + SHANK + 1e-9:
        raise ValueError('a leg is too short by %.4f' % (length - THIGH - SHANK))
    along = (THIGH ** 2 - SHANK ** 2 + reach ** 2) / (2 * reach)
    aside = math.sqrt(max(0.0, THIGH ** 2 - along ** 2))
    unit = tuple(c / length for c in d)
    dot = sum(f * u for f, u in zip(front, unit))
    front = add(front, unit, -dot)
    size = math.sqrt(sum(c * c for c in front))
    return add(add(hip, unit, along), front, aside / size)


def figure(pelvis, pelvis_turn=(0, 0, 0), chest_turn=(0, 0, 0), head_turn=(0, 0, 0), shrug=0.0, arms=None, ankles=None,
           knees_out=6.0, knees_turn=(0, 0, 0)):
    """All joints. Turns are (yaw, pitch, roll) in the world; arms[side] = (pitch, spread, elbow, inward): the upper arm
    relative to the chest, the bend of the elbow, and how far the forearm points inward. ankles[side] in the world. Knees
    point ahead and `knees_out` degrees to their side (one angle, or one for each), in a world turned by knees_turn."""
    j = {}
    j['neck'] = add(pelvis, rotate((0, REST['neck'] - REST['hip'], 0), *chest_turn))
    for side, s in SIDES.items():
        j[side + '_hip'] = add(pelvis, rotate((s * HIP, 0, 0), *pelvis_turn))
        j[side + '_ankle'] = ankles[side]
        out = math.radians(s * (knees_out[side] if isinstance(knees_out, dict) else knees_out))
        front = rotate((math.sin(out), 0.0, math.cos(out)), *knees_turn)
        j[side + '_knee'] = knee(j[side + '_hip'], ankles[side], front)
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


def even(frames, ms):
    return {'ms': [ms] * frames}


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
        pelvis = (sway, REST['hip'] - 0.0215 - 0.0140 * cos(2 * (t - 0.050)), -0.004 * sin(2 * t))
        twist = 7 * cos(t)                              # right hip ahead at its contact (yaw to the left)
        arms = {}
        for side in SIDES:
            swing = -cos(t - 0.03 + (0 if side == 'r' else 0.5))   # against the leg of its side
            late = -cos(t - 0.11 + (0 if side == 'r' else 0.5))
            arms[side] = (2 + 28 * swing, 9 - 1.5 * swing, 24 + 15 * late, 15)
        bodies.append(figure(pelvis, pelvis_turn=(twist, 3, 3.0 * cos(t - 0.27)),
                             chest_turn=(-8 * cos(t - 0.02), 4 + 1.2 * cos(2 * (t - 0.06)), -2.0 * cos(t - 0.30)),
                             head_turn=(-1.5 * cos(t), 2 - 1.2 * cos(2 * (t - 0.10)), 0.8 * cos(t - 0.30)),
                             arms=arms, ankles=ankles))
        grounded.append([(t % 1) <= gait.duty, ((t + 0.5) % 1) <= gait.duty])
    return dict(play=even(8, 100), loop=True, travel=(0, 0, gait.stride), bodies=bodies, grounded=grounded)


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
            arms[side] = (-2 + 4 * lag + 1.5 * s * sin(t - 0.12), 9 + 4 * lag, 17 + 7 * lag, 30)
        ankles = {side: (s * 0.068, ANKLE, -0.012 + 0.012 * s) for side, s in SIDES.items()}
        pelvis = (sway, REST['hip'] - 0.0185 + 0.0130 * breath, 0.003 * cos(t))
        bodies.append(figure(pelvis, pelvis_turn=(2.0, 1, -1.2 * sin(t)),
                             chest_turn=(-1.0 + 1.0 * sin(t - 0.05), 3.2 - 2.8 * breath, 0.9 * sin(t)),
                             head_turn=(1.2 * sin(t - 0.12), 1.5 - 1.6 * (0.5 - 0.5 * cos(t - 0.12)), -0.8 * sin(t)),
                             shrug=0.011 * breath, arms=arms, ankles=ankles, knees_out=14))
        grounded.append([True, True])
    return dict(play=even(6, 167), loop=True, travel=(0, 0, 0), bodies=bodies, grounded=grounded)


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
    return dict(play=even(8, 80), loop=True, travel=(0, 0, gait.stride), bodies=bodies, grounded=grounded)


# ---- poses in time ------------------------------------------------------------------------------------------------

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


class Keys:
    """Poses at moments: [(time, {channel: value})]. A pose that does not name a channel lets it pass; one that nobody
    names is at its rest. In a loop the end leads to the beginning.

    x, y, z      the middle of the hips; y is above the floor
    hips, chest, head      pitch; with _yaw and _roll the other two
    pitch, spread, elbow, inward      of both arms; with r_ or l_ in front of one
    step, aside, lift, toes      of both feet, or of one: where the ankle is when flat, above that, and how it is rolled
                                 about the heel (toes up) or the ball (negative)
    shrug, out   of the shoulders; of the knees
    root_x, root_z      how far it has got
    """
    REST = {'y': REST['hip'] - 0.012, 'spread': 9, 'elbow': 16, 'inward': 12, 'aside': 0.068, 'out': 10}

    def __init__(self, poses, loop=False):
        self.loop, self.tracks = loop, {}
        for t, pose in poses:
            for channel, value in pose.items():
                self.tracks.setdefault(channel, []).append((t, value))
        if loop:
            for channel, keys in self.tracks.items():
                self.tracks[channel] = [(t + turn, v) for turn in (-1, 0, 1) for t, v in keys]

    def at(self, t, channel, side=None):
        own = '%s_%s' % (side, channel)
        keys = self.tracks.get(own) or self.tracks.get(channel)
        return keyed(t, keys) if keys else self.REST.get(channel, 0.0)

    def turn(self, t, part):
        return self.at(t, part + '_yaw'), self.at(t, part), self.at(t, part + '_roll')

    def ankle(self, t, side):
        y, z = foot_on_floor(self.at(t, 'step', side), self.at(t, 'toes', side))
        return SIDES[side] * self.at(t, 'aside', side), y + self.at(t, 'lift', side), z

    def figure(self, t, ankles=None, knees_turn=(0, 0, 0)):
        at = self.at
        arms = {side: tuple(at(t, c, side) for c in ('pitch', 'spread', 'elbow', 'inward')) for side in SIDES}
        return figure((at(t, 'x'), at(t, 'y'), at(t, 'z')), pelvis_turn=self.turn(t, 'hips'),
                      chest_turn=self.turn(t, 'chest'), head_turn=self.turn(t, 'head'), shrug=at(t, 'shrug'), arms=arms,
                      ankles=ankles or {side: self.ankle(t, side) for side in SIDES},
                      knees_out={side: at(t, 'out', side) for side in SIDES}, knees_turn=knees_turn)

    def times(self, frames):
        return [f / (frames if self.loop else frames - 1) for f in range(frames)]

    def clip(self, play, frames=48, figure=None, grounded=None):
        """What the figure does, less the way that it has got."""
        figure = figure or self.figure
        grounded = grounded or (lambda t: [self.at(t, 'lift', side) < 1e-6 for side in SIDES])
        times = self.times(frames)
        root = [(self.at(t, 'root_x'), 0.0, self.at(t, 'root_z')) for t in times]
        bodies = [{n: add(p, r, -1) for n, p in figure(t).items()} for t, r in zip(times, root)]
        return dict(play=play, loop=self.loop, travel=(0, 0, 0) if self.loop else root[-1], root=root, bodies=bodies,
                    grounded=[grounded(t) for t in times])


def jump():
    """Sink and draw the arms back, push off, tuck at the top, reach for the floor, give way, stand."""
    off, down = 0.34, 0.72                              # the time in the air
    stand = dict(y=0.518, z=0, hips=1, chest=2, head=2, pitch=0, spread=9, elbow=16, shrug=0, step=-0.012, toes=0, tuck=0)
    keys = Keys([
        (0.00, stand),
        (0.22, dict(y=0.370, z=-0.055, hips=18, chest=34, head=8, pitch=-56, spread=12, elbow=22, shrug=-0.004, toes=0)),
        (off, dict(y=0.565, z=0.012, hips=-1, chest=-2, head=-6, pitch=70, spread=15, elbow=20, toes=-52, tuck=0)),
        (0.42, dict(pitch=122, shrug=0.024, elbow=14)),
        (0.53, dict(z=0, hips=6, chest=9, head=4, pitch=96, spread=34, elbow=34, toes=-28, tuck=0.115)),
        (down, dict(y=0.522, z=-0.008, hips=3, chest=6, head=10, pitch=40, spread=38, elbow=22, toes=-22, tuck=0)),
        (0.78, dict(toes=0)),
        (0.83, dict(y=0.372, z=-0.052, hips=16, chest=32, head=2, pitch=-12, spread=22, elbow=34, shrug=-0.006)),
        (1.00, stand)])

    def height(t):
        s = (t - off) / (down - off)
        return 0.17 * 4 * s * (1 - s) if 0 < s < 1 else 0.0

    def body(t):
        up, tuck = height(t), keys.at(t, 'tuck')
        ankles = {side: add(keys.ankle(t, side), (0, up + tuck, -0.5 * tuck)) for side in SIDES}
        b = keys.figure(t, {side: add(a, (0, up, 0), -1) for side, a in ankles.items()})
        return {n: add(p, (0, up, 0)) for n, p in b.items()}
    return keys.clip(play={'phase': [0, 0.2, 0.34, 0.42, 0.53, 0.66, 0.82, 1], 'ms': [80, 140, 60, 80, 120, 80, 130, 130]},
                     figure=body, grounded=lambda t: [not off < t < down] * 2)


READY = dict(x=0.006, y=0.490, z=0, hips=2, hips_yaw=-12, chest=6, chest_yaw=-16, head=3, head_yaw=-3, shrug=0,
             r_pitch=18, r_spread=16, r_elbow=74, r_inward=14, l_pitch=34, l_spread=16, l_elbow=82, l_inward=26,
             r_step=-0.115, l_step=0.105, aside=0.076, r_toes=-10, l_toes=0, l_lift=0)


def attack():
    """A blow with the right hand from above: the weight goes back and waits, the body unwinds from the hips up, the foot
    in front lands as the hand is stretched; the arm goes on, the body stops it, and then there is time to come back."""
    keys = Keys([
        (0.00, READY),
        (0.24, dict(y=0.478, z=-0.052, hips=-2, hips_yaw=-26, chest=-4, chest_yaw=-38, head=2, head_yaw=-10, r_pitch=132,
                    r_spread=-4, r_elbow=92, l_pitch=66, l_spread=20, l_elbow=40, r_toes=0, l_toes=4, l_step=0.105)),
        (0.42, dict(y=0.482, z=-0.066, hips=-4, hips_yaw=-32, chest=-9, chest_yaw=-48, head=0, head_yaw=-14, r_pitch=176,
                    r_spread=-26, r_elbow=100, r_inward=4, l_pitch=78, l_elbow=30, shrug=0.012, r_toes=0, l_toes=12,
                    l_step=0.105, l_lift=0)),
        (0.47, dict(z=-0.010, hips_yaw=-2, l_lift=0.030, l_toes=16, chest_yaw=-24, r_pitch=166, r_elbow=76, l_pitch=44)),
        (0.55, dict(y=0.424, z=0.090, hips=12, hips_yaw=24, chest=20, chest_yaw=24, head=6, head_yaw=4, r_pitch=96,
                    r_spread=10, r_elbow=8, l_pitch=-24, l_spread=22, l_elbow=58, shrug=0.004, r_toes=-34, l_toes=0,
                    l_lift=0, l_step=0.195)),
        (0.64, dict(y=0.408, z=0.102, hips=14, hips_yaw=30, chest=29, chest_yaw=42, head=4, head_yaw=14, r_pitch=44,
                    r_spread=-10, r_elbow=20, r_inward=30, l_pitch=-36, l_spread=24, l_elbow=66, shrug=-0.004, r_toes=-42)),
        (0.76, dict(y=0.414, z=0.094, chest=27, chest_yaw=38, r_pitch=40, r_spread=-6, r_elbow=30, l_step=0.195, l_lift=0,
                    r_toes=-40)),
        (0.88, dict(l_lift=0.022)),
        (1.00, READY)])
    return keys.clip(play={'phase': [0, 0.24, 0.42, 0.54, 0.65, 1], 'ms': [90, 130, 210, 60, 150, 170]},
                     frames=72)


def defend():
    """Behind the forearm: up with it, the weight down behind it, give a little, hold."""
    guard = dict(y=0.432, z=-0.030, hips=10, hips_yaw=-18, chest=16, chest_yaw=-30, head=16, head_yaw=4, shrug=0.020,
                 r_pitch=26, r_spread=14, r_elbow=118, r_inward=42, l_pitch=78, l_spread=16, l_elbow=112, l_inward=52,
                 r_toes=-20, l_toes=0)
    keys = Keys([
        (0.00, READY),
        (0.22, dict(y=0.482, z=-0.034, chest=10, chest_yaw=-6, r_pitch=14, l_pitch=12, l_elbow=62, l_spread=18, shrug=-0.004,
                    r_toes=0)),
        (0.60, dict(guard, y=0.412, z=-0.046, chest=20, head=20, shrug=0.026, l_pitch=84)),
        (0.82, guard), (1.00, guard)])
    return keys.clip(play={'phase': [0, 0.24, 0.46, 0.64, 1], 'ms': [70, 60, 60, 90, 320]}, frames=40)


def crouch():
    """From standing to the heels, with a little more than needed; it ends there, and is played backwards to get up."""
    stand = dict(y=0.518, z=0, hips=1, chest=2, head=2, pitch=-2, spread=9, elbow=18, inward=20, r_step=-0.024, l_step=0.0,
                 shrug=0, out=14)
    low = dict(y=0.300, z=-0.062, hips=26, chest=40, head=10, pitch=20, spread=20, elbow=62, inward=24, out=22)
    keys = Keys([
        (0.00, stand),
        (0.16, dict(y=0.505, chest=9, head=10, pitch=-10, elbow=14, z=-0.004)),
        (0.62, dict(low, y=0.278, z=-0.066, chest=44, head=16, spread=26, pitch=8, shrug=0.010)),
        (0.86, dict(low, shrug=0)), (1.00, low)])
    return keys.clip(play={'phase': [0, 0.3, 0.62, 1], 'ms': [80, 70, 100, 250]}, frames=40)


def death():
    """Hit in the chest: thrown back, a step's worth of holding on, the knees give, the body falls on its back to its
    right, where it can be seen from in front and from the side; it bounces once and lies."""
    def along(way, **more):                             # so far back, on the way it falls
        return dict(more, x=-0.707 * way, z=-0.707 * way)
    lie = along(0.44, y=0.078, hips=-88, hips_yaw=45, hips_roll=0, chest=-90, chest_yaw=45, head=-82, head_yaw=70,
                head_roll=0, r_pitch=2, r_spread=62, r_elbow=24, l_pitch=-3, l_spread=36, l_elbow=30, inward=-80, shrug=0)
    keys = Keys([
        (0.00, along(0, y=0.518, hips=1, hips_yaw=0, chest=2, chest_yaw=0, head=2, head_yaw=0, head_roll=0, r_pitch=0,
                     l_pitch=0, r_spread=9, l_spread=9, r_elbow=18, l_elbow=18, inward=20, shrug=0, legs=0)),
        (0.11, along(0.050, y=0.500, hips=-10, hips_yaw=6, chest=-24, chest_yaw=14, head=6, head_yaw=8, r_pitch=52,
                     l_pitch=46, r_spread=34, l_spread=30, r_elbow=40, l_elbow=44, shrug=0.02)),
        (0.24, along(0.075, y=0.470, hips=0, hips_yaw=16, chest=-6, chest_yaw=22, head=-26, head_yaw=16, head_roll=-8,
                     r_pitch=18, l_pitch=10, r_spread=24, l_spread=22, r_elbow=36, l_elbow=30, shrug=0)),
        (0.42, along(0.090, y=0.340, hips=14, hips_yaw=28, chest=16, chest_yaw=32, head=34, head_yaw=30, head_roll=-10,
                     r_pitch=-8, l_pitch=-6, r_spread=14, l_spread=12, r_elbow=14, l_elbow=14, legs=0, root_x=0, root_z=0)),
        (0.58, along(0.270, y=0.180, hips=-28, hips_yaw=40, chest=-34, chest_yaw=42, head=-2, head_yaw=40, head_roll=-4,
                     r_pitch=48, l_pitch=44, r_spread=44, l_spread=36, r_elbow=30, l_elbow=34, legs=0)),
        (0.70, dict(lie, y=0.076, r_pitch=30, l_pitch=24, head=-96, legs=0.35)),
        (0.78, dict(lie, root_x=-0.18, root_z=-0.18, y=0.098, hips=-84, chest=-85, head=-66, head_yaw=56, r_pitch=12, l_pitch=8, r_spread=70)),
        (0.88, dict(lie, legs=1)), (1.00, lie)])
    planted = {side: (s * 0.068, ANKLE, -0.012 + 0.012 * s) for side, s in SIDES.items()}
    fallen = {'r': (-0.060, 0.046, 0.060), 'l': (0.020, 0.046, -0.075)}

    def body(t):
        share = keys.at(t, 'legs')
        ankles = {side: add(planted[side], add(fallen[side], planted[side], -1), share) for side in SIDES}
        pitch = keys.at(t, 'hips')
        return keys.figure(t, ankles, knees_turn=(keys.at(t, 'hips_yaw'), min(0, pitch), 0))
    return keys.clip(play={'phase': [0, 0.11, 0.26, 0.44, 0.6, 0.72, 1], 'ms': [70, 110, 110, 90, 70, 90, 460]}, frames=56,
                     figure=body, grounded=lambda t: [keys.at(t, 'legs') < 1e-6] * 2)


def roll():
    """Down over the hands and the bowed head, along the back, and up again on the feet a height further on."""
    far = 1.0
    keys = Keys([
        (0.00, dict(y=0.500, z=0, root_z=0, hips=4, chest=10, head=6, pitch=10, spread=10, elbow=40, toes=0, out=10)),
        (0.14, dict(y=0.340, z=0.020, hips=36, chest=62, head=56, pitch=62, spread=12, elbow=24, toes=-8)),
        (0.28, dict(y=0.372, z=0.240, hips=92, chest=128, head=176, pitch=84, spread=18, elbow=126, toes=-60)),
        (0.35, dict(pitch=80, elbow=142)),
        (0.42, dict(y=0.318, z=0.520, hips=176, chest=206, head=262, pitch=78, spread=22, elbow=114)),
        (0.49, dict(pitch=66, elbow=72)),
        (0.56, dict(y=0.100, z=0.760, hips=262, chest=276, head=326, pitch=64, spread=20, elbow=90, out=12)),
        (0.70, dict(y=0.142, z=0.880, hips=342, chest=352, head=368, pitch=70, spread=14, elbow=60)),
        (0.84, dict(y=0.330, z=far - 0.050, hips=388, chest=396, head=376, pitch=26, spread=18, elbow=50)),
        (1.00, dict(y=0.500, z=far, root_z=far, hips=364, chest=370, head=366, pitch=10, spread=10, elbow=40, out=10))])
    tuck = (0, -0.150, 0.100)                           # the ankles from the hips, in their turn

    def body(t):
        off, on = smooth((t - 0.27) / 0.14), smooth((t - 0.58) / 0.12)
        ankles = {}
        for side, s in SIDES.items():
            pelvis = (keys.at(t, 'x'), keys.at(t, 'y'), keys.at(t, 'z'))
            start = keys.ankle(t, side)
            air = add(pelvis, rotate((s * 0.050, tuck[1], tuck[2]), pitch=keys.at(t, 'hips')))
            end = (s * 0.068, ANKLE, far)
            way = add(start, add(air, start, -1), off)
            ankles[side] = add(way, add(end, way, -1), on)
        b = keys.figure(t, ankles, knees_turn=(0, keys.at(t, 'hips'), 0))
        deep = [(0.058 if n[2:] in ('eye', 'ear') or n == 'nose' else 0.045) - p[1] for n, p in b.items()]
        sunk = max(deep) if off > 0 and on < 1 else 0
        return {n: add(p, (0, max(0, sunk), 0)) for n, p in b.items()}
    return keys.clip(play=dict(even(8, 85), phase=[0, 0.14, 0.28, 0.42, 0.56, 0.7, 0.84, 1]), frames=56, figure=body,
                     grounded=lambda t: [t < 0.27 or t > 0.70] * 2)


def celebrate():
    """Hops with the fists up: sink, leap, arms stretched at the top, land, and again."""
    off, down = 0.24, 0.64

    keys = Keys([
        (0.00, dict(y=0.440, z=-0.028, hips=8, chest=16, head=8, r_pitch=70, l_pitch=64, spread=26, elbow=104, shrug=0)),
        (0.10, dict(y=0.424, z=-0.034, hips=10, chest=18, head=4, r_pitch=58, l_pitch=52, spread=24, elbow=108, toes=0)),
        (off, dict(y=0.566, z=0.008, hips=0, chest=-2, head=-10, r_pitch=140, l_pitch=118, spread=4, elbow=60, toes=-50, shrug=0.016)),
        (0.42, dict(hips=-2, chest=-6, head=-12, r_pitch=172, l_pitch=160, spread=-30, elbow=14, toes=-34, shrug=0.030)),
        (down, dict(y=0.524, z=0, hips=2, chest=0, head=-6, r_pitch=160, l_pitch=158, spread=-36, elbow=22, toes=-20,
                    shrug=0.018)),
        (0.72, dict(toes=0)),
        (0.84, dict(y=0.410, z=-0.036, hips=12, chest=20, head=12, r_pitch=104, l_pitch=110, spread=18, elbow=92, shrug=0.0))],
        loop=True)

    def body(t):
        s = (t - off) / (down - off)
        up = 0.13 * 4 * s * (1 - s) if 0 < s < 1 else 0.0
        tuck = 0.05 * math.sin(math.pi * s) ** 2 if 0 < s < 1 else 0.0
        b = keys.figure(t, {side: add(keys.ankle(t, side), (0, tuck, -0.6 * tuck)) for side in SIDES})
        return {n: add(p, (0, up, 0)) for n, p in b.items()}
    return keys.clip(play=even(8, 100), frames=40, figure=body, grounded=lambda t: [not off < t < down] * 2)


CLIPS = {'idle': idle, 'walk': walk, 'run': run, 'jump': jump, 'attack': attack, 'crouch': crouch, 'defend': defend,
         'death': death, 'roll': roll, 'celebrate': celebrate}


def number(v):
    return '%g' % (round(v, 4) + 0.0)                   # + 0.0: no minus before a zero


def row(values):
    return '[' + ','.join(number(v) for v in values) + ']'


def write(path, name, clip):
    frames = len(clip['bodies'])
    root = clip.get('root') or [tuple(c * f / frames for c in clip['travel']) for f in range(frames)]
    play = clip['play']
    parts = [] if 'phase' not in play else ['"phase":' + row(play['phase'])]
    with open(path, 'w') as out:
        out.write('{"name":"%s","loop":%s,"frames":%d,\n' % (name, json.dumps(clip['loop']), frames))
        out.write('"play":{%s},\n' % ','.join(parts + ['"ms":' + row(play['ms'])]))
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
