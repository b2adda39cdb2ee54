#!/usr/bin/env bash
# Many pictures: each in its folder, one that fails stops no other, what is done
# is not done again, and a batch that was killed goes on to the same bytes.
. "$(dirname "$0")/expect.sh"
needs_model
knight=$root/examples/knight.png
small=(--method diffusion --model "$model" --frames 2 --steps 1)

mkdir "$tmp/in"
cp "$knight" "$tmp/in/red knight.png"
cp "$knight" "$tmp/in/b.png"
echo junk >"$tmp/in/c.png"
pictures=("$tmp/in/red knight.png" "$tmp/in/b.png" "$tmp/in/c.png")
gives 1 err '1 of 3 pictures failed' sprite "${pictures[@]}" "${small[@]}" --animation walk,idle --out "$tmp/o"
check 'a picture has its folder, named after it' [ -f "$tmp/o/red_knight/sheet.png" ]
check 'a row for each animation' [ -f "$tmp/o/b/idle.gif" ]
check 'the summary names what failed' grep -qE "^  c +failed +'.*c.png' is not a PNG" "$tmp/out"
check 'and so does its file' grep -q '"error": ' "$tmp/o/summary.json"
check 'nothing of what failed is left' [ ! -e "$tmp/o/c" ] && [ ! -e "$tmp/o/.c.part" ]

cp -R "$tmp/o" "$tmp/before"
touch -d '2001-01-01' "$tmp/o/b/sheet.png"
gives 1 out 'done before' sprite "${pictures[@]}" "${small[@]}" --animation walk,idle --out "$tmp/o"
check 'what is done is not done again' [ "$(stat -c %Y "$tmp/o/b/sheet.png")" -lt 1000000000 ]
gives 1 out 'b/sheet.png' sprite "${pictures[@]}" "${small[@]}" --animation walk --out "$tmp/o"
check 'other settings make it anew' [ ! -e "$tmp/o/b/idle.gif" ]

# A file of jobs, beside its pictures; and the second of a name.
jobs=$tmp/in/jobs.json
echo '{"defaults": {"frames": 2, "steps": 1, "method": "diffusion"}, "jobs": [' >"$jobs"
for i in $(seq 20); do
    [ "$i" -eq 1 ] || echo , >>"$jobs"
    echo "{\"picture\": \"b.png\", \"seed\": $i, \"animation\": \"walk,run\"}" >>"$jobs"
done
echo ']}' >>"$jobs"
gives 0 out 'b_20 ' sprite "$jobs" --model "$model" --out "$tmp/whole"
check 'twenty jobs make twenty sheets' [ "$(find "$tmp/whole" -name sheet.png | wc -l)" -eq 20 ]

# Killed without a word, at moments that chance chooses.
RANDOM=${SEED:-$$}
echo "seed $RANDOM" >"$tmp/seed"
killed=0
for _ in $(seq 20); do
    "$atelier" sprite "$jobs" --model "$model" --out "$tmp/cut" >/dev/null 2>&1 &
    pid=$!
    sleep "0.$(printf %03d $((RANDOM % 400)))"
    kill -9 $pid 2>/dev/null && killed=$((killed + 1))
    wait $pid 2>/dev/null
done
check "a run was killed on the way ($killed)" [ $killed -gt 0 ]
gives 0 out 'b_20 ' sprite "$jobs" --model "$model" --out "$tmp/cut"
check "it ends with the same bytes ($(cat "$tmp/seed"))" diff -r "$tmp/whole" "$tmp/cut"

refuses() { # refuses TEXT JSON
    echo "$2" >"$jobs"
    gives 1 err "$1" sprite "$jobs" --model "$model" --out "$tmp/none"
    check "'$1' leaves no folder behind" [ ! -e "$tmp/none" ]
}
refuses "jobs.json': there should be an array 'jobs'" '{}'
refuses "jobs.json': there should be an array 'jobs'" '{"jobs": []}'
refuses "jobs.json': job 1: a job should have a 'picture'" '{"jobs": [{}]}'
refuses "jobs.json': job 1: a job should be an object" '{"jobs": [7]}'
refuses "a job has no 'fly'" '{"jobs": [{"picture": "b.png", "fly": 1}]}'
refuses "job 1: 'frames' is 0; it must be 1 to 4096" '{"jobs": [{"picture": "b.png", "frames": 0}]}'
refuses "'animation' is 'fly'; it must be" '{"jobs": [{"picture": "b.png", "animation": "fly"}]}'
refuses "is not valid JSON" '{"jobs"'
done_with_checks
