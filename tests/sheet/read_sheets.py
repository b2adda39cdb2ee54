# SPDX-License-Identifier: MIT
"""Reads back every format that write_sheets wrote, by what is not ours: Pillow, JSON schemas, a reader of .aseprite
files from npm beside an independent one, and strict small readers of Godot's and LibGDX's text forms.  Frames must be
equal pixel by pixel.  Then compares one sheet with the files kept in GOLDEN, byte by byte.

Usage: read_sheets.py FOLDER GOLDEN"""
import filecmp
import functools
import json
import os
import sys

import jsonschema
from PIL import Image

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "../support"))
import aseprite  # noqa: E402
import godot  # noqa: E402
import libgdx  # noqa: E402
from pictures import moving, seen  # noqa: E402


@functools.lru_cache(maxsize=None)
def form_of(schema):
    with open(os.path.join(HERE, "schemas", schema + ".json"), encoding="utf-8") as f:
        form = json.load(f)
    jsonschema.Draft202012Validator.check_schema(form)
    return jsonschema.Draft202012Validator(form)


def load(path, schema):
    """A JSON file that keeps to the schema of its form; no member comes twice."""
    def unique(pairs):
        assert len(dict(pairs)) == len(pairs), "a member comes twice"
        return dict(pairs)
    with open(path, encoding="utf-8") as f:
        data = json.load(f, object_pairs_hook=unique)
    form_of(schema).validate(data)
    return data


class Sheet:
    """The truth about a sheet, and the folder of its files."""

    def __init__(self, folder):
        self.dir = os.path.join(folder, "all")
        with open(os.path.join(folder, "truth.json"), encoding="utf-8") as f:
            truth = json.load(f)
        self.w, self.h, self.pages = truth["w"], truth["h"], truth["pages"]
        self.colours, self.scale = truth["colours"], truth["scale"]
        self.clips, self.frames = truth["clips"], truth["frames"]
        with open(os.path.join(folder, "cells.rgba"), "rb") as f:
            data = f.read()
        size = self.w * self.h * 4
        self.cells = [data[i:i + size] for i in range(0, len(data), size)]
        assert len(self.cells) == len(self.frames)
        at = 0
        for c in self.clips:
            c["from"], at = at, at + c["count"]
            for i in range(c["count"]):
                self.frames[c["from"] + i].update(clip=c["name"], index=i, name=f"{c['name']}_{i:02}")
        self.names = [f["name"] for f in self.frames]
        self.images = {n: Image.open(self.path(n)).convert("RGBA") for n in self.page_files(".png")}

    def path(self, name):
        return os.path.join(self.dir, name)

    def page_files(self, end):
        return ["sheet" + end] if self.pages == 1 else [f"sheet-{i}{end}" for i in range(self.pages)]

    def check_cell(self, i, image, x, y, w, h):
        assert (w, h) == (self.w, self.h)
        im = self.images[image]
        assert x + w <= im.width and y + h <= im.height
        assert seen(im.crop((x, y, x + w, y + h)).tobytes()) == self.cells[i], f"frame {i}: pixels differ"

    def check_place(self, i, image, f):
        r = f["frame"]
        self.check_cell(i, image, r["x"], r["y"], r["w"], r["h"])
        assert f["spriteSourceSize"] == {"x": 0, "y": 0, "w": self.w, "h": self.h}
        assert f["sourceSize"] == {"w": self.w, "h": self.h}

    def check_anchor(self, i, p):
        f = self.frames[i]
        assert abs(p["x"] * self.w - f["x"]) < 1e-6 and abs(p["y"] * self.h - f["y"]) < 1e-6

    def check_meta(self, meta, page, end):
        assert meta["image"] == self.page_files(".png")[page]
        assert (meta["size"]["w"], meta["size"]["h"]) == self.images[meta["image"]].size

    def opaque_or_nothing(self):
        return all(a in (0, 255) for c in self.cells for a in c[3::4])


def check_png(s):
    for i, cell in enumerate(s.cells):
        with Image.open(s.path(f"frames/{i:04}.png")) as im:
            assert im.size == (s.w, s.h) and im.convert("RGBA").tobytes() == cell
    assert len(os.listdir(s.path("frames"))) == len(s.cells)
    for name in s.page_files(".png"):
        assert Image.open(s.path(name)).text == {"Comment": "a figure of 6 x 8 pixels"}
    if s.colours:
        assert len({c[i:i + 4] for c in s.cells for i in range(0, len(c), 4) if c[i + 3]}) <= s.colours


