"""docs/gallery.md: every picture of examples/ with every method, good and bad.

Usage: gallery.py [--program build/atelier] [NAME...]    draws all again, or those examples
       gallery.py --page                                 writes only the page
       gallery.py --check                                is it up to date?  draws nothing

For each example: what goes in, the joints that are found in it, and six frames of
each animation from each method that `atelier sprite --help` names and that needs no model of
one's own.  What a method refuses is shown by its sentence.  A joint counts as found within a fifth of the torso's
length of where a person placed it (examples/NAME.json); where fewer than two thirds
are, the methods that need joints are also shown with the placed ones.  docs/gallery.json has what a person writes: a
sentence for each example, and words of the command that the example needs.
The picture of an example carries what it was made of (its PNG texts): --check
compares that with the examples, the models and the methods of today.  It cannot
know of changes in the program: draw again when you change a method.
Needs Pillow.
"""
import argparse
import hashlib
import json
import math
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont, PngImagePlugin

ROOT = Path(__file__).resolve().parent.parent
PAGE, WORDS, PICTURES = ROOT / "docs/gallery.md", ROOT / "docs/gallery.json", ROOT / "docs/images/gallery"
FRAMES = 6
SHOWN = {"walk": range(6), "attack": range(1, 5)}  # an attack begins and ends standing
PAPER, INK, LINE = (246, 244, 239), (60, 56, 50), (214, 208, 196)
OWN_MODEL = ("prompt", "controlnet")        # methods that draw with a model that is not among ours
INPUT, CELL, GAP, LABEL, MOST_BYTES = 176, 80, 8, 14, 64000


# ---- what there is to show ------------------------------------------------------------


def examples():
    """name: path, in the order of examples/README.md."""
    table = (ROOT / "examples/README.md").read_text()
    names = re.findall(r"^\| (\S+\.(?:png|jpg|webp))[ ,]", table, re.M)
    return {Path(n).stem: ROOT / "examples" / n for n in names}


def methods(program):
    text = subprocess.run([program, "sprite", "--help"], capture_output=True, text=True, check=True).stdout
    listed = re.search(r"--method NAME.*?One of: ([^.]*)\.", text, re.S).group(1)
    return [m for m in re.split(r"[,\s]+", listed) if m not in ("auto", *OWN_MODEL)]


def made_of(path, words):
    """A digest of the picture, the words of its command and the embedded models."""
    digest = hashlib.sha256(path.read_bytes())
    digest.update(json.dumps(words).encode())
    for word in words:
        if (ROOT / word).is_file():
            digest.update((ROOT / word).read_bytes())
    for model in sorted((ROOT / "models").rglob("*")):
        if model.suffix in (".safetensors", ".json"):
            digest.update(model.relative_to(ROOT).as_posix().encode() + hashlib.sha256(model.read_bytes()).digest())
    return digest.hexdigest()


# ---- drawing --------------------------------------------------------------------------


def run(program, *words):
    """What it says, and None or why it was refused."""
    done = subprocess.run([program, *map(str, words)], capture_output=True, text=True, cwd=ROOT)
    if done.returncode == 0:
        return done.stdout, None
    return "", done.stderr.strip().splitlines()[-1].removeprefix("atelier: ").replace(f"{ROOT}/", "")


def strips(program, path, method, words, folder):
    """{animation: frames}, or the sentence of the refusal."""
    _, why = run(program, "sprite", path.relative_to(ROOT), "--method", method, "--animation", ",".join(SHOWN),
              "--frames", FRAMES, "--out", folder, *words)
    if why:
        return why
    frames = [Image.open(p).convert("RGBA") for p in sorted((folder / "frames").glob("*.png"))]
    assert len(frames) == FRAMES * len(SHOWN), frames
    return {a: [frames[i * FRAMES + k] for k in SHOWN[a]] for i, a in enumerate(SHOWN)}


def points(text):
    flat = json.loads(text)["people"][0]["pose_keypoints_2d"]
    return [flat[i:i + 3] for i in range(0, len(flat), 3)]


