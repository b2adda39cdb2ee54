#!/usr/bin/env bash
# Pictures are made larger by a network in a file, as the file's ending says, and what cannot be is said.
. "$(dirname "$0")/expect.sh"
root=$(realpath "$root")
cd "$tmp" || exit 1

# A network that repeats pixels: SRVGG with weights of nothing.
python3 - net.safetensors <<'PYTHON'
import json
import struct
import sys

shapes = {'params.body.0.weight': (16, 3, 3, 3), 'params.body.0.bias': (16,), 'params.body.1.weight': (16,),
          'params.body.2.weight': (12, 16, 3, 3), 'params.body.2.bias': (12,)}
header, at = {}, 0
for name, shape in shapes.items():
    size = 4
    for d in shape:
        size *= d
    header[name] = {'dtype': 'F32', 'shape': shape, 'data_offsets': [at, at + size]}
    at += size
text = json.dumps(header).encode()
with open(sys.argv[1], 'wb') as f:
    f.write(struct.pack('<Q', len(text)) + text + bytes(at))
PYTHON

magic() { head -c 12 "$1" | tr -d '\0'; }

gives 0 out pixel-hero_2x.png upscale "$root/examples/pixel-hero.png" --model net.safetensors
check 'the picture lies here, with its scale in the name' [ -s pixel-hero_2x.png ]
gives 0 out three.webp upscale "$root/examples/pixel-hero.png" --model net.safetensors --scale 3 -o three.webp
check 'a WebP is one' grep -q WEBP <(magic three.webp)
gives 0 out two.jpg upscale "$root/examples/pixel-hero.png" --model net.safetensors -o two.jpg
check 'a JPEG is one' grep -qa $'\xff\xd8\xff' <(magic two.jpg)
gives 0 out large/tiny-thief_2x.png upscale "$root/examples/pixel-hero.png" "$root/examples/tiny-thief.png" --model net.safetensors -o large
check 'several go to a folder' [ -s large/pixel-hero_2x.png -a -s large/tiny-thief_2x.png ]
gives 0 err 'SRVGG, 2 convolutions of 16 channels, 2 times larger' upscale "$root/examples/pixel-hero.png" --model net.safetensors --verbose

gives 2 err 'no PICTURE is given' upscale --model net.safetensors
gives 1 err 'no network is named: give an upscaler' upscale "$root/examples/pixel-hero.png"
gives 1 err 'must end in .png, .webp or .jpg' upscale "$root/examples/pixel-hero.png" --model net.safetensors -o x.gif
gives 1 err 'holds no upscaler that is known' upscale "$root/examples/pixel-hero.png" --model "$root/tests/golden/upscale/x4.safetensors"
gives 2 err '--tile' upscale "$root/examples/pixel-hero.png" --model net.safetensors --tile 3
check 'what is refused writes nothing' [ ! -e x.gif ]
done_with_checks
