#!/usr/bin/env bash
# The diffusion model draws where the mender was needed, and is shown the frame if its guider can see one.
. "$(dirname "$0")/expect.sh"
needs_model
knight=$root/examples/knight.png
clip=(--joints "$root/examples/knight.json" --animation attack --frames 3 --raw --threads 1)
here=$(dirname "$0")

draw() { # draw OUT WORDS...
    gives 0 out frames sprite "$knight" "${clip[@]}" "${@:2}" --out "$tmp/$1"
}
draw bare --method puppet --mend 0
draw mended --method puppet
draw refined --method refine
draw all --method refine --gate all
inside() {
    python3 "$here/inside_gate.py" "$tmp/bare/frames" "$tmp/mended/frames" "$tmp/$1/frames" "${@:2}"
}
check 'only what the mender changed is drawn anew' inside refined
check 'the gate may be the whole figure' inside all --all

# Guiders: one that sees no frames, one that could but learnt nothing of them, one that did.
for kind in plain blind seeing four lost; do
    mkdir "$tmp/$kind"
    ln -s "$root"/models/sprite-mini/* "$tmp/$kind/"
    rm "$tmp/$kind/pose_guider.safetensors"
done
python3 "$here/guiders.py" "$model/pose_guider.safetensors" "$tmp"
same() { diff -r "$tmp/$1/frames" "$tmp/$2/frames" >/dev/null; }
differ() { ! same "$@"; }
for kind in plain blind seeing; do
    draw "r-$kind" --method refine --model "$tmp/$kind"
    draw "d-$kind" --method diffusion --model "$tmp/$kind" --steps 1
done
check 'a guider without eyes for frames is as one that sees none' same r-plain r-blind
check 'one that sees frames draws something else' differ r-plain r-seeing
check 'but only inside the gate' inside r-seeing
check 'where there is no frame, both draw the same' same d-plain d-seeing

refuses() { # refuses MODEL TEXT
    gives 1 err "$2" sprite "$knight" "${clip[@]}" --method refine --model "$tmp/$1" --out "$tmp/none"
}
refuses four 'conv_in of the pose guider has 4 channels; one that sees a pose has 3, one that sees a frame as well 7'
refuses lost 'latent_in.weight'
done_with_checks
