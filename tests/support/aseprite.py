# SPDX-License-Identifier: MIT
"""Reads .aseprite files, written from the published format alone (docs/ase-file-specs.md of Aseprite 1.3).

It takes what sprites without groups, blending and tilemaps consist of, and refuses the rest, so that a test sees
what it does not understand.  `read` gives a dictionary with the same members as tests/node/read_aseprite.js prints.
"""
import base64
import json
import os
import struct
import subprocess
import zlib

DIRECTIONS = ["Forward", "Reverse", "Ping-pong", "Ping-pong Reverse"]


class Cursor:
    def __init__(self, data):
        self.data = data
        self.at = 0

    def take(self, form):
        values = struct.unpack_from("<" + form, self.data, self.at)
        self.at += struct.calcsize("<" + form)
        return values[0] if len(values) == 1 else values

    def string(self):
        size = self.take("H")
        self.at += size
        assert self.at <= len(self.data)
        return self.data[self.at - size:self.at].decode("utf-8")

    def zeros(self, count):
        assert not any(self.data[self.at:self.at + count]), "bytes for the future are not zero"
        self.at += count

    def rest(self):
        at, self.at = self.at, len(self.data)
        return self.data[at:]


def profile(c, file):
    assert c.take("H") == 1, "not sRGB"
    c.zeros(2 + 4 + 8)


def palette(c, file):
    count, first, last = c.take("III")
    c.zeros(8)
    assert (first, last) == (0, count - 1)
    for _ in range(count):
        flags, *rgba = c.take("HBBBB")
        assert flags == 0
        file["palette"].append(rgba)


def layer(c, file):
    flags, kind, level, _, _, blend, opacity = c.take("HHHHHHB")
    c.zeros(3)
    assert flags & 1 and kind == 0 and level == 0 and blend == 0 and opacity == 255
    file["layers"].append(c.string())


def tags(c, file):
    count = c.take("H")
    c.zeros(8)
    for _ in range(count):
        first, last, direction, repeat = c.take("HHBH")
        c.zeros(6)
        c.take("BBB")
        c.zeros(1)
        assert first <= last < file["count"]
        file["tags"].append({"name": c.string(), "from": first, "to": last, "direction": DIRECTIONS[direction],
                             "repeat": repeat})


def user_data(c, file):
    flags = c.take("I")
    if flags & 1:
        c.string()
    if flags & 2:
        c.take("BBBB")
    assert not flags & ~3


def slices(c, file):
    count, flags = c.take("II")
    c.zeros(4)
    found = {"name": c.string(), "keys": []}
    assert not flags & 1
    for _ in range(count):
        frame, x, y, w, h = c.take("IiiII")
        key = {"frame": frame, "x": x, "y": y, "w": w, "h": h}
        if flags & 2:
            px, py = c.take("ii")
            key["pivot"] = {"x": px, "y": py}
        found["keys"].append(key)
    file["slices"].append(found)


def cel(c, file):
    index, x, y, opacity, kind, z = c.take("HhhBHh")
    c.zeros(5)
    assert index < len(file["layers"]) and opacity == 255 and kind == 2 and z == 0
    w, h = c.take("HH")
    pixels = zlib.decompress(c.rest())
    assert len(pixels) == w * h * file["depth"] // 8
    file["frames"][-1]["cels"].append({"layer": index, "x": x, "y": y, "w": w, "h": h,
                                       "pixels": base64.b64encode(pixels).decode()})


CHUNKS = {0x2004: layer, 0x2005: cel, 0x2007: profile, 0x2018: tags, 0x2019: palette, 0x2020: user_data,
          0x2022: slices}


def read_frame(data, file):
    c = Cursor(data)
    size, magic, old, ms = c.take("IHHH")
    c.zeros(2)
    count = c.take("I")
    assert size == len(data) and magic == 0xF1FA and (old == count or old == 0xFFFF)
    file["frames"].append({"ms": ms, "cels": []})
    for _ in range(count):
        size, kind = struct.unpack_from("<IH", data, c.at)
        chunk = Cursor(data[c.at + 6:c.at + size])
        CHUNKS[kind](chunk, file)
        assert chunk.at == size - 6, f"chunk {kind:#x} is {size - 6} bytes, of which {chunk.at} mean something"
        c.at += size
    assert c.at == len(data)


def read(path):
    with open(path, "rb") as f:
        data = f.read()
    c = Cursor(data)
    size, magic, count, width, height, depth, flags, _ = c.take("IHHHHHIH")
    c.zeros(8)
    transparent = c.take("Bxxx")
    colours, pixel_w, pixel_h = c.take("HBB")
    c.at += 8  # of the grid
    c.zeros(84)
    assert size == len(data) and magic == 0xA5E0 and flags == 1 and pixel_w == pixel_h
    file = {"size": size, "width": width, "height": height, "depth": depth, "transparent": transparent,
            "palette": [], "layers": [], "tags": [], "slices": [], "frames": [], "count": count}
    for _ in range(count):
        size = struct.unpack_from("<I", data, c.at)[0]
        read_frame(data[c.at:c.at + size], file)
        c.at += size
    assert c.at == len(data) and len(file["palette"]) in (0, colours)
    del file["count"]
    return file


def frames(file):
    """The pixels of each frame as RGBA bytes."""
    shown = []
    for frame in file["frames"]:
        out = bytearray(file["width"] * file["height"] * 4)
        for c in frame["cels"]:
            pixels = base64.b64decode(c["pixels"])
            if file["depth"] == 8:
                colour = [bytes(4) if i == file["transparent"] else bytes(p) for i, p in enumerate(file["palette"])]
                pixels = b"".join(colour[i] for i in pixels)
            assert len(pixels) == 4 * c["w"] * c["h"]
            for y in range(c["h"]):
                at = 4 * ((c["y"] + y) * file["width"] + c["x"])
                out[at:at + 4 * c["w"]] = pixels[4 * c["w"] * y:4 * c["w"] * (y + 1)]
        shown.append(bytes(out))
    return shown


def by_others(paths):
    """What the package ase-parser reads in the same files: path -> the members of `read`."""
    script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../node/read_aseprite.js")
    return json.loads(subprocess.run(["node", script, *paths], check=True, stdout=subprocess.PIPE).stdout)
