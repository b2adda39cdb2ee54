# SPDX-License-Identifier: MIT
"""Reads back what write_moving wrote, by Pillow, by the npm package ase-parser, and by our own independent reader of
.aseprite files.  Every pixel and every time must come back.  Usage: read_moving.py FOLDER"""
import glob
import json
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "../support"))
import aseprite  # noqa: E402
from pictures import moving, seen  # noqa: E402


def truth(base):
    with open(base + ".json", encoding="utf-8") as f:
        t = json.load(f)
    size = t["width"] * t["height"] * 4
    with open(base + ".rgba", "rb") as f:
        data = f.read()
    t["frames"] = [data[i:i + size] for i in range(0, len(data), size)]
    assert len(t["frames"]) == len(t["ms"])
    return t


def check_pictures(base, t):
    frames, ms, plays = moving(base + ".apng")
    assert [seen(f) for f in frames] == t["frames"], "APNG: pixels differ"
    assert ms == t["ms"], f"APNG: times {ms}"
    assert plays == t["plays"], f"APNG: plays {plays}"
    frames, ms, plays = moving(base + ".webp")
    assert [seen(f) for f in frames] == t["frames"], "WebP: pixels differ"
    if len(frames) > 1:
        assert ms == t["ms"], f"WebP: times {ms}"
        assert plays == t["plays"], f"WebP: plays {plays}"
    frames, ms, plays = moving(base + ".gif")
    assert len(frames) == len(t["frames"])
    assert ms == t["ms"], f"GIF: times {ms}"
    assert plays == (0 if t["plays"] == 0 else None), f"GIF: plays {plays}"
    if t["exact_gif"]:
        assert [seen(f) for f in frames] == t["frames"], "GIF: pixels differ"
    for f, g in zip(frames, t["frames"]):
        assert [p > 127 for p in f[3::4]] == [p > 127 for p in g[3::4]], "GIF: outlines differ"


def check_aseprite(path, theirs, t):
    assert aseprite.read(path) == theirs, "the two readers of .aseprite disagree"
    assert aseprite.frames(theirs) == t["frames"], ".aseprite: pixels differ"
    assert [f["ms"] for f in theirs["frames"]] == t["ms"]
    count, w, h = len(t["ms"]), t["width"], t["height"]
    tags = [("first_s", 0, 0, t["plays"]), ("rest_nw", 1, count - 1, 0)][:1 if count == 1 else 2]
    assert [(g["name"], g["from"], g["to"], g["repeat"]) for g in theirs["tags"]] == tags
    assert all(g["direction"] == "Forward" for g in theirs["tags"])
    keys = [(i, w // 2 + (i if i > 1 else 0), h) for i in range(count) if i != 1]
    (pivot,) = theirs["slices"]
    assert pivot["name"] == "pivot"
    assert [(k["frame"], k["pivot"]["x"], k["pivot"]["y"]) for k in pivot["keys"]] == keys
    assert all((k["x"], k["y"], k["w"], k["h"]) == (0, 0, w, h) for k in pivot["keys"])
    assert theirs["depth"] == (8 if "indexed" in path else 32)


def main():
    bases = sorted(p[:-5] for p in glob.glob(os.path.join(sys.argv[1], "*.rgba")))
    assert len(bases) == 7
    by_others = aseprite.by_others(glob.glob(os.path.join(sys.argv[1], "*.aseprite")))
    indexed = 0
    for base in bases:
        t = truth(base)
        print(os.path.basename(base), flush=True)
        check_pictures(base, t)
        for path in glob.glob(base + ".*aseprite"):
            check_aseprite(path, by_others[path], t)
            indexed += "indexed" in path
    assert indexed == 5, f"{indexed} indexed files"


main()
