#!/usr/bin/env bash
# atelier convert: names there and back, types, what is refused.
. "$(dirname "$0")/expect.sh"
helper="$root/tests/cli/convert.py"
is() { # is WORDS...: what convert.py finds true
    check "$*" python3 "$helper" "$@"
}
python3 "$helper" make "$tmp"
cd "$tmp" || exit

# There and back.
for model in sd xl; do
    gives 0 out ours.safetensors convert $model.safetensors ours.safetensors --to diffusers
    is ours $model.safetensors ours.safetensors $model
    gives 0 out back.safetensors convert ours.safetensors back.safetensors --to ldm
    is same $model.safetensors back.safetensors
    gives 0 out as.safetensors convert $model.safetensors as.safetensors
    is same $model.safetensors as.safetensors
done

# One network; a VAE alone has no prefix in either.
gives 0 out one.safetensors convert xl.safetensors one.safetensors --part text_encoder_2
is ours xl.safetensors one.safetensors xl text_encoder_2
gives 0 out vae.safetensors convert sd.safetensors vae.safetensors --part vae
is ours sd.safetensors vae.safetensors sd vae
gives 0 out old.safetensors convert vae.safetensors old.safetensors --to ldm
check 'a VAE alone has its own names' grep -aqF '"encoder.down.0.block.0.norm1.weight"' old.safetensors
gives 0 out vae2.safetensors convert old.safetensors vae2.safetensors --to diffusers
is same vae.safetensors vae2.safetensors

# A folder becomes one file, which keeps what its JSON files say.
gives 0 out one.safetensors convert folder one.safetensors --to ldm
is same xl.safetensors one.safetensors
is says one.safetensors config.unet '"sample_size":8'
is says one.safetensors config.scheduler '"beta_start":0.5'
is says one.safetensors format pt
gives 0 out two.safetensors convert one.safetensors two.safetensors --type f16
is says two.safetensors config.unet '"sample_size":8'
gives 0 out unet.safetensors convert folder/unet unet.safetensors
is same folder/unet/diffusion_pytorch_model.safetensors unet.safetensors

# Types.
for type in f16 bf16; do
    gives 0 out typed.safetensors convert mixed.safetensors typed.safetensors --type $type
    is typed mixed.safetensors typed.safetensors ${type^^}
done
gives 0 out wide.safetensors convert typed.safetensors wide.safetensors --type f32
gives 0 out again.safetensors convert wide.safetensors again.safetensors --type bf16
is same typed.safetensors again.safetensors
gives 0 out pth.safetensors convert "$root/tests/corpus/good/nested.pth" pth.safetensors

# What is refused leaves everything as it was.
cp sd.safetensors before
gives 1 err "'sd.safetensors' is what is read: give it another name" convert sd.safetensors sd.safetensors --type f16
ln -s sd.safetensors link.safetensors
gives 1 err "'link.safetensors' is what is read" convert sd.safetensors link.safetensors
gives 1 err "'folder/unet/diffusion_pytorch_model.safetensors' is what is read" \
    convert folder folder/unet/diffusion_pytorch_model.safetensors --to ldm
gives 1 err "must end with .safetensors" convert sd.safetensors sd.ckpt
gives 1 err "there is no ControlNet in it" convert sd.safetensors new.safetensors --part controlnet
gives 1 err "it holds no UNet, ControlNet, VAE or text encoder: there is nothing to rename" \
    convert "$root/tests/corpus/good/nested.pth" new.safetensors --to ldm
gives 1 err "cannot write 'nowhere/new.safetensors'" convert sd.safetensors nowhere/new.safetensors
check 'nothing was written' [ ! -e new.safetensors ]
(
    ulimit -f 100 # blocks of 1024 bytes
    "$atelier" convert sd.safetensors new.safetensors >"$tmp/out" 2>"$tmp/err"
)
check 'a full disk is told' grep -qi 'file too large' err
check 'a full disk leaves no file' [ -z "$(find . -name 'new.safetensors*')" ]
check 'the input is untouched' cmp sd.safetensors before
done_with_checks
