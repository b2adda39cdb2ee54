#!/usr/bin/env bash
# What paint and upscale refuse: each mistake has its own sentence, nothing is left behind.  The models are tiny ones of
# the goldens; strangers.py makes the files that are given by mistake.
. "$(dirname "$0")/expect.sh"
make_models=$(realpath "$3")
root=$(realpath "$root")
mkdir "$tmp/here"
cd "$tmp/here" || exit 1
GOLDEN=$root/tests/golden "$make_models" . && python3 "$root/tests/cli/strangers.py" . || exit 1
find . | sort >"$tmp/was"

# refuses CODE TEXT WORDS...: in one line on stderr, with nothing on stdout and no file more or less
refuses() {
    gives "$1" err "$2" "${@:3}"
    check "'atelier ${*:3}' says it in one line, and nothing else" [ "$(wc -l <"$tmp/err")" -eq 1 -a ! -s "$tmp/out" ]
    check "'atelier ${*:3}' leaves nothing behind" diff "$tmp/was" <(find . | sort)
}

# paints CODE TEXT WORDS...: a small picture by the model of 1.x, but for what WORDS say
paints() {
    refuses "$1" "$2" paint 'a cat' --steps 2 --size 32x32 --threads 1 -o o.png "${@:3}"
}

# Files that are no model.
paints 1 "'page.safetensors': this is a web page: the download went wrong" --model page.safetensors
paints 1 "'pointer.safetensors': this is a Git LFS pointer: the real file was not downloaded" --model pointer.safetensors
paints 1 "'text.safetensors': not a file of weights: neither safetensors nor a torch file" --model text.safetensors
paints 1 "'empty.safetensors': the file is empty" --model empty.safetensors
paints 1 "cannot open 'nowhere.safetensors': No such file" --model nowhere.safetensors
paints 1 "'init.png': this is a PNG picture, not a file of weights" --model init.png
paints 1 'of 1574356: the file is cut off or broken' --model cut.safetensors
paints 1 "'cut_header.safetensors': the file is cut off" --model cut_header.safetensors
paints 1 'its numbers have 8 bits (F8_E4M3), which is not supported: get the file with those of 16' --model fp8.safetensors

# Models of another kind.
paints 1 "'other.safetensors' holds no UNet, nor anything else that is known; 'atelier model' lists what it has" \
    --model other.safetensors
paints 1 'but a model of Flux: only Stable Diffusion 1, 2 and XL are known' --model flux.safetensors
paints 1 'but a model of Stable Diffusion 3: only' --model sd3.safetensors
paints 1 "but an upscaler: give it with --upscale or --hires-model" --model upscaler.safetensors
paints 1 'but a LoRA: give it with --lora' --model lora_sdxl.safetensors
paints 1 'but a word learnt from pictures: give it with --embedding' --model word_sdxl.safetensors
paints 1 'but a ControlNet: give it with --controlnet' --model control_sd2.safetensors
paints 1 "'refiner.safetensors' is the refiner of Stable Diffusion XL" --model refiner.safetensors
paints 1 "is a model for sprites, which 'atelier sprite' takes" --model "$root/models/sprite-mini"
paints 1 "'flux' is a model for FluxPipeline, not for Stable Diffusion 1, 2 or XL" --model flux
paints 1 "'notes' is no model for painting: it has neither model_index.json nor unet/" --model notes
paints 1 "for inpainting: give it a picture with --init, and a --mask" --model inpaint

# What a model lacks.
refuses 1 'no model is named: --model takes a folder of diffusers or one file' paint 'a cat'
paints 1 "'no_unet' holds no UNet: name one with --unet" --model no_unet
paints 1 "'no_vae' holds no VAE: name one with --vae" --model no_vae
paints 1 "'no_text' holds no text encoder: name one with --text-encoder" --model no_text
paints 1 "the tokenizer has a word 49406, the text encoder only 815: they do not belong together" --model no_words
paints 1 "'half_words/tokenizer' holds no tokenizer: there is neither vocab.json with merges.txt nor tokenizer.json" \
    --model half_words
paints 1 "'no_weights/unet' holds no file of weights: looked for model.safetensors" --model no_weights
paints 1 "'no_vae.safetensors' holds no VAE: name one with --vae" --model no_vae.safetensors
paints 1 "'sd1' holds no second text encoder: name one with --text-encoder-2" --model sd1 --unet sdxl/unet
paints 1 "scheduler 'HeunDiscreteScheduler' is not supported; choose a sampler: ddim, ddpm," --model heun
paints 1 "the configuration of 'broken/unet/diffusion_pytorch_model.safetensors': block 0: 40 channels do not divide into 4 heads" --model broken
paints 1 "'broken_json/vae/config.json' is not valid JSON" --model broken_json