def check_moving(s):
    for c in s.clips:
        cells = s.cells[c["from"]:c["from"] + c["count"]]
        ms = [f["ms"] for f in s.frames[c["from"]:c["from"] + c["count"]]]
        for end, exact in (("apng", True), ("webp", True), ("gif", s.opaque_or_nothing())):
            frames, times, plays = moving(s.path(f"{c['name']}.{end}"))
            once = None if end == "gif" else 1
            assert plays == (0 if c["loop"] else once), f"{end}: plays {plays}"
            assert len(frames) == len(cells)
            if exact:
                assert [seen(f) for f in frames] == cells, f"{end}: pixels differ"
            if end != "gif":
                assert times == ms, f"{end}: {times}"
            else:  # hundredths of a second, whose sum is right
                assert all(t % 10 == 0 and t >= 20 for t in times) and abs(sum(times) - sum(ms)) <= 5


def check_aseprite_json(s, end, schema):
    at = 0
    for page, name in enumerate(s.page_files(end)):
        j = load(s.path(name), schema)
        frames = list(j["frames"].items()) if schema == "json-hash" else [(f["filename"], f) for f in j["frames"]]
        s.check_meta(j["meta"], page, end)
        tags = []
        for i, (key, f) in enumerate(frames):
            s.check_place(at + i, j["meta"]["image"], f)
            assert f["duration"] == s.frames[at + i]["ms"]
            assert key == (str(i) if schema == "json-hash" else f"frames/{at + i:04}.png")
            name = s.frames[at + i]["clip"]
            if not tags or tags[-1][0] != name:
                tags.append((name, i, i))
            tags[-1] = (name, tags[-1][1], i)
        loops = {c["name"]: c["loop"] for c in s.clips}
        assert [(t["name"], t["from"], t["to"]) for t in j["meta"]["frameTags"]] == tags
        assert all(t.get("repeat") == (None if loops[t["name"]] else "1") for t in j["meta"]["frameTags"])
        assert all(t["direction"] == "forward" for t in j["meta"]["frameTags"])
        (pivot,) = j["meta"]["slices"]
        check_pivots(s, at, len(frames), [(k["frame"], k["pivot"]) for k in pivot["keys"]])
        at += len(frames)
    assert at == len(s.cells)


def check_pivots(s, begin, count, keys):
    """A key of a slice holds until the next one."""
    assert keys[0][0] == 0
    for i in range(count):
        p = [p for frame, p in keys if frame <= i][-1]
        assert (p["x"], p["y"]) == (s.frames[begin + i]["x"], s.frames[begin + i]["y"])


def check_aseprite(s, by_others):
    path = s.path("sheet.aseprite")
    theirs = by_others[path]
    assert aseprite.read(path) == theirs, "the two readers of .aseprite disagree"
    assert aseprite.frames(theirs) == s.cells, ".aseprite: pixels differ"
    assert [f["ms"] for f in theirs["frames"]] == [f["ms"] for f in s.frames]
    assert [(t["name"], t["from"], t["to"], t["repeat"]) for t in theirs["tags"]] == \
        [(c["name"], c["from"], c["from"] + c["count"] - 1, 0 if c["loop"] else 1) for c in s.clips]
    check_pivots(s, 0, len(s.cells), [(k["frame"], k["pivot"]) for k in theirs["slices"][0]["keys"]])
    assert theirs["depth"] == (8 if s.colours else 32)
    assert len(theirs["palette"]) == (s.colours + 1 if s.colours else 0)


def check_by_name(s, end, schema, anchor):
    """TexturePacker's form and what is built on it: frames by name."""
    found = []
    for page, name in enumerate(s.page_files(end)):
        j = load(s.path(name), schema)
        s.check_meta(j["meta"], page, end)
        for key, f in j["frames"].items():
            i = len(found)
            assert key == s.names[i] + ".png"
            s.check_place(i, j["meta"]["image"], f)
            s.check_anchor(i, f[anchor])
            found.append(key)
        if schema == "pixi":
            assert [n for a in j["animations"].values() for n in a] == list(j["frames"])
            assert all(n.rsplit("_", 1)[0] == k for k, a in j["animations"].items() for n in a)
            others = s.page_files(end)[1:] if page == 0 and s.pages > 1 else None
            assert j["meta"].get("related_multi_packs") == others
    assert len(found) == len(s.cells)


