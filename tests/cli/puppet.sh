#!/usr/bin/env bash
# The drawing's own pixels, moved by its joints.
. "$(dirname "$0")/expect.sh"
knight=$root/examples/knight.png joints=$root/examples/knight.json
puppet=(--method puppet --mend 0 --joints "$joints")

gives 0 out "$tmp/a/sheet.png" sprite "$knight" "${puppet[@]}" --animation idle,walk --out "$tmp/a"
gives 0 out sheet.png sprite "$knight" "${puppet[@]}" --animation idle,walk --out "$tmp/b" --threads 1
check 'the same words give the same bytes' diff -r "$tmp/a" "$tmp/b"
gives 0 out 'w.gif' sprite "$knight" "${puppet[@]}" --directions 4 --out "$tmp/c"
check 'a puppet shows the side that is drawn' [ -f "$tmp/c/walk_e.gif" ]
check 'and its mirror image' [ -f "$tmp/c/walk_w.gif" ]
check 'and no other' [ ! -e "$tmp/c/walk_n.gif" ]

# In the picture's own pose it is the picture.
gives 0 out frames sprite "$knight" "${puppet[@]}" --poses "$joints" --raw --out "$tmp/own"
same_pixels() {
    python3 - "$1" "$2" <<'P'
import sys
from PIL import Image
a, b = (Image.open(p).convert("RGBA") for p in sys.argv[1:])
assert a.size == b.size, (a.size, b.size)
over = [Image.alpha_composite(Image.new("RGBA", a.size, (9, 99, 199, 255)), x).tobytes() for x in (a, b)]
sys.exit(over[0] != over[1])
P
}
check 'its own pose gives the picture back' same_pixels "$knight" "$tmp/own/frames/0000.png"

# Its parts can be looked at, corrected and given back.
gives 0 out sheet.png sprite "$knight" "${puppet[@]}" --out "$tmp/d" --dump "$tmp/d"
gives 0 out sheet.png sprite "$knight" "${puppet[@]}" --out "$tmp/e" --parts "$tmp/d/parts.png"
check 'parts that were found may be given' cmp "$tmp/d/sheet.png" "$tmp/e/sheet.png"

# Everything that engines import, as pixel art; root motion only where it is wanted.
gives 0 out "$tmp/f/sheet.aseprite" sprite "$knight" "${puppet[@]}" --animation walk,roll --format all \
    --cell 32 --colors 12 --outline '#000000' --out "$tmp/f"
for file in sheet.png roll.apng roll.webp sheet.tres sheet.atlas sheet-phaser.json frames.json; do
    check "$file is there" [ -s "$tmp/f/$file" ]
done
gives 0 out sheet.png sprite "$knight" "${puppet[@]}" --animation roll --in-place --out "$tmp/g"
gives 0 out sheet.png sprite "$knight" "${puppet[@]}" --animation roll --out "$tmp/h"
check 'a roll in place is as drawn, but moved' sh -c "! cmp -s '$tmp/g/sheet.png' '$tmp/h/sheet.png'"

printf '000000\nc03030\n8090a8\nf0c090\n' >"$tmp/four.hex"
gives 0 out sheet.png sprite "$knight" "${puppet[@]}" --palette "$tmp/four.hex" --out "$tmp/p"
has_colours() {
    python3 -c 'import sys; from PIL import Image; im = Image.open(sys.argv[1]).convert("RGBA")
sys.exit({p[:3] for n, p in im.getcolors(1 << 24) if p[3]} - {(0, 0, 0), (192, 48, 48), (128, 144, 168), (240, 192, 144)} != set())' "$1"
}
check 'a palette is kept to' has_colours "$tmp/p/sheet.png"

refuses() { # refuses TEXT WORDS...
    gives 1 err "$1" sprite "$knight" --method puppet --mend 0 "${@:2}" --out "$tmp/none"
    check "'$1' leaves no folder behind" [ ! -e "$tmp/none" ]
}
echo '{"people": []}' >"$tmp/nobody.json"
echo '{"people"' >"$tmp/broken.json"
mkdir "$tmp/poses"
cp "$knight" "$tmp/poses/0.png"
refuses 'nobody.json' --joints "$tmp/nobody.json"
refuses 'is not valid JSON' --joints "$tmp/broken.json"
refuses '--poses are pictures, but this method needs joints' --joints "$joints" --poses "$tmp/poses"
refuses 'it must be an indexed one' --joints "$joints" --parts "$knight"
refuses 'is not a PNG; labels are an indexed one' --joints "$joints" --parts "$joints"
refuses "is no palette: give one" --joints "$joints" --palette "$tmp/broken.json"
refuses "--outline is 'pink'; it must be a colour like" --joints "$joints" --outline pink
refuses "--yaw is 'up'; it must be" --joints "$joints" --yaw up
done_with_checks
