#!/usr/bin/env bash
# The commands of the guides about painting run as they stand there.  The models under the names that the guides use are
# tiny ones of the goldens, so a painting is small and has two steps.
. "$(dirname "$0")/expect.sh"
make_models=$(realpath "$3")
root=$(realpath "$root")
mkdir "$tmp/here"
cd "$tmp/here" || exit 1
GOLDEN=$root/tests/golden "$make_models" . && python3 "$root/tests/cli/strangers.py" . || exit 1
: >"$tmp/out"
: >"$tmp/err"
mkdir build
ln -s "$atelier" build/atelier
ln -s "$root/examples" examples

# What the guides call it, and what it is here; the upscaler makes pictures twice as large.
mv sd1 sd15
mv inpaint sd15-inpainting
ln -s sd15/lines control-canny
ln -s sd15/pose control-openpose
mv changes.safetensors watercolour.safetensors
mv init.png photo.png
for name in RealESRGAN_x4plus.pth RealESRGAN_x4plus_anime_6B.pth realesr-animevideov3.pth x4plus.pth; do
    ln -s upscaler.safetensors $name
done
for name in drawing knight a; do cp photo.png $name.png; done
run convert sd15 tiny.safetensors --to ldm
check 'a single file is written' [ $code -eq 0 ]
# It has no tokenizer with it, so its encoder must know all words.
python3 - "$root" <<'PYTHON'
import sys
sys.path.insert(0, sys.argv[1] + '/tests/cli')
import strangers
words = 'cond_stage_model.transformer.text_model.embeddings.token_embedding.weight'


def all_words(header, numbers):
    begin, end = header[words]['data_offsets']
    count, width = header[words]['shape']
    more = bytes(4 * width * (49408 - count))
    header[words]['shape'][0] = 49408
    for entry in header.values():
        if 'data_offsets' in entry:
            entry['data_offsets'] = [at + len(more) * (at >= end) for at in entry['data_offsets']]
    header['__metadata__']['config.text_encoder'] = header['__metadata__']['config.text_encoder'].replace('815', '49408')
    return numbers[:end] + more + numbers[end:]


strangers.again('sd15.safetensors', 'tiny.safetensors', all_words)
PYTHON
run convert sd15 vae.safetensors --part vae
check 'a VAE alone is written' [ $code -eq 0 ]
run pose walk --format openpose --frames 1 -o poses
cp "$(find poses -name '*.json' | head -1)" pose.json
check 'a pose is written' [ -s pose.json ]
small='--steps 2 --size 64x64 --threads 1'

# runs PAGE LEAST: each command of its sh blocks, in their order; at least so many
runs() {
    local line count=0
    while read -r line; do
        case $line in
        '# makes: '*)
            for file in ${line#\# makes: }; do check "$1: $file is made" [ -s "$file" ]; done
            continue
            ;;
        'build/atelier paint '*) line="$line $small" ;;
        'build/atelier '*) ;;
        *) continue ;;
        esac
        count=$((count + 1))
        bash -c "$line" >"$tmp/out" 2>"$tmp/err" </dev/null
        check "$1: $line" [ $? -eq 0 ]
    done < <(awk '/^```sh$/ { on = 1; next } /^```/ { on = 0 } on' "$root/$1" | sed -e ':a' -e '/\\$/N; s/\\\n *//; ta')
    check "$1 has $2 commands or more" [ $count -ge "$2" ]
}
runs docs/guides/paint.md 13
for name in b.jpg c.webp; do run upscale a.png --model upscaler.safetensors -o $name; done
runs docs/guides/upscale.md 3
check 'docs/guides/upscale.md: what its commands make is there' [ -s photo_2x.png -a -s drawing.webp -a -s large/b_2x.png ]
done_with_checks