def check_phaser(s):
    atlas, found = load(s.path("sheet-phaser.json"), "phaser"), []
    assert [t["image"] for t in atlas["textures"]] == s.page_files(".png")
    for t in atlas["textures"]:
        assert (t["size"]["w"], t["size"]["h"]) == s.images[t["image"]].size
        for f in t["frames"]:
            s.check_place(len(found), t["image"], f)
            s.check_anchor(len(found), f["pivot"])
            found.append(f["filename"])
    anims = load(s.path("sheet-phaser-anims.json"), "phaser-anims")["anims"]
    assert [a["key"] for a in anims] == [c["name"] for c in s.clips]
    assert [f["frame"] for a in anims for f in a["frames"]] == found == [n + ".png" for n in s.names]
    assert [f["duration"] for a in anims for f in a["frames"]] == [f["ms"] for f in s.frames]
    assert [a["repeat"] for a in anims] == [-1 if c["loop"] else 0 for c in s.clips]
    assert [a["frameRate"] for a in anims] == [c["fps"] for c in s.clips]


def check_godot(s):
    (kind, head, _), *sections = godot.read(s.path("sheet.tres"))
    assert kind == "gd_resource" and head["type"] == "SpriteFrames" and head["format"] == 3
    ext = {a["id"]: a["path"] for k, a, _ in sections if k == "ext_resource" and a["type"] == "Texture2D"}
    sub = {a["id"]: p for k, a, p in sections if k == "sub_resource" and a["type"] == "AtlasTexture"}
    assert list(ext.values()) == s.page_files(".png") and len(sub) == len(s.cells)
    assert head["load_steps"] == len(ext) + len(sub) + 1 == len(sections)
    assert [k for k, _, _ in sections] == ["ext_resource"] * len(ext) + ["sub_resource"] * len(sub) + ["resource"]
    animations, i = sections[-1][2]["animations"], 0
    assert [a["name"] for a in animations] == [c["name"] for c in s.clips]
    for a, c in zip(animations, s.clips):
        assert a["loop"] == c["loop"] and isinstance(a["speed"], float) and a["speed"] == c["fps"]
        assert len(a["frames"]) == c["count"]
        for f in a["frames"]:
            call, ident = f["texture"]
            texture = sub[ident]
            assert call == "SubResource" and texture["filter_clip"] is True
            s.check_cell(i, ext[texture["atlas"][1]], *texture["region"][1:])
            assert isinstance(f["duration"], float)
            # whole milliseconds, whose rests are carried on, differ by less than one
            assert abs(f["duration"] / a["speed"] * 1000 - s.frames[i]["ms"]) < (1e-3 if c["uneven"] else 1)
            i += 1
    check_godot_scene(s)


def check_godot_scene(s):
    head, frames, node = godot.read(s.path("sheet.tscn"))
    assert head[:2] == ("gd_scene", {"load_steps": 2, "format": 3})
    assert frames[:2] == ("ext_resource", {"type": "SpriteFrames", "path": "sheet.tres", "id": "1"})
    assert node[1]["type"] == "AnimatedSprite2D"
    p = node[2]
    assert p["sprite_frames"] == ("ExtResource", "1") and p["centered"] is False
    assert p["offset"] == ("Vector2", -s.frames[0]["x"], -s.frames[0]["y"])
    assert p["animation"] == p["autoplay"] == s.clips[0]["name"]
    assert p.get("texture_filter") == (1 if s.opaque_or_nothing() else None)


