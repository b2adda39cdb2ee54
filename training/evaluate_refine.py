"""What refine is worth: the puppet, the mender and gated diffusion beside each other, through the program that ships.

evaluate_refine.py [--program build/atelier] [--model models/sprite-mini] [--characters 128] [--first 9000000]
                   [--style classic] [--noise 0,.02] [--sides same,other] [--options "--strength .5 --gate changed"]
                   [--grid OUT.png] [--jobs 2]

Characters, joints and measures are those of evaluate_mender.py.  Each character's picture is given to the program
with its joints and the target's, --raw, once for each method; the options are refine's.
"""
import argparse
import json
import os
import shlex
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from PIL import Image

import evaluate_mender
from data import HELD_OUT, compose, key_colour
from evaluate_mender import gradient, on, scene, score

METHODS = {"puppet": ["--method", "puppet", "--mend", "0"], "mended": ["--method", "puppet"], "refined": ["--method", "refine"]}


def write_pose(path, xyzc, size):
    flat = lambda columns: [round(float(v), 4) for v in xyzc[:, columns].reshape(-1)]
    person = dict(pose_keypoints_2d=flat([0, 1, 3]), pose_keypoints_3d=flat([0, 1, 2, 3]))
    with open(path, "w") as f:
        json.dump(dict(people=[person], canvas_width=size, canvas_height=size), f)


def drawn(folder, method, args):
    """the frame that the program makes of folder/reference.png"""
    out = f"{folder}/{method}"
    command = [args.program, "sprite", f"{folder}/reference.png", "--joints", f"{folder}/joints.json", "--poses", f"{folder}/poses", "--raw",
               "--threads", "1", "--out", out, *METHODS[method]]
    if method == "refined":
        command += ["--model", args.model, *shlex.split(args.options)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    (name,) = [f for f in os.listdir(f"{out}/frames") if f.endswith(".png")]
    return np.asarray(Image.open(f"{out}/frames/{name}").convert("RGBA"))


def example(seed, side, noise, args):
    ref, target, a, b, head = scene(seed, side, noise, args)
    with tempfile.TemporaryDirectory() as folder:
        os.mkdir(f"{folder}/poses")
        Image.fromarray(ref).save(f"{folder}/reference.png")
        write_pose(f"{folder}/joints.json", a, len(ref))
        write_pose(f"{folder}/poses/0000.json", b, len(ref))
        frames = {m: drawn(folder, m, args) for m in METHODS}
    key = key_colour(ref)
    truth = compose(target, key)
    return dict(scores={m: score(x, target, key, head) for m, x in frames.items()}, truth=gradient(truth.astype(np.float32), target[..., 3] > 127),
                drawn=(frames["refined"] != frames["mended"]).any(-1).mean(), pictures=[on(ref, key), *(on(x, key) for x in frames.values()), truth])


def report(name, done):
    cells = []
    for m in METHODS:
        iou, db, steep, head = np.array([d["scores"][m] for d in done]).T
        cells.append(f"{iou.mean():.3f} / {db.mean():.2f} / {steep.sum() / sum(d['truth'] for d in done):.2f} / {head.mean():.2f}")
    print(f"| {name} | {' | '.join(cells)} | {np.mean([d['drawn'] for d in done]) * 100:.1f} % |", flush=True)


if __name__ == "__main__":
    ap = argparse.ArgumentParser()
    ap.add_argument("--characters", type=int, default=128)
    ap.add_argument("--first", type=int, default=HELD_OUT)
    ap.add_argument("--style", default="classic", choices=["classic", "all"])
    ap.add_argument("--noise", default="0,.02")
    ap.add_argument("--sides", default="same,other")
    ap.add_argument("--program", default="build/atelier")
    ap.add_argument("--model", default="models/sprite-mini")
    ap.add_argument("--options", default="")
    ap.add_argument("--grid")
    ap.add_argument("--jobs", type=int, default=2)
    args = ap.parse_args()
    args.estimator = None
    print("| IoU / dB / sharp / head dB | puppet | mended | refined | pixels drawn anew |\n|---|---|---|---|---|")
    with ThreadPoolExecutor(args.jobs) as pool:
        for noise in map(float, args.noise.split(",")):
            for side in args.sides.split(","):
                done = list(pool.map(lambda i: example(args.first + i, side, noise, args), range(args.characters)))
                report(f"{side} side, {noise * 100:g} % noise", done)
                if args.grid and noise == 0:
                    evaluate_mender.grid(done[:24], args.grid.replace(".png", f"-{side}.png"))
