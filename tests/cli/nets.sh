#!/usr/bin/env bash
# atelier model on whole paint models at full size: true headers and no numbers
# (tests/support/shapes.py counts them from configurations), in both namings.
# The totals are those that the models were published with.
. "$(dirname "$0")/expect.sh"
file=$tmp/m.safetensors

# fake MODEL [OPTIONS...]: as $file
fake() {
    python3 "$root/tests/support/shapes.py" "$1" "$file" "${@:2}"
}

# has MODEL FAMILY PART,PARAMETERS...: each is complete, in LDM's naming and with prefixes of diffusers
has() {
    local model=$1 family=$2 naming part
    shift 2
    for naming in ldm diffusers; do
        fake "$model" --naming $naming
        gives 0 out "  $family" model "$file" --summary
        for part in "$@"; do
            check "$model in $naming has the $part" grep -qE "^  ${part/,/, } parameters: complete" "$tmp/out"
        done
        check "$model in $naming has nothing else" [ "$(grep -c ' parameters: ' "$tmp/out")" -eq $# ]
    done
}
vae=VAE,83653863 l='text encoder,123060480'
has sd15 'Stable Diffusion 1.x' UNet,859520964 $vae "$l"
has sd15-inpaint 'Stable Diffusion 1.x, inpainting' UNet,859535364 $vae "$l"
has sd2 'Stable Diffusion 2.x' UNet,865910724 $vae 'text encoder,340387840'
has sdxl 'Stable Diffusion XL' UNet,2567463684 $vae "$l" 'second text encoder,694659840'
has control-sd15 'Stable Diffusion 1.x' ControlNet,361279120
has control-sdxl 'Stable Diffusion XL' ControlNet,1251014160

# One network alone, without prefixes; and JSON.
fake sdxl --part unet
gives 0 out 'UNet, 2567463684 parameters: complete' model "$file" --summary
fake sd15 --part vae --type F32
gives 0 out 'VAE, 83653863 parameters: complete' model "$file" --summary
fake sd15
run model "$file" --summary --json
check 'JSON has each network' python3 -c '
import json, sys
found = json.load(open(sys.argv[1]))["files"][0]
assert found["family"] == "Stable Diffusion 1.x"
assert [(n["part"], n["parameters"], n["complete"]) for n in found["networks"]] == [
    ("UNet", 859520964, True), ("VAE", 83653863, True), ("text encoder", 123060480, True)]' "$tmp/out"

# What cannot be used is told.
fake sdxl-refiner
gives 1 err 'cannot be used as UNet: a refiner' model "$file" --summary

# LoRAs, and what resembles them.
lora() { # lora {NAME: SHAPE, ...}
    python3 -c 'import sys; sys.path.insert(0, sys.argv[1] + "/tests/support"); import shapes
shapes.write_sparse(sys.argv[2], eval(sys.argv[3]))' "$root" "$file" "$1"
}
at=lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_
lora "{'${at}attn2_to_k.lora_down.weight': (4, 768), '${at}attn2_to_k.lora_up.weight': (320, 4),
    '${at}attn1_to_k.lora_down.weight': (4, 320), '${at}attn1_to_k.lora_up.weight': (320, 4)}"
gives 0 out 'LoRA of 2 layers, for Stable Diffusion 1.x' model "$file" --summary
gives 0 out '"layers": 2' model "$file" --summary --json
lora "{'${at}attn1_to_k.hada_w1_a': (4, 4)}"
gives 1 err 'is a LoHa, which is not supported' model "$file" --summary

# A folder of diffusers.
mkdir "$tmp/folder"
echo '{"_class_name": "StableDiffusionXLPipeline", "unet": ["diffusers", "UNet2DConditionModel"]}' >"$tmp/folder/model_index.json"
for part in unet vae text_encoder text_encoder_2; do
    mkdir "$tmp/folder/$part"
    fake sdxl --naming diffusers --part $part
    case $part in unet | vae) name=diffusion_pytorch_model ;; *) name=model ;; esac
    mv "$file" "$tmp/folder/$part/$name.fp16.safetensors"
done
gives 0 out 'has every part of a paint model' model "$tmp/folder" --summary
check 'its UNet is no sprite model' grep -q '^  UNet: complete' "$tmp/out"
check 'the family of a folder is told' grep -q '3468837867 parameters, family Stable Diffusion XL' "$tmp/out"
rm -r "$tmp/folder/text_encoder_2"
gives 0 out 'holds no second text encoder: name one with --text-encoder-2' model "$tmp/folder" --summary
done_with_checks
