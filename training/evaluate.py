"""Measure the model folder on characters it has never seen.

evaluate.py make SET [--seeds heldout|validation] [--style all|classic] [--characters 128] [--frames 4]
evaluate.py run SET [--engine torch|atelier] [--model models/sprite-mini] [--program build/atelier] [--steps N]
                    [--guidance G] [--characters N] [--out FOLDER] [--dolls FOLDER-OF-LAYERS]

A SET is one folder per character: reference.png (RGBA), and per animation a folder of
OpenPose JSON poses and one of true RGBA frames.  A sample is scored on the key colour:
its silhouette is every pixel with a channel more than 40 from the key, the true one is
alpha > 127; PSNR is taken over the union of the two.  Copying the reference is scored alike.
"""
import argparse
import json
import math
import os
import random
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import torch
from PIL import Image

import draw
import poses
import skeleton
from characters import make_char
from data import HELD_OUT, VALIDATION, doll, key_colour, on_key, straight

CLIPS = ("idle", "walk", "run", "jump", "attack")


# ------------------------------------------------------------------ the set
def write_pose(path, joints):
    keys = [round(float(v), 4) for v in (joints[:, :3] * (joints[:, 2:3] > 0)).reshape(-1)]
    with open(path, "w") as f:
        json.dump({"people": [{"pose_keypoints_2d": keys}], "canvas_width": 64, "canvas_height": 64}, f)


def read_pose(path):
    with open(path) as f:
        return np.array(json.load(f)["people"][0]["pose_keypoints_2d"], np.float32).reshape(18, 3)


def save_rgba(path, premultiplied):
    Image.fromarray(straight(premultiplied), "RGBA").save(path)


def make_character(folder, index, seed, frames, style):
    """the reference, and each clip from one side: the reference's (even index + clip) or any"""
    c, r = make_char(seed, style), random.Random(seed * 31 + 7)
    yaw = poses.reference_yaw(r, style)
    os.makedirs(folder, exist_ok=True)
    save_rgba(f"{folder}/reference.png", draw.frame(c, poses.reference_pose(r, style), yaw)[0])
    info = dict(seed=seed, yaw=yaw, clips={})
    for k, clip in enumerate(CLIPS):
        same = (index + k) % 2 == 0
        turned = poses.random_yaw(r)
        to = yaw if same else turned
        info["clips"][clip] = dict(yaw=to, same=same)
        for d in ("poses", "truth"):
            os.makedirs(f"{folder}/{clip}/{d}", exist_ok=True)
        for i in range(frames):
            pm, joints = draw.frame(c, poses.clip_pose(clip, (i + .5 * (index % 2)) / frames), to)
            write_pose(f"{folder}/{clip}/poses/{i:04}.json", joints)
            save_rgba(f"{folder}/{clip}/truth/{i:04}.png", pm)
    with open(f"{folder}/info.json", "w") as f:
        json.dump(info, f)


def make(args):
    first = HELD_OUT if args.seeds == "heldout" else VALIDATION + 1000
    for i in range(args.characters):
        make_character(f"{args.set}/{i:04}", i, first + i, args.frames, args.style)


# ------------------------------------------------------------------ the engines
class Torch:
    """the exported files, in PyTorch"""
    def __init__(self, args):
        import export
        torch.set_num_threads(args.threads)
        self.model, self.vae = export.load(args.model)
        with open(f"{args.model}/family.json") as f:
            family = json.load(f)
        self.steps, self.guidance = args.steps or family["steps"], args.guidance or family["guidance"]
        self.args = args

    def noise(self, frames):
        """the program's: one draw, the same for all frames of a clip"""
        g = torch.Generator().manual_seed(self.args.seed)
        return torch.randn(1, 8, 16, 16, generator=g).expand(frames, -1, -1, -1)

    @torch.no_grad()
    def draw(self, ref_rgba, joints, clips):
        """`clips`: how many of the frames belong to each clip"""
        from sampler import sample
        from sprite import clip_tensor, pose_tensor
        from vae import tensor
        pic = on_key(ref_rgba, key_colour(ref_rgba))[None]
        latent = self.vae.encode(tensor(pic))[0]
        noise = torch.cat([self.noise(n) for n in clips])
        z = sample(self.model, pose_tensor(joints), latent, clip_tensor(pic), noise, self.steps, self.guidance)
        x = ((self.vae.decode(z) / 2 + .5).clamp(0, 1) * 255).byte()
        return x.permute(0, 2, 3, 1).numpy()

    def character(self, folder):
        ref = np.array(Image.open(f"{folder}/reference.png"))
        names = [(c, f) for c in CLIPS for f in sorted(os.listdir(f"{folder}/{c}/poses"))]
        out = self.draw(ref, np.stack([read_pose(f"{folder}/{c}/poses/{f}") for c, f in names]), [sum(n[0] == c for n in names) for c in CLIPS])
        return {c: np.stack([x for x, n in zip(out, names) if n[0] == c]) for c in CLIPS}


