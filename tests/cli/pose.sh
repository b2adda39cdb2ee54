#!/usr/bin/env bash
# Skeletons as people ask for them; and docs/poses.md shows what the program makes.
. "$(dirname "$0")/expect.sh"
root=$(realpath "$root")
cd "$tmp" || exit 1

gives 0 out poses/walk.gif pose walk
check 'results are named in the order they are made' [ "$(head -1 "$tmp/out")" = poses/frames ]
check 'the GIF is a GIF' [ "$(head -c 6 poses/walk.gif)" = GIF89a ]
check 'the JSON is JSON' python3 -m json.tool poses/walk.json /dev/null
gives 0 out b/ne/keypoints pose roll --directions 8 --format editor -o b
check 'a frame for the editor is a file' python3 -m json.tool b/ne/keypoints/0007.json /dev/null
gives 0 out c/walk.gif pose poses/walk.json --pose-style stick -o c
check 'the same poses in another style are another picture' \
    sh -c '! cmp -s poses/frames/0000.png c/frames/0000.png'
check 'and the same JSON' cmp poses/walk.json c/walk.json

gives 1 err 'neither a file nor a clip (there are: idle, walk' pose dance
gives 1 err "--yaw is 'up'" pose walk --yaw up
gives 1 err 'has a background of many colours' pose "$root/examples/meadow-hiker.jpg"
gives 2 err "--directions is '3'; it must be one of: 1, 4, 8" pose walk --directions 3
gives 2 err '--out wants a value' pose walk -o
gives 2 err 'there is no flag -p' pose walk -p x
gives 2 err 'no SUBJECT is given' pose

python3 "$root/tools/poses_page.py" "$atelier" --check >"$tmp/out" 2>"$tmp/err"
check 'docs/poses.md shows what the program makes' [ $? -eq 0 ]
done_with_checks