def hits(found, placed):
    """How many of the placed joints are found within a fifth of the torso, and how many there are."""
    neck, hips = placed[1], [(a + b) / 2 for a, b in zip(placed[8], placed[11])]
    near = math.dist(neck[:2], hips[:2]) / 5
    there = [i for i, p in enumerate(placed) if p[2] > 0]
    return sum(found[i][2] > 0 and math.dist(found[i][:2], placed[i][:2]) <= near for i in there), len(there)


def joints(program, path, words, folder):
    """The picture with its skeleton, or the sentence of the refusal; how many are right, if that is known."""
    placed = path.with_suffix(".json")
    if "--mask" in words:
        cut, mask = Image.open(path).convert("RGB"), Image.open(ROOT / words[words.index("--mask") + 1]).convert("L")
        cut.putalpha(mask)
        path = folder / path.with_suffix(".png").name
        cut.save(path)
    text, why = run(program, "pose", path, "--out", folder)
    right = hits(points(text), points(placed.read_text())) if placed.exists() and not why else None
    return why or Image.open(folder / f"{path.stem}_pose.png").convert("RGB"), right


def fitted(image, side, is_pixel_art):
    """Pixel art is enlarged by whole pixels, all else smoothly."""
    times = min(side / image.width, side / image.height)
    if times >= 1 and is_pixel_art:
        return image.resize((image.width * int(times), image.height * int(times)), Image.NEAREST)
    return image.resize((max(1, round(image.width * times)), max(1, round(image.height * times))), Image.LANCZOS)


def together(frames):
    """All frames cut to what any of them shows, so that they keep their scale and their feet."""
    boxes = [f.getbbox() for f in frames if f.getbbox()]
    if not boxes:
        return frames
    box = (min(b[0] for b in boxes), min(b[1] for b in boxes), max(b[2] for b in boxes), max(b[3] for b in boxes))
    return [f.crop(box) for f in frames]


