#!/usr/bin/env bash
# Joints of pictures: large and small, with alpha and on paper.  Only JSON is on stdout.
. "$(dirname "$0")/expect.sh"
root=$(realpath "$root")
cd "$tmp" || exit 1

for name in knight pixel-hero photo-astronaut line-art; do
    gives 0 out pose_keypoints_3d pose "$root/examples/$name.png" -o seen
    cp "$tmp/out" "$name.json"
    check "joints of $name are found near where they are" \
        python3 "$root/tests/cli/near_joints.py" "$name.json" "$root/examples/$name.json"
    check "the skeleton is drawn over $name" [ -s "seen/${name}_pose.png" ]
done
gives 1 err 'no figure with arms and legs is to be seen' pose "$root/tests/media/corpus/palette.png"
check 'a refusal writes nothing' [ ! -e poses ]
done_with_checks
