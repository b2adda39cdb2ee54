# SPDX-License-Identifier: MIT
"""Reads LibGDX texture atlases in their older form: pages parted by empty lines; a page is its picture's name and
lines `key: value`; a region is its name and seven indented lines in this order, of which an index of -1 is none."""

PAGE = ["size", "format", "filter", "repeat"]
REGION = ["rotate", "xy", "size", "orig", "offset", "index"]


def pair(line, key):
    name, colon, value = line.partition(":")
    assert colon and name.strip() == key, f"'{key}' wanted, not '{line}'"
    return value.strip()


def numbers(text):
    a, b = text.split(",")
    return int(a), int(b)


def read(path):
    """Pages: {image, size, filter, regions: [{name, xy, size, index}]}."""
    with open(path, encoding="ascii") as f:
        blocks = f.read().split("\n\n")
    assert blocks[0][0] == "\n"
    pages = []
    for block in blocks:
        lines = block.strip("\n").split("\n")
        head = {k: pair(line, k) for k, line in zip(PAGE, lines[1:5])}
        assert head["format"] == "RGBA8888" and head["repeat"] == "none"
        page = {"image": lines[0], "size": numbers(head["size"]), "filter": head["filter"], "regions": []}
        rest = lines[5:]
        assert len(rest) % 7 == 0
        for i in range(0, len(rest), 7):
            assert rest[i][0] != " " and all(line.startswith("  ") for line in rest[i + 1:i + 7])
            r = {k: pair(line, k) for k, line in zip(REGION, rest[i + 1:i + 7])}
            assert r["rotate"] == "false" and r["orig"] == r["size"] and numbers(r["offset"]) == (0, 0)
            page["regions"].append({"name": rest[i], "xy": numbers(r["xy"]), "size": numbers(r["size"]),
                                    "index": int(r["index"])})
        pages.append(page)
    return pages