class Atelier:
    """the C program, one run for all poses of a character (it draws each frame by itself)"""
    def __init__(self, args):
        self.args = args

    def run(self, reference, pose_dir, out):
        a = self.args
        cmd = [a.program, "sprite", reference, "--model", a.model, "--poses", pose_dir, "--raw", "--seed", str(a.seed), "--out", out]
        cmd += ["--steps", str(a.steps)] if a.steps else []
        cmd += ["--guidance", str(a.guidance)] if a.guidance else []
        subprocess.run(cmd, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        names = sorted(f for f in os.listdir(f"{out}/frames") if f.endswith(".png"))
        return np.stack([np.asarray(Image.open(f"{out}/frames/{f}").convert("RGB")) for f in names])

    def character(self, folder):
        here = f"{self.args.out}/{os.path.basename(folder)}"
        os.makedirs(f"{here}/poses", exist_ok=True)
        names = [(c, f) for c in CLIPS for f in sorted(os.listdir(f"{folder}/{c}/poses"))]
        for i, (c, f) in enumerate(names):
            shutil.copy(f"{folder}/{c}/poses/{f}", f"{here}/poses/{i:04}.json")
        frames = self.run(f"{folder}/reference.png", f"{here}/poses", here)
        assert frames.shape == (len(names), 64, 64, 3), frames.shape
        return {c: np.stack([x for x, n in zip(frames, names) if n[0] == c]) for c in CLIPS}


# ------------------------------------------------------------------ the measures
def silhouette(rgb, key):
    return np.abs(rgb.astype(np.int32) - np.array(key)).max(-1) > 40


def score(rgb, truth, key):
    """-> IoU, PSNR in the union"""
    s, t = silhouette(rgb, key), truth[..., 3] > 127
    union = s | t
    d = rgb.astype(np.float64) - on_key(truth, key)
    mse = max((d[union] ** 2).mean(), 1e-3)
    return (s & t).sum() / max(union.sum(), 1), 10 * math.log10(255 ** 2 / mse)


def load_truth(folder, clip):
    d = f"{folder}/{clip}/truth"
    return np.stack([np.asarray(Image.open(f"{d}/{f}")) for f in sorted(os.listdir(d))])


def report(rows):
    """rows: (character, clip, same, iou, db, copy iou, copy db)"""
    line = "| {:<22} | {:>5} | {:.3f} | {:5.2f} | {:.3f} | {:5.2f} |"
    print("| frames | n | IoU | dB | copy IoU | copy dB |\n|---|---|---|---|---|---|")

    def show(name, pick):
        m = np.array([r[3:] for r in rows if pick(r)])
        print(line.format(name, len(m), *m.mean(0)))
    show("all", lambda r: True)
    for c in CLIPS:
        show(c, lambda r: r[1] == c)
    show("reference's side", lambda r: r[2])
    show("any side", lambda r: not r[2])
    people = sorted({r[0] for r in rows})
    m = np.array([np.mean([r[3:] for r in rows if r[0] == p], 0) for p in people])
    iou, db = m[:, 0] > m[:, 2], m[:, 1] > m[:, 3]
    print(f"beats copying: IoU {iou.mean():.1%}, dB {db.mean():.1%}, both {(iou & db).mean():.1%} of {len(people)} characters")
    return dict(iou=float(np.mean([r[3] for r in rows])), db=float(np.mean([r[4] for r in rows])), beats=float((iou & db).mean()))


def grid(rows, path, scale=2):
    h = max(len(r) for r in rows)
    sheet = np.concatenate([np.concatenate(list(r) + [np.zeros_like(r[0])] * (h - len(r)), 1) for r in rows], 0)
    im = Image.fromarray(sheet)
    im.resize((im.width * scale, im.height * scale), Image.NEAREST).save(path)


def small_skeleton(joints):
    return skeleton.picture(joints).reshape(64, 2, 64, 2, 3).max((1, 3))


# ------------------------------------------------------------------ dolls
def doll_proportions():
    """a generator character shaped like the paper dolls at 48 pixels"""
    c = make_char(1, "classic")
    c.H, c.ground, c.cx, c.headf = 45., 60., 32., .2
    c.legf = .8 * .46
    c.torf = .8 - c.legf
    c.armf, c.sho, c.hip, c.limb, c.legw, c.pixel = (c.torf + .12), .12, .07, .035, .045, False
    return c


def dolls(engine, args):
    """no truth here: a walk and an attack of eight dolls, to look at"""
    c, rows = doll_proportions(), []
    for i in range(8):
        d = doll(args.dolls, random.Random(VALIDATION + 100 + i))[0]
        im = Image.new("RGBA", (64, 64))
        im.paste(Image.fromarray(d, "RGBA").resize((48, 48), Image.NEAREST), (8, 13))
        folder = f"{args.out}/doll{i}"
        joints = [draw.frame(c, poses.clip_pose(n, p), 0)[1] for n, p in (("idle", 0.), ("walk", .1), ("walk", .35), ("walk", .6), ("attack", .2), ("attack", .5), ("jump", .5))]
        os.makedirs(f"{folder}/poses", exist_ok=True)
        for k, j in enumerate(joints):
            write_pose(f"{folder}/poses/{k:04}.json", j)
        im.save(f"{folder}/reference.png")
        rgba = np.asarray(im)
        out = engine.draw(rgba, np.stack(joints), [len(joints)]) if isinstance(engine, Torch) else engine.run(f"{folder}/reference.png", f"{folder}/poses", f"{folder}/out")
        key = key_colour(rgba)
        rows.append([on_key(rgba, key)] + [x for j, o in zip(joints, out) for x in (small_skeleton(j), o)])
    grid(rows, f"{args.out}/dolls.png")


# ------------------------------------------------------------------
def run(args):
    os.makedirs(args.out, exist_ok=True)
    engine = Torch(args) if args.engine == "torch" else Atelier(args)
    names = sorted(n for n in os.listdir(args.set) if n.isdigit())[:args.characters]
    with ThreadPoolExecutor(1 if args.engine == "torch" else args.jobs) as pool:
        results = list(pool.map(lambda n: engine.character(f"{args.set}/{n}"), names))
    rows, pictures = [], []
    for name, frames in zip(names, results):
        folder = f"{args.set}/{name}"
        with open(f"{folder}/info.json") as f:
            info = json.load(f)
        ref = np.asarray(Image.open(f"{folder}/reference.png"))
        key = key_colour(ref)
        copy, strip = on_key(ref, key), []
        for clip in CLIPS:
            truth = load_truth(folder, clip)
            for k, (x, t) in enumerate(zip(frames[clip], truth, strict=True)):
                rows.append((name, clip, info["clips"][clip]["same"], *score(x, t, key), *score(copy, t, key)))
                if k == 1:
                    strip += [small_skeleton(read_pose(f"{folder}/{clip}/poses/{k:04}.json")), x, on_key(t, key)]
        pictures.append([copy] + strip)
    result = report(rows)
    grid(pictures[:16], f"{args.out}/grid.png")
    with open(f"{args.out}/result.json", "w") as f:
        json.dump(result, f)
    if args.dolls:
        dolls(engine, args)


if __name__ == "__main__":
    p = argparse.ArgumentParser()
    p.add_argument("what", choices=["make", "run"])
    p.add_argument("set")
    p.add_argument("--seeds", default="heldout", choices=["heldout", "validation"])
    p.add_argument("--style", default="all", choices=["all", "classic"], help="classic: the plain characters of the first studies")
    p.add_argument("--characters", type=int, default=128)
    p.add_argument("--frames", type=int, default=4)
    p.add_argument("--engine", default="torch", choices=["torch", "atelier"])
    p.add_argument("--model", default="models/sprite-mini")
    p.add_argument("--program", default="build/atelier")
    p.add_argument("--steps", type=int)
    p.add_argument("--guidance", type=float)
    p.add_argument("--seed", type=int, default=42)
    p.add_argument("--threads", type=int, default=1)
    p.add_argument("--jobs", type=int, default=1)
    p.add_argument("--out", default="out/evaluate")
    p.add_argument("--dolls", help="folder of paper doll layers")
    a = p.parse_args()
    make(a) if a.what == "make" else run(a)
