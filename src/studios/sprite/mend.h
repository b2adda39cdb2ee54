#ifndef STUDIOS_SPRITE_MEND_H
#define STUDIOS_SPRITE_MEND_H
#include "media/image.h"
#include "models/mender.h"
#include "pose/skeleton.h"
#include "puppet/puppet.h"

/* A mender from a model folder: config.json and mender.safetensors.  The arena
 * holds what it was packed into; nothing else stays open. */
bool mender_load(Mender *m, const char *folder, Arena *a, const Run *run, Err *err) MUST_USE;

/* A puppet's frames, mended at any size.
 *
 *   frame --- view at 64 or 96 pixels --- mender --- gate --- steady --- frame
 *
 * The view is the part of the frames in which anything is ever seen: enlarged
 * by whole pixels, as it is, or made smaller until it fits.  The gate opens
 * where the mender trusts its change, and the change can be seen at all.
 * Where it is shut a frame keeps its bytes, and so does every pixel of a held
 * thing.  Steady: what surrounds a pixel is the same in an earlier frame, so
 * it is mended as there; parts that stand still do not flicker.
 *
 * Where the gate is open the change is enlarged to the frame's size with its
 * edge made as sharp as before; pixel art stays pixel art: its drawing's own
 * colours, alpha 0 or 255. */
typedef struct MendJob {
    const Mender *mender;
    Image drawing;       /* RGBA: what the puppet was cut from */
    int x, y;            /* where its top left pixel lies in a frame */
    const Image *frames; /* the puppet's, RGBA, all of one size */
    const Tensor *parts; /* u8 [h,w] for each frame: the PuppetPart of its pixels */
    const Pose *poses;   /* of each frame, in its pixels */
    int count;
    bool is_pixel_art;
    double strength; /* 0: nothing is changed; less than 1: only what is trusted more */
} MendJob;

/* mended[count], in the arena: the frames as they should be.  The Run's scratch
 * is left as it was.  False with the reason: memory short, or cancelled. */
bool mend_frames(Run *r, const MendJob *q, Image *mended, Arena *a, Err *err) MUST_USE;
#endif