def put(page, image, x, y, w, h):
    """In the middle of a field, on its ground."""
    at = (x + (w - image.width) // 2, y + h - image.height)
    page.paste(image, at, image if image.mode == "RGBA" else None)


def wrapped(text, font, width):
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        lines = lines[:-1] + [longer] if font.getlength(longer) <= width else lines + [word]
    return "\n".join(lines)


def label_of(right):
    return "joints found" + (f": {right[0]} of {right[1]}" if right else "")


def left_column(page, pen, font, whats):
    """Labels and pictures, or sentences, below each other; where it ends."""
    y = GAP
    for label, what in whats:
        pen.text((GAP, y), label, INK, font)
        if isinstance(what, str):
            pen.multiline_text((GAP, y + LABEL + 4), "refused: " + wrapped(what, font, INPUT - 50), INK, font)
        else:
            put(page, fitted(what, INPUT, max(what.size) < CELL), GAP, y + LABEL, INPUT, INPUT)
        y += INPUT + LABEL + GAP
    return y


def strips_row(page, pen, font, y, method, found, is_pixel_art):
    """Everything that one method drew, beside each other; where it ends."""
    x = INPUT + 3 * GAP
    if isinstance(found, str):
        pen.multiline_text((x, y), wrapped(f"{method}, refused: {found}", font, page.width - x - GAP), INK, font)
        return y + 3 * LABEL
    for animation, frames in found.items():
        pen.text((x, y), f"{method}, {animation}", INK, font)
        for frame in together(frames):
            put(page, fitted(frame, CELL, is_pixel_art), x, y + LABEL, CELL, CELL)
            x += CELL + GAP
        x += 2 * GAP
    return y + CELL + LABEL + GAP


def composed(picture, skeleton, right, drawn):
    font, cells = ImageFont.load_default(11), sum(map(len, SHOWN.values()))
    page = Image.new("RGB", (INPUT + 4 * GAP + cells * (CELL + GAP) + 2 * GAP, 4000), PAPER)
    pen = ImageDraw.Draw(page)
    bottom, y = left_column(page, pen, font, (("the picture", picture), (label_of(right), skeleton))), GAP
    for method, found in drawn.items():
        y = strips_row(page, pen, font, y, method, found, max(picture.size) < CELL)
    return page.crop((0, 0, page.width, max(bottom, y)))


def save(page, path, texts):
    """Indexed, with as many colours as fit into MOST_BYTES."""
    info = PngImagePlugin.PngInfo()
    for key, value in texts.items():
        info.add_text(key, value)
    for colours in (192, 128, 96, 64, 48, 40, 32):
        indexed = page.quantize(colours, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
        palette, ground = indexed.getpalette(), indexed.getpixel((0, 0))
        palette[3 * ground:3 * ground + 3] = PAPER
        indexed.putpalette(palette)
        indexed.save(path, optimize=True, pnginfo=info)
        if path.stat().st_size <= MOST_BYTES:
            return


def draw(program, name, path, words):
    drawn, placed = {}, path.with_suffix(".json")
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        for method in methods(program):
            drawn[method] = strips(program, path, method, words, folder / method)
        skeleton, right = joints(program, path, words, folder)
        is_lost = right is None or right[0] * 3 < right[1] * 2
        for method in [m for m in drawn if m != "diffusion" and placed.exists() and is_lost]:
            given = strips(program, path, method, [*words, "--joints", placed], folder / f"{method} given")
            drawn[f"{method}, its joints given"] = given
    PICTURES.mkdir(parents=True, exist_ok=True)
    save(composed(Image.open(path).convert("RGBA"), skeleton, right, drawn), PICTURES / f"{name}.png",
         {"made of": made_of(path, words), "methods": ",".join(methods(program))})


# ---- the page -------------------------------------------------------------------------

HEAD = """# Gallery

Every picture of [examples/](../examples/README.md) with every method: six frames of a walk, and the middle four of six of
an attack, as they came. Nothing is left out, and nothing was drawn twice to choose from. None of these pictures but the
knight is like what the embedded models were trained on. The methods `prompt` and `controlnet` are not here: they draw with
a Stable Diffusion of your own.

A joint counts as found if it lies within a fifth of the torso's length of where the picture's maker placed it. Where fewer
than two thirds do, the methods that need joints are shown a second time with the placed ones
(`--joints examples/NAME.json`). `python3 tools/gallery.py` draws this page again; the program must be built.
"""


def page(words):
    parts = [HEAD]
    for name, path in examples().items():
        own = words[name]
        command = " ".join(["build/atelier sprite", f"examples/{path.name}", *own.get("words", []),
                            "--animation", ",".join(SHOWN)])
        parts.append(f"## {path.name}\n\n{own['sentence']}\n\n`{command}`\n\n![{name}: the picture, its joints, "
                     f"and what each method draws](images/gallery/{name}.png)\n")
    return "\n".join(parts)


def complaints(program, words):
    now = ",".join(methods(program))
    for name, path in examples().items():
        picture = PICTURES / f"{name}.png"
        if not words.get(name, {}).get("sentence"):
            yield f"docs/gallery.json has no sentence for {name}"
        elif not picture.exists():
            yield f"{name} is not drawn yet"
        else:
            texts = Image.open(picture).text
            if texts.get("made of") != made_of(path, words[name].get("words", [])):
                yield f"{name} or a model has changed since {picture.name} was drawn"
            if texts.get("methods") != now:
                yield f"{picture.name} shows {texts.get('methods')}, but there are {now}"
    unknown = set(words) - set(examples())
    if unknown:
        yield f"docs/gallery.json has words for {', '.join(sorted(unknown))}, which examples/README.md does not list"
    elif not PAGE.exists() or PAGE.read_text() != page(words):
        yield "docs/gallery.md is not what this tool writes"


def main():
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("--program", default="build/atelier")
    ask.add_argument("--page", action="store_true")
    ask.add_argument("--check", action="store_true")
    ask.add_argument("names", nargs="*")
    o = ask.parse_args()
    program = str((ROOT / o.program).resolve())
    words = json.loads(WORDS.read_text())
    if o.check:
        found = list(complaints(program, words))
        print("\n".join(found) or "the gallery is up to date")
        return 1 if found else 0
    unknown = set(o.names) - set(examples())
    if unknown:
        ask.error(f"examples/README.md does not list {', '.join(sorted(unknown))}")
    for name, path in examples().items():
        if not o.page and (not o.names or name in o.names):
            draw(program, name, path, words[name].get("words", []))
            print(name, flush=True)
    PAGE.write_text(page(words))
    return 0


if __name__ == "__main__":
    sys.exit(main())