# Parts and additions that do not belong to it.
paints 1 "holds no VAE but a UNet: give it with --unet or --model" --model sd1 --vae sd1/unet
paints 1 "holds no UNet but a VAE: give it with --vae" --model sd1 --unet sd1/vae
paints 1 "holds no text encoder but a VAE: give it with --vae" --model sd1 --text-encoder sd1/vae
paints 1 'the UNet wants a text 32 wide, the text encoder gives 40: they do not belong together' \
    --model sd1 --text-encoder sdxl/text_encoder_2
paints 1 "'lora_sdxl.safetensors' is a LoRA for Stable Diffusion XL, the model is Stable Diffusion 1.x" \
    --model sd15.safetensors --lora lora_sdxl.safetensors:0.5
paints 1 "'lora_stray.safetensors' is a LoRA for another model: this one has no layer as in it, such as 'lora_unet_somewhere" \
    --model sd1 --lora lora_stray.safetensors
paints 1 "'loha.safetensors' is a LoHa, which is not supported: only plain LoRAs are" --model sd1 --lora loha.safetensors
paints 1 "attn2_to_k' has no matrix that leads up" --model sd1 --lora lora_half.safetensors
paints 1 "holds no LoRA but a UNet" --model sd1 --lora sd1/unet
paints 1 "--lora is 'changes.safetensors:much'; it must be FILE or FILE:WEIGHT, a weight as 0.7" \
    --model sd1 --lora changes.safetensors:much
paints 1 'has vectors of 1280 numbers, this text encoder wants 32: it is for another family of models' \
    --model sd1 --embedding word_sdxl.safetensors
paints 1 'holds no word learnt from pictures but a LoRA: give it with --lora' --model sd1 --embedding changes.safetensors

# ControlNets.
paints 1 'each --controlnet needs its --control, in the same order: there are 1 and 0' --model sd1 --controlnet sd1/lines
paints 1 'each --controlnet needs its --control, in the same order: there are 0 and 1' --model sd1 --control canny=init.png
paints 1 '--guess is for ControlNets: name one with --controlnet' --model sd1 --guess
control=(--controlnet sd1/lines --control)
for word in depth=init.png init.png canny= canny=init.png:0.5:0.9-0.1 canny=init.png:0.5:0-2; do
    paints 1 "--control is '$word'; it must be raw, canny, scribble or openpose" --model sd1 "${control[@]}" "$word"
done
paints 1 "cannot open 'nowhere.png'" --model sd1 "${control[@]}" canny=nowhere.png
paints 1 "'notes.txt' is not a PNG, JPEG or WebP picture" --model sd1 "${control[@]}" canny=notes.txt
paints 1 "there are no poses" --model sd1 "${control[@]}" openpose=sd1/unet/config.json
paints 1 "'control_sd2.safetensors' is a ControlNet for Stable Diffusion 2.x, the model is Stable Diffusion 1.x" \
    --model sd15.safetensors --size 512x512 --controlnet control_sd2.safetensors --control raw=init.png
paints 1 'holds no ControlNet but a UNet' --model sd1 --controlnet sd1/unet --control raw=init.png

# Weights that are no numbers.
paints 1 'what the network says at step 1 is not a number: its weights are damaged' --model sd1 --unet nan_unet
paints 1 "what the text encoder says is not a number: 'nan_text/model.safetensors' is damaged" --model sd1 --text-encoder nan_text
paints 1 "what the VAE decoder says is not a number" --model sd1 --vae nan_vae
paints 1 "what the VAE encoder says is not a number" --model sd1 --vae nan_vae --init init.png

# Pictures to begin with.
init=(--model sd1 --init init.png)
paints 1 "cannot open 'nowhere.png'" --model sd1 --init nowhere.png
paints 1 "'notes.txt' is not a PNG, JPEG or WebP picture" --model sd1 --init notes.txt
paints 1 "'cut.png' is damaged: the file is cut short" --model sd1 --init cut.png
paints 1 "cannot read 'sd1': it is a folder" --model sd1 --init sd1
paints 1 '--mask says what to do with a picture: give it with --init' --model sd1 --mask mask.png
paints 1 '--strength says what to do with a picture: give it with --init' --model sd1 --strength 0.5
paints 1 '--outpaint says what to do with a picture: give it with --init' --model sd1 --outpaint 8
paints 1 '--only-masked needs a --mask' "${init[@]}" --only-masked
paints 1 '--mask is 20x20, --init is 48x32; they must be alike' "${init[@]}" --mask small.png
paints 1 "'black.png' is black: white says where the picture is painted anew" "${init[@]}" --mask black.png
for word in 3,4 -3 99999 0 x; do
    paints 1 "--outpaint is '$word'; it must be pixels on all sides, or on the left, top, right and bottom" \
        "${init[@]}" --outpaint "$word"
done
paints 2 '--strength is 0; it must be 0.01 to 1' "${init[@]}" --strength 0
paints 2 '--strength is 1.5; it must be 0.01 to 1' "${init[@]}" --strength 1.5

