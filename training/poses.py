"""Poses: joint angles of a small 3-D rig, as clips (phase 0..1) or random.

Degrees.  sf, sa, ef: shoulder flexion, abduction, elbow flexion; hf, ha, kf: hip
flexion, abduction, knee flexion; R and L are the character's.  lean, side: the
trunk; head: nod; dy: how far the figure is off the ground, in its own heights.
"""
import math


def pose(sfR=0, sfL=0, saR=10, saL=10, efR=8, efL=8, hfR=0, hfL=0, haR=5, haL=5,
         kfR=2, kfL=2, lean=0, side=0, head=0, dy=0.0):
    return dict(locals())


def wave(t):
    return math.sin(2 * math.pi * t), math.cos(2 * math.pi * t)


def idle(t):
    s, _ = wave(t)
    return pose(saR=12 + 3 * s, saL=12 + 3 * s, efR=15 + 4 * s, efL=15 + 4 * s, dy=.006 * s)


def walk(t):
    """the right leg swings forward while the cosine is positive, its knee bent"""
    s, c = wave(t)
    return pose(sfR=-28 * s, sfL=28 * s, efR=18 + 8 * s, efL=18 - 8 * s, hfR=30 * s, hfL=-30 * s,
                kfR=10 + 45 * max(0, c), kfL=10 + 45 * max(0, -c), lean=4, dy=.01 * abs(c))


def run(t):
    s, c = wave(t)
    return pose(sfR=-50 * s, sfL=50 * s, efR=80, efL=80, hfR=12 + 45 * s, hfL=12 - 45 * s,
                kfR=25 + 70 * max(0, c), kfL=25 + 70 * max(0, -c), lean=14, dy=.03 * abs(c))


def jump(t):
    """crouch, rise with the arms up, land in a crouch"""
    a, crouch = math.sin(math.pi * t), max(0, math.cos(2 * math.pi * t))
    arm = -30 * crouch + 120 * a * (1 - crouch)
    return pose(sfR=arm, sfL=arm, saR=15 + 25 * a, saL=15 + 25 * a, efR=25, efL=25,
                hfR=50 * crouch + 25 * a, hfL=50 * crouch - 10 * a, kfR=85 * crouch + 50 * a, kfL=85 * crouch + 20 * a,
                lean=20 * crouch, dy=.10 * a * (1 - crouch))


def attack(t):
    """the right arm from above the head down to the front, with a lunge"""
    u = t * 2 if t < .5 else 2 - 2 * t
    w = 150 - 125 * (.5 - .5 * math.cos(2 * math.pi * t))
    return pose(sfR=w, sfL=-20 + 50 * u, saR=12, saL=25, efR=20 + 50 * abs(1 - u), efL=40,
                hfR=-12 - 16 * u, hfL=14 + 28 * u, kfR=10 + 8 * u, kfL=16 + 34 * u, lean=-6 + 22 * u, dy=-.01 * u)


def cast(t):
    s = .5 - .5 * math.cos(2 * math.pi * t)
    return pose(sfR=30 + 60 * s, sfL=30 + 60 * s, saR=15 + 45 * s, saL=15 + 45 * s, efR=50 - 30 * s, efL=50 - 30 * s, lean=-4 * s)


def hurt(t):
    s = math.sin(math.pi * t)
    return pose(sfR=40 * s, sfL=30 * s, saR=20 + 20 * s, saL=20 + 20 * s, efR=45 * s, efL=50 * s, hfR=18 * s, hfL=-12 * s,
                kfR=25 * s, kfL=10 * s, lean=-18 * s, head=-10 * s)


def tpose(t):
    return pose(saR=60 + 30 * t, saL=60 + 30 * t, efR=0, efL=0, haR=9, haL=9)


def neutral(_):
    return pose(saR=14, saL=14)


CLIPS = dict(idle=idle, walk=walk, run=run, jump=jump, attack=attack, cast=cast, hurt=hurt, tpose=tpose, neutral=neutral)
MIX = ["idle"] + ["walk"] * 3 + ["run"] * 3 + ["jump"] * 2 + ["attack"] * 3 + ["cast", "hurt", "tpose", "neutral"]
YAWS = [0, 0, 0, 45, -45, 45, 90, 90, -90, -90, 180]
REF_YAWS = [0, 0, 45, -45, 45, -45, 90, -90]


def clip_pose(name, phase):
    return CLIPS[name](phase)


def random_yaw(r):
    return r.choice(YAWS) + r.gauss(0, 4)


def jitter(p, r, sd):
    return {k: v if k == "dy" else v + r.gauss(0, sd) for k, v in p.items()}


def random_pose(r):
    """a moment of a clip, often disturbed; one in eight is any pose at all"""
    if r.random() < .12:
        u = r.uniform
        return pose(u(-50, 160), u(-50, 160), u(0, 80), u(0, 80), u(0, 110), u(0, 110), u(-30, 75), u(-30, 75),
                    u(0, 25), u(0, 25), u(0, 80), u(0, 80), u(-12, 20), u(-10, 10), u(-12, 12), u(-.01, .05))
    p = CLIPS[r.choice(MIX)](r.random())
    return jitter(p, r, 4) if r.random() < .6 else p


def reference_pose(r):
    """mostly standing, arms a little away from the body"""
    if r.random() < .8:
        return jitter(neutral(0), r, 3)
    return jitter(CLIPS[r.choice(["idle", "tpose", "walk", "attack"])](r.random()), r, 3)
