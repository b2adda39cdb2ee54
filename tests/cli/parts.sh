#!/usr/bin/env bash
# atelier model on the parts of a sprite model: the published lists of names
# (tests/golden/keys) with shapes but without numbers, whole and damaged.
. "$(dirname "$0")/expect.sh"
keys=$root/tests/golden/keys

# weights FILE KEYS [SED]: zeros of one byte each would not do, so a sparse
# file: a header, and as many zero bytes as the shapes ask for
weights() {
    sed -e "${3:-}" "$2" | python3 -c '
import json, struct, sys
header, at = {}, 0
for line in sys.stdin:
    name, *shape = line.split()
    shape = [int(n) for n in shape]
    size = 2
    for n in shape:
        size *= n
    header[name] = {"dtype": "F16", "shape": shape, "data_offsets": [at, at + size]}
    at += size
text = json.dumps(header).encode()
text += b" " * (-len(text) % 8)
with open(sys.argv[1], "wb") as f:
    f.write(struct.pack("<Q", len(text)) + text)
    f.truncate(8 + len(text) + at)
' "$1"
}

whole() { # whole KEYS NAME: recognised, and nothing missing or left over
    weights "$tmp/w.safetensors" "$keys/$1.keys"
    gives 0 out "$2: complete, nothing missing or left over" model "$tmp/w.safetensors" --summary
}
whole denoising_unet 'denoising UNet'
whole denoising_unet_with_motion 'denoising UNet with motion modules'
whole reference_unet 'reference UNet'
whole pose_guider 'pose guider (plain)'
whole pose_pyramid 'pose guider (multi-resolution)'
whole vae 'VAE'

# Motion modules alone, as motion_module.pth has them.
weights "$tmp/w.safetensors" "$keys/denoising_unet_with_motion.keys" '/motion_modules/!d'
gives 0 out 'motion modules: complete' model "$tmp/w.safetensors" --summary

# One tensor gone, one too many, one of another shape: each is named.
weights "$tmp/w.safetensors" "$keys/reference_unet.keys" '/^conv_in.bias/d'
gives 1 out '    conv_in.bias' model "$tmp/w.safetensors" --summary
check 'a missing tensor is counted' grep -q '1 tensors missing, 0 left over' "$tmp/err"
weights "$tmp/w.safetensors" "$keys/pose_guider.keys" '$a stranger 3'
gives 1 out '    stranger' model "$tmp/w.safetensors" --summary
weights "$tmp/w.safetensors" "$keys/vae.keys" 's/^decoder.conv_in.bias 512/decoder.conv_in.bias 511/'
gives 1 out "tensor 'decoder.conv_in.bias' is f16 [511], wanted [512]" model "$tmp/w.safetensors" --summary
weights "$tmp/w.safetensors" "$keys/denoising_unet_with_motion.keys" '/^conv_in.bias/d'
gives 1 out '    conv_in.bias' model "$tmp/w.safetensors" --summary

# A folder: which parts are there, which are not.
mkdir "$tmp/folder"
weights "$tmp/folder/denoising_unet.safetensors" "$keys/denoising_unet.keys"
weights "$tmp/folder/pose_guider.safetensors" "$keys/pose_guider.keys"
gives 0 out 'it lacks: reference UNet, CLIP image encoder, VAE' model "$tmp/folder" --summary
check 'the family is told' grep -q 'family animate-anyone' "$tmp/out"
gives 0 out '"family": "animate-anyone"' model "$tmp/folder" --summary --json

# What is embedded is whole.
if [ -f "$root/models/sprite-mini/denoising_unet.safetensors" ]; then
    gives 0 out 'has every part of a sprite model' model "$root/models/sprite-mini"
fi
done_with_checks
