#ifndef PUPPET_PUPPET_H
#define PUPPET_PUPPET_H
#include "base/arena.h"
#include "pose/skeleton.h"
#include "tensor/tensor.h"

/* A drawing as a puppet of paper: cut into parts, moved by its joints.
 *
 *   picture, joints -- puppet_build --> Puppet -- puppet_draw(pose) --> frame
 *
 * Each pixel of the figure belongs to the bone that is nearest along the
 * drawing (colour edges are far); parts become layers that overlap at the
 * joints, what one hides of another is filled from the other's own colours,
 * and layers are drawn from far to near.  Limbs bend at elbows and knees and
 * are stiff elsewhere; bones get longer or shorter as the pose says, hands,
 * feet and what they hold do not.  Skirts follow both thighs, capes the trunk.
 * A part that stays where the picture has it shows the picture's own pixels. */
typedef enum PuppetPart {
    PUPPET_NONE,
    PUPPET_TORSO,
    PUPPET_HEAD,
    PUPPET_R_UPPER_ARM, /* R and L are the figure's own */
    PUPPET_R_FOREARM,
    PUPPET_L_UPPER_ARM,
    PUPPET_L_FOREARM,
    PUPPET_R_THIGH,
    PUPPET_R_SHIN,
    PUPPET_L_THIGH,
    PUPPET_L_SHIN,
    PUPPET_SKIRT,  /* cloth that both legs move */
    PUPPET_CAPE,   /* cloth behind the legs */
    PUPPET_HELD_R, /* what a hand holds: a layer of its own, stiff */
    PUPPET_HELD_L,
    PUPPET_PARTS
} PuppetPart;

typedef struct PuppetSource {
    Tensor picture;    /* u8 [H,W,4], straight alpha, sides up to PUPPET_MAX_SIDE; not kept */
    Pose joints;       /* where they are in it, in pixels; those with c 0 are guessed */
    bool has_depth;    /* z of the joints is known */
    Tensor parts;      /* u8 [H,W]: a PuppetPart for each pixel, 0 to find it; or empty */
    bool is_pixel_art; /* no new colours, alpha 0 or 255 */
} PuppetSource;

enum { PUPPET_MAX_SIDE = 4096 };

/* Does not change once built, so that any number of threads may draw it. */
typedef struct Puppet Puppet;

/* Lives in the arena.  NULL with the reason: no figure in the picture, no neck
 * or hips among the joints, joints far outside, labels that are no parts. */
Puppet *puppet_build(const PuppetSource *s, Arena *a, Err *err) MUST_USE;

/* The figure in this pose, on `canvas` (u8 [h,w,4], any size), which is cleared
 * first.  The pose is in the canvas's pixels, z towards the viewer (0s if
 * unknown), missing joints are guessed.  The figure keeps its size: a pixel of
 * the picture is about one of the canvas.  `part` (u8 [h,w], or empty) gets the
 * PuppetPart that each pixel shows, 0 for nothing.  In the picture's own pose
 * (within a hundredth of a pixel) the picture itself is drawn.  Scratch is left
 * as it was.  False if the canvas is too large for it. */
bool puppet_draw(const Puppet *p, const Pose *pose, Tensor canvas, Tensor part, Arena *scratch,
                 Err *err) MUST_USE;

/* Few colours, and alpha all or nothing. */
bool puppet_is_pixel_art(Tensor picture);

/* u8 [H,W], the PuppetPart of each pixel, as found or given; lives with p. */
Tensor puppet_parts(const Puppet *p);

/* "l_upper_arm"; NULL for what is no part. */
const char *puppet_part_name(int part);
#endif