def check_unity(s):
    i = 0
    for page, name in zip(s.page_files(".png"), s.page_files("-unity.json")):
        j, im = load(s.path(name), "unity"), s.images[page]
        assert max(im.size) <= j["maxTextureSize"] and j["sharp"] == s.opaque_or_nothing()
        for r in j["sprites"]:
            assert r["name"] == s.names[i]
            s.check_cell(i, page, r["x"], im.height - r["y"] - r["height"], r["width"], r["height"])
            s.check_anchor(i, {"x": r["pivotX"], "y": 1 - r["pivotY"]})
            i += 1
    assert i == len(s.cells)
    with open(s.path("SpritesheetPostprocessor.cs"), encoding="utf-8") as f, \
            open(os.path.join(HERE, "../../src/sheet/export/SpritesheetPostprocessor.cs"), encoding="utf-8") as g:
        assert f.read() == g.read()


def check_libgdx(s):
    pages, i = libgdx.read(s.path("sheet.atlas")), 0
    assert [p["image"] for p in pages] == s.page_files(".png")
    for p in pages:
        assert p["size"] == s.images[p["image"]].size
        assert p["filter"] == ("Nearest,Nearest" if s.opaque_or_nothing() else "Linear,Linear")
        for r in p["regions"]:
            assert (r["name"], r["index"]) == (s.frames[i]["clip"], s.frames[i]["index"])
            s.check_cell(i, p["image"], *r["xy"], *r["size"])
            i += 1
    assert i == len(s.cells)


def lowest_row(cell, w):
    """The first row below the opaque pixels."""
    return max(i // w for i, a in enumerate(cell[3::4]) if a >= 128) + 1


def check_frames(s):
    j = load(s.path("frames.json"), "frames")
    assert [p["image"] for p in j["pages"]] == s.page_files(".png")
    assert (j["cell"]["w"], j["cell"]["h"], j["cell"]["scale"]) == (s.w, s.h, s.scale)
    assert len(j.get("palette", [])) == s.colours
    assert j["provenance"] == {"Comment": "a figure of 6 x 8 pixels"}
    for i, (f, t) in enumerate(zip(j["frames"], s.frames)):
        s.check_cell(i, j["pages"][f["page"]]["image"], f["x"], f["y"], f["w"], f["h"])
        assert (f["name"], f["ms"], f["moved"]) == (t["name"], t["ms"], t["moved"])
        assert (f["pivot"]["x"], f["pivot"]["y"]) == (t["x"], t["y"])
    for c, t in zip(j["clips"], s.clips):
        assert (c["name"], c["from"], c["to"] - c["from"] + 1) == (t["name"], t["from"], t["count"])
        assert (c["direction"], c["loop"], c["fps"]) == (t["direction"], t["loop"], t["fps"])
        cells = s.cells[t["from"]:t["from"] + t["count"]]
        assert c["contact"] == max(lowest_row(cell, s.w) for cell in cells)
    assert len(j["frames"]) == len(s.cells) and len(j["clips"]) == len(s.clips)


def check_golden(made, kept):
    """The same files, with the same bytes.  (Compressed ones are those of Debian 12's zlib and libwebp.)"""
    def files(top):
        return sorted(os.path.relpath(os.path.join(d, n), top) for d, _, ns in os.walk(top) for n in ns
                      if not n.endswith(".cs"))  # check_unity has compared it with its source
    names = files(made)
    assert names == files(kept), f"{set(names) ^ set(files(kept))}"
    differ = [n for n in names if not filecmp.cmp(os.path.join(made, n), os.path.join(kept, n), shallow=False)]
    assert not differ, f"not as in tests/golden/sheet: {differ}"


def main():
    folder, golden_dir = sys.argv[1:]
    names = sorted(os.listdir(folder))
    assert names == ["in_place", "moving", "pages", "pieces", "small", "soft"]
    sheets = [Sheet(os.path.join(folder, name)) for name in names]
    by_others = aseprite.by_others([s.path("sheet.aseprite") for s in sheets])
    for name, s in zip(names, sheets):
        print(name, flush=True)
        check_png(s)
        check_moving(s)
        check_aseprite_json(s, ".json", "json")
        check_aseprite_json(s, "-hash.json", "json-hash")
        check_aseprite(s, by_others)
        check_by_name(s, "-texturepacker.json", "texturepacker", "pivot")
        check_by_name(s, "-pixi.json", "pixi", "anchor")
        check_phaser(s)
        check_godot(s)
        check_unity(s)
        check_libgdx(s)
        check_frames(s)
    assert {s.pages for s in sheets} == {1, 2, 8}
    check_golden(os.path.join(folder, "small/all"), golden_dir)


main()
