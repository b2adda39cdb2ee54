# SPDX-License-Identifier: MIT
"""Reads Godot's text resources (.tres, .tscn), strictly, after "TSCN file format" in Godot's manual: sections
[name key=value ...], each followed by lines `key = value`.  Values are what SpriteFrames and a sprite consist of;
anything else is an error.  Debian's Godot cannot be asked: version 3.2 answers "Saved with
newer format version"."""
import re

TOKEN = re.compile(r'\s*(?:(?P<name>&?"(?:[^"\\]|\\.)*")|(?P<number>-?\d+(?:\.\d+)?(?:e[-+]?\d+)?)|'
                   r'(?P<word>[A-Za-z_][A-Za-z_0-9]*)|(?P<sign>[\[\]{}(),:=]))')
CALLS = {"Rect2": 4, "Vector2": 2, "ExtResource": 1, "SubResource": 1}


class Reader:
    def __init__(self, text):
        self.tokens, at = [], 0
        text = text.rstrip()
        while at < len(text):
            m = TOKEN.match(text, at)
            assert m, f"not understood: {text[at:at + 40]!r}"
            self.tokens.append((m.lastgroup, m.group(m.lastgroup)))
            at = m.end()
        self.at = 0

    def take(self, sign=None):
        kind, text = self.tokens[self.at]
        assert sign is None or text == sign, f"'{sign}' wanted, not '{text}'"
        self.at += 1
        return kind, text

    def next_is(self, sign):
        return self.at < len(self.tokens) and self.tokens[self.at][1] == sign

    def items(self, end, one):
        found = []
        while not self.next_is(end):
            if found:
                self.take(",")
            found.append(one())
        self.take(end)
        return found

    def pair(self):
        key = self.value()
        self.take(":")
        return key, self.value()

    def value(self):
        kind, text = self.take()
        if kind == "name":
            return text.lstrip("&")[1:-1]
        if kind == "number":
            return float(text) if "." in text or "e" in text else int(text)
        if text == "[":
            return self.items("]", self.value)
        if text == "{":
            return dict(self.items("}", self.pair))
        if text in ("true", "false"):
            return text == "true"
        assert text in CALLS, f"'{text}' is no value"
        self.take("(")
        values = self.items(")", self.value)
        assert len(values) == CALLS[text], f"{text} of {len(values)} values"
        return (text, *values)

    def section(self):
        self.take("[")
        name, attributes, properties = self.take()[1], {}, {}
        while not self.next_is("]"):
            key = self.take()[1]
            self.take("=")
            attributes[key] = self.value()
        self.take("]")
        while self.at < len(self.tokens) and not self.next_is("["):
            kind, key = self.take()
            assert kind == "word" and key not in properties
            self.take("=")
            properties[key] = self.value()
        return name, attributes, properties


def read(path):
    """A list of sections: (name, attributes, properties)."""
    with open(path, encoding="utf-8") as f:
        r = Reader(f.read())
    sections = []
    while r.at < len(r.tokens):
        sections.append(r.section())
    return sections