# Numbers and names.
paints 2 '--steps is 0; it must be 1 to 1000' --model sd1 --steps 0
paints 1 "sampler 'lcm' can do 1 to 50 steps, not 1000" --model sd1 --sampler lcm --steps 1000
paints 1 '--size is 33x32; both must be multiples of 8, as 40x32' --model sd1 --size 33x32
paints 1 '--size is 8x8; this model needs 16x16 at least' --model sd1 --size 8x8
paints 2 '--size is 100000x100000; it must be WIDTHxHEIGHT, as in 512x512, both 8 to 4096' --model sd1 --size 100000x100000
paints 1 "--memory is 'lots'; it must be a number with M or G, as 512M or 4G" --model sd1 --memory lots
paints 1 '--memory allows 2: --memory ' --model sd1 --memory 2M
paints 2 '--batch is 0; it must be 1 to 64' --model sd1 --batch 0
paints 2 '--guidance is -1; it must be 0.01 to 100' --model sd1 --guidance -1
paints 2 '--seed is -1; it must be 0 to 4294967295' --model sd1 --seed -1
paints 2 "--sampler is 'heun'; it must be one of: ddim, ddpm, pndm, euler," --model sd1 --sampler heun
paints 1 "'sd1/text_encoder/model.safetensors': --clip-skip leaves out all 3 layers of the text encoder" \
    --model sd1 --clip-skip 4
paints 2 '--model is empty; give it PATH' --model ''

# Prompts.
refuses 1 'nothing says what the picture shows: give a prompt, or a picture to be made again with --from' paint --model sd1
refuses 1 "the weight '1.2.3' in the prompt is not a number: write (word:1.2), or" paint 'a (cat:1.2.3)' --model sd1
refuses 1 'the brackets of the prompt multiply to a weight beyond a million' paint 'a (cat:99999999)' --model sd1
refuses 1 'a prompt may have 65536 bytes, this one has 70000' paint "$(printf 'cat %.0s' {1..17500})" --model sd1

# Where results go is looked at before anything is painted.
paints 1 "cannot write 'nowhere/o.png': its folder is not there" --model sd1 -o nowhere/o.png
paints 1 "cannot write 'init.png/o.png': Not a directory" --model sd1 -o init.png/o.png
paints 1 "cannot write 'folder.png': it is a folder" --model sd1 -o folder.png
paints 1 "'o.bmp' names no kind of picture that is written: it must end in .png, .webp or .jpg" --model sd1 -o o.bmp
paints 1 "cannot make the folder 'notes.txt': Not a directory" --model sd1 --dump notes.txt
paints 1 "'init.png' does not say what it was made of" --from init.png
paints 1 "'notes.txt': not a file of weights" --model sd1 --noise notes.txt
paints 1 "'changes.safetensors' does not hold a tensor 'noise' of [1,4,4,4]" --model sd1 --noise changes.safetensors

# Upscalers.
up=(--model upscaler.safetensors)
refuses 1 "no network is named: give an upscaler's weights" upscale init.png
refuses 1 "'sd1/unet' holds no upscaler that is known" upscale init.png --model sd1/unet
refuses 1 "'page.safetensors': this is a web page" upscale init.png --model page.safetensors
refuses 1 "'notes.txt' is not a PNG, JPEG or WebP picture" upscale notes.txt "${up[@]}"
refuses 1 "cannot open 'nowhere.png'" upscale nowhere.png "${up[@]}"
refuses 1 "cannot write 'nowhere/x.png': its folder is not there" upscale init.png "${up[@]}" -o nowhere/x.png
refuses 1 "cannot make the folder 'init.png/': Not a directory" upscale init.png "${up[@]}" -o init.png/
refuses 2 '--scale is 0; it must be 0.1 to 16' upscale init.png "${up[@]}" --scale 0
refuses 2 '--tile is 1; it must be 32 to 8192' upscale init.png "${up[@]}" --tile 1

# A disk that takes no more leaves what was there.
cp init.png o.png
(
    ulimit -f 1 # blocks of 1024 bytes
    "$atelier" paint 'a cat' --model sd1 --steps 1 --size 64x64 --threads 1 -o o.png >"$tmp/out" 2>"$tmp/err"
)
check "a full disk ends with 1 (it ended with $?)" grep -qi "cannot write 'o.png': file too large" "$tmp/err"
check 'what lay there is whole' cmp init.png o.png
rm o.png

# What looks like a mistake and is none.
paint=(paint 'a (cat' --model sd1 --steps 1 --size 32x32 --threads 1)
gives 0 out o.png "${paint[@]}" -o o.png
gives 0 out o.png paint '' --model sd1 --negative '' --steps 1 --size 56x40 --threads 1 -o o.png
gives 0 out o.png "${paint[@]}" --lora "a:b.safetensors" -o o.png
gives 0 out o.png "${paint[@]}" --init tiny.png --strength 0.01 -o o.png
done_with_checks
