#!/usr/bin/env bash
# Frames by tiny models of Stable Diffusion: noise for the eye, but rows, cells and files as of every method, in batches
# that go on, and anew where a file that was given has changed.
. "$(dirname "$0")/expect.sh"
make_models=$(realpath "$3")
root=$(realpath "$root")
mkdir "$tmp/here"
cd "$tmp/here" || exit 1
GOLDEN=$root/tests/golden "$make_models" . || exit 1
knight=$root/examples/knight.png
small=(--model sd1 --joints "$root/examples/knight.json" --mend 0 --size 32x32 --steps 2 --frames 2 --threads 1)

cells() { # cells DIR: how many frames its sheet has
    grep -c '"filename"' "$1/sheet.json"
}

gives 0 out 'words/sheet.png' sprite "$knight" "${small[@]}" --prompt 'a knight' --animation walk,idle --out words
check 'two animations of two frames are four cells' [ "$(cells words)" -eq 4 ]
check 'the sheet says how it was made' \
    grep -qaF 'prompt, pndm, strength 0.35, 2 steps, guidance 7.5, seed 42' words/sheet.png
gives 0 out 'led/sheet.png' sprite "$knight" "${small[@]}" --controlnet sd1/pose --sampler ddim --directions 4 --out led
check 'a puppet shows one side and its mirror image, painted or not' [ "$(cells led)" -eq 4 ]
check 'a skeleton leads by default, over the puppet' \
    grep -qaF 'controlnet, ddim, strength 0.6, 2 steps, guidance 7.5, seed 42' led/sheet.png
gives 0 out 'around/sheet.png' sprite "$knight" "${small[@]}" --controlnet sd1/pose --begin drawing --directions 4 --frames 1 --out around
check 'over the drawing every side is drawn' [ "$(cells around)" -eq 4 ]

# A batch: what is done stays, what is given anew makes anew.
cp "$knight" other.png
echo '{"tags": ["pixel art"]}' >words.json
batch=(sprite "$knight" other.png "${small[@]}" --prompts words.json --lora changes.safetensors:0.5 --animation idle --out many)
gives 0 out 'other' "${batch[@]}"
touch -d '2001-01-01' many/other/sheet.png
gives 0 out 'done before' "${batch[@]}"
check 'what is done is not done again' [ "$(stat -c %Y many/other/sheet.png)" -lt 1000000000 ]
echo '{"tags": ["oil painting"]}' >words.json
gives 0 out 'many/other/sheet.png' "${batch[@]}"
check 'other words in the file make it anew' [ "$(stat -c %Y many/other/sheet.png)" -gt 1000000000 ]

echo '{"tags": "oil"}' >words.json
gives 1 err "'words.json': 'tags' should be a list of texts" sprite "$knight" "${small[@]}" --prompts words.json --out none
check 'a refusal leaves no folder behind' [ ! -e none ]
done_with_checks
