#!/usr/bin/env bash
# What is behind the character: paper is cut off, a mask is heard, and on
# anything else the person is told what to do.
. "$(dirname "$0")/expect.sh"
needs_model
small=(--model "$model" --frames 1 --steps 1 --animation walk --out "$tmp/o")
hiker=$root/examples/meadow-hiker.jpg
mask=$root/examples/meadow-hiker-mask.png

gives 0 out sheet.png sprite "$root/examples/line-art.png" "${small[@]}"
check 'nothing is to be said of plain paper' [ ! -s "$tmp/err" ]
gives 0 err 'a background of many colours' sprite "$hiker" "${small[@]}"
check 'the way out is told' grep -q -- '--mask' "$tmp/err"
cp "$tmp/o/sheet.png" "$tmp/before.png"
gives 0 out sheet.png sprite "$hiker" "${small[@]}" --mask "$mask"
check 'with a mask nothing is to be said' [ ! -s "$tmp/err" ]
check 'with a mask the character is another' sh -c "! cmp -s '$tmp/o/sheet.png' '$tmp/before.png'"

gives 1 err "they must be of one size" sprite "$root/examples/line-art.png" "${small[@]}" --mask "$mask"
gives 1 err "'$tmp/none.png'" sprite "$hiker" "${small[@]}" --mask "$tmp/none.png"

# Paper and nothing on it.
python3 -c '
import struct, sys, zlib
def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
rows = b"".join(b"\0" + b"\xff" * 40 for _ in range(40))
open(sys.argv[1], "wb").write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 40, 40, 8, 0, 0, 0, 0)) +
                              chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))
' "$tmp/white.png"
gives 1 err 'there is no character in it' sprite "$tmp/white.png" "${small[@]}"
done_with_checks
