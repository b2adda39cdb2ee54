#!/usr/bin/env bash
# atelier model: what it lists, what it recognises, what it refuses.
. "$(dirname "$0")/expect.sh"
good=$root/tests/corpus/good bad=$root/tests/corpus/bad

gives 0 out 'model.w   f32   [2]' model "$good/nested.pth"
check 'totals are told' grep -qF '5 tensors, 10 parameters, 40 bytes, f32' "$tmp/out"
check 'a stranger is not taken for a part' grep -qF 'not a part of a sprite or paint model' "$tmp/out"
gives 0 out '5 tensors' model "$good/nested.pth" --summary
check 'a summary lists no tensor' [ "$(grep -c 'model.w' "$tmp/out")" -eq 0 ]
gives 0 out '"name": "model.w"' model "$good/nested.pth" --json
check 'JSON is JSON' python3 -c 'import json, sys; json.load(open(sys.argv[1]))' "$tmp/out"

strange=$tmp/$(printf 'a\377b').safetensors
cp "$good/types.safetensors" "$strange"
gives 0 out '"path"' model "$strange" --json
check 'JSON is JSON whatever a file is called' \
    python3 -c 'import json, sys; json.load(open(sys.argv[1], encoding="utf-8"))' "$tmp/out"

# Of every bad file one sentence, and none of them ends by a signal.
for file in "$bad"/*; do
    [ -f "$file" ] || continue
    run model "$file"
    check "$file is refused (it ended with $code)" [ "$code" -eq 1 ]
    check "$file is refused in one line" [ "$(wc -l <"$tmp/err")" -eq 1 ]
done

# A reader that goes away is no failure; a full disk is.
"$atelier" model "$good/nested.pth" 2>"$tmp/err" | true
check 'a closed pipe is harmless' [ "${PIPESTATUS[0]}" -eq 0 ]
if [ -w /dev/full ]; then
    "$atelier" model "$good/nested.pth" >/dev/full 2>"$tmp/err"
    check 'a full disk is told' [ $? -eq 1 ]
    check 'a full disk is told in words' grep -q 'cannot write to stdout' "$tmp/err"
fi
done_with_checks
