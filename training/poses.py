"""Poses: joint angles of a small 3-D rig, as clips (phase 0..1) or random.

Degrees.  sf, sa, ef: shoulder flexion, abduction, elbow flexion; hf, ha, kf: hip
flexion, abduction, knee flexion; R and L are the character's.  lean, side: the
trunk; head: nod; dy: how far the figure is off the ground, in its own heights.
spin: the whole figure turned in the picture's plane, clockwise; floor: knees or the seat may bear it.

With style "classic" the poses are those of the first studies.
"""
import math


def pose(sfR=0, sfL=0, saR=10, saL=10, efR=8, efL=8, hfR=0, hfL=0, haR=5, haL=5,
         kfR=2, kfL=2, lean=0, side=0, head=0, dy=0.0, spin=0, floor=False):
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


def crouch(t):
    s = math.sin(math.pi * t)
    return pose(sfR=20 * s, sfL=20 * s, efR=15 + 50 * s, efL=15 + 50 * s, hfR=80 * s, hfL=65 * s, kfR=110 * s, kfL=95 * s, haR=8, haL=8, lean=22 * s)


def defend(t):
    """behind the left arm"""
    s = math.sin(math.pi * t)
    return pose(sfL=70 * s, saL=-10 * s, efL=30 + 60 * s, sfR=-20 * s, saR=25, efR=60 * s, hfL=25 * s, kfL=40 * s, hfR=-15 * s, kfR=25 * s, lean=6 * s)


def death(t):
    """falls on its back and lies"""
    s = min(1, t * 1.5)
    return pose(sfR=40 * s, sfL=-10 * s, saR=20 + 40 * s, saL=20 + 50 * s, efR=20 + 20 * s, efL=20, hfR=20 * s, hfL=-5 * s, kfR=45 * s, kfL=10 * s,
                head=-12 * s, spin=-86 * s * s)


def roll(t):
    """curled up, once over"""
    s = math.sin(math.pi * t)
    return pose(sfR=60 * s, sfL=60 * s, efR=100 * s, efL=100 * s, hfR=100 * s, hfL=100 * s, kfR=120 * s, kfL=120 * s, lean=45 * s, head=20 * s, spin=360 * t)


def celebrate(t):
    s, c = wave(t)
    return pose(sfR=10, sfL=10, saR=140 + 20 * s, saL=140 - 20 * s, efR=20, efL=20, hfR=12 * max(0, s), hfL=12 * max(0, -s),
                kfR=25 * max(0, s), kfL=25 * max(0, -s), side=4 * s, dy=.03 * abs(s))


def climb(t):
    s, c = wave(t)
    return pose(sfR=140 + 30 * s, sfL=140 - 30 * s, efR=50 - 30 * s, efL=50 + 30 * s, hfR=45 - 35 * s, hfL=45 + 35 * s, kfR=70 - 45 * s, kfL=70 + 45 * s,
                haR=14, haL=14, dy=.03)


def sit(t):
    return pose(sfR=20 + 30 * t, sfL=20 + 30 * t, efR=30, efL=30, hfR=85, hfL=85, kfR=85 - 80 * t, kfL=85 - 60 * t, haR=10, haL=10, lean=-5, floor=True)


def kneel(t):
    return pose(sfR=10 + 40 * t, sfL=10 + 40 * t, efR=20 + 60 * t, efL=20 + 60 * t, hfR=5, hfL=85 * t, kfR=95, kfL=90, lean=8 * t, floor=True)


def kick(t):
    s = math.sin(math.pi * t)
    return pose(sfR=-25 * s, sfL=35 * s, saR=30, saL=30, efR=50, efL=60, hfR=90 * s, kfR=60 * (1 - s) * min(1, 4 * t), hfL=-8 * s, kfL=14 * s, lean=-14 * s)


def punch(t):
    s = math.sin(math.pi * t)
    return pose(sfR=30 + 58 * s, efR=110 * (1 - s), sfL=40, efL=110, saR=8, saL=10, hfL=25 * s, kfL=35 * s, hfR=-18 * s, kfR=12, lean=10 * s)


def shoot(t):
    """a bow, or a pointing arm"""
    return pose(sfL=88, efL=4, saL=6, sfR=80, saR=20 + 10 * t, efR=60 + 70 * t, hfL=14, hfR=-12, kfL=10, kfR=6)


def hips(t):
    """hands on the hips"""
    return pose(saR=42 + 6 * t, saL=42 + 6 * t, sfR=-12, sfL=-12, efR=55, efL=55, haR=8, haL=8)


