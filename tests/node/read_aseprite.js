/* SPDX-License-Identifier: MIT */
/* Prints what the package ase-parser reads in .aseprite files, as JSON: path -> what is in it.
 * Usage: node read_aseprite.js FILE... */
const fs = require('fs');
let Aseprite;
try {
    Aseprite = require('ase-parser');
} catch {
    console.error("the package 'ase-parser' is missing: run 'bash tools/setup.sh test'");
    process.exit(1);
}
const cel = (c) => ({
    layer: c.layerIndex, x: c.xpos, y: c.ypos, w: c.w, h: c.h, pixels: c.rawCelData.toString('base64'),
});
const read = (path) => {
    const file = new Aseprite(fs.readFileSync(path), path);
    file.parse();
    return {
        size: file.fileSize, width: file.width, height: file.height, depth: file.colorDepth,
        transparent: file.paletteIndex,
        palette: file.palette ? file.palette.colors.map((c) => [c.red, c.green, c.blue, c.alpha]) : [],
        layers: file.layers.map((l) => l.name),
        tags: file.tags.map((t) => ({
            name: t.name, from: t.from, to: t.to, direction: t.animDirection, repeat: t.repeat,
        })),
        slices: file.slices.map((s) => ({
            name: s.name, keys: s.keys.map((k) => ({
                frame: k.frameNumber, x: k.x, y: k.y, w: k.width, h: k.height, pivot: k.pivot,
            })),
        })),
        frames: file.frames.map((f) => ({ ms: f.frameDuration, cels: f.cels.map(cel) })),
    };
};
const paths = process.argv.slice(2);
console.log(JSON.stringify(Object.fromEntries(paths.map((p) => [p, read(p)]))));