def carry(t):
    return pose(sfR=40 + 20 * t, sfL=40 + 20 * t, efR=60, efL=60, saR=12, saL=12, hfR=15 * t, hfL=-15 * t, kfR=10, kfL=20 * t, lean=-4)


def cheer(t):
    """one arm up"""
    s, _ = wave(t)
    return pose(saR=135 + 25 * s, efR=15, saL=16, efL=20 + 20 * t)


def fly(t):
    s, _ = wave(t)
    return pose(sfR=-20, sfL=-20, saR=60 + 30 * s, saL=60 + 30 * s, efR=15, efL=15, hfR=-10, hfL=-20, kfR=30, kfL=15, lean=15, dy=.08 + .03 * s)


def apose(t):
    return pose(saR=22 + 26 * t, saL=22 + 26 * t, efR=3, efL=3, haR=5 + 6 * t, haL=5 + 6 * t)


CLIPS = dict(idle=idle, walk=walk, run=run, jump=jump, attack=attack, cast=cast, hurt=hurt, tpose=tpose, neutral=neutral)
MIX = ["idle"] + ["walk"] * 3 + ["run"] * 3 + ["jump"] * 2 + ["attack"] * 3 + ["cast", "hurt", "tpose", "neutral"]
MORE = dict(crouch=crouch, defend=defend, death=death, roll=roll, celebrate=celebrate, climb=climb, sit=sit, kneel=kneel, kick=kick, punch=punch,
            shoot=shoot, hips=hips, carry=carry, cheer=cheer, fly=fly, apose=apose)
MORE_MIX = MIX + ["crouch", "crouch", "defend", "defend", "death", "death", "roll", "celebrate", "climb"] + list(MORE)
EASY = ["apose"] * 9 + ["neutral"] * 6 + ["tpose"] * 3 + ["idle"] * 3 + ["hips", "walk", "run", "attack", "defend", "cheer", "carry", "shoot"]
YAWS = [0, 0, 0, 45, -45, 45, 90, 90, -90, -90, 180]
REF_YAWS = [0, 0, 45, -45, 45, -45, 90, -90]


ALL = CLIPS | MORE
MOVES = ["idle"] * 3 + ["walk"] * 5 + ["run"] * 4 + ["jump"] * 2 + ["attack"] * 3 + ["cast", "hurt", "crouch", "defend", "death", "roll", "celebrate",
                                                                                 "climb", "kick", "punch"]


def clip_pose(name, phase):
    return ALL[name](phase)


def reference_yaw(r, style="all"):
    if style != "classic" and r.random() < .15:
        return r.uniform(-180, 180)
    return r.choice(REF_YAWS) + r.gauss(0, 4 if style == "classic" else 8)


def random_yaw(r, style="classic"):
    if style != "classic" and r.random() < .35:
        return r.uniform(-180, 180)
    return r.choice(YAWS) + r.gauss(0, 4)


def jitter(p, r, sd):
    return {k: v if k in ("dy", "spin", "floor") else v + r.gauss(0, sd) for k, v in p.items()}


def random_pose(r, style="classic"):
    """a moment of a clip, often disturbed; one in eight is any pose at all"""
    if style != "classic" and r.random() < .85:
        name = r.choice(MORE_MIX)
        p = jitter(ALL[name](r.random()), r, r.choice([0, 4, 8]))
        if name in ("death", "roll", "fly") and r.random() < .5:
            p["spin"] = -p["spin"]
        return p | dict(spin=p["spin"] + r.uniform(-12, 12)) if r.random() < .1 else p
    if r.random() < .12:
        u = r.uniform
        return pose(u(-50, 160), u(-50, 160), u(0, 80), u(0, 80), u(0, 110), u(0, 110), u(-30, 75), u(-30, 75),
                    u(0, 25), u(0, 25), u(0, 80), u(0, 80), u(-12, 20), u(-10, 10), u(-12, 12), u(-.01, .05))
    p = CLIPS[r.choice(MIX)](r.random())
    return jitter(p, r, 4) if r.random() < .6 else p


def reference_pose(r, style="classic"):
    """mostly standing, arms a little away from the body"""
    if style != "classic":
        return jitter(ALL[r.choice(EASY)](r.random()), r, r.choice([0, 3, 6]))
    if r.random() < .8:
        return jitter(neutral(0), r, 3)
    return jitter(CLIPS[r.choice(["idle", "tpose", "walk", "attack"])](r.random()), r, 3)
