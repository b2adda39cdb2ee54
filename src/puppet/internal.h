#ifndef PUPPET_INTERNAL_H
#define PUPPET_INTERNAL_H
#include "puppet/puppet.h"

/* From a picture to layers, inside this room only:
 *
 *   figure    joints, none missing          bone      a part's axis, and its way to a pose
 *   color     pixels as L*a*b*              mask      sets of pixels
 *   geodesic  distance along the drawing    segment   which bone a pixel belongs to
 *   heap      the cheapest first            spread    from the grid to the picture
 *   things    cloth, and what hands hold    layers    what is cut out and filled
 *   mesh      a layer as triangles          order     which layer lies over which
 *   raster    triangles to samples          crumbs    pieces that have come off
 *   puppet    the public face
 *
 * A pixel's centre is at .5; all lengths are in pixels of the picture at hand:
 * segment and things work on a reduced one (a Grid). */

typedef struct Point {
    float x, y;
} Point;

/* ---- memory: reserved once, so that small takes need no error path ---- */
bool memory_reserve(Arena *a, size_t bytes, Err *err) MUST_USE;
void *memory_take(Arena *a, int64_t count, size_t size); /* within what was reserved */
void *memory_zeros(Arena *a, int64_t count, size_t size);

/* ---- figure ---- */
enum { SPOT_HIP = JOINTS, SPOT_EAR, SPOTS }; /* the middle of the hips, of the ears */
typedef struct Figure {
    Keypoint at[SPOTS];
} Figure;

enum { ARM, LEG };
enum { RIGHT, LEFT };
/* The k-th joint of a limb (shoulder, elbow, wrist; hip, knee, ankle); its upper (0) or
 * lower (1) part. */
static inline int limb_joint(int limb, int side, int k)
{
    return JOINT_R_SHOULDER + 6 * limb + 3 * side + k;
}
static inline int limb_part(int limb, int side, int half)
{
    return PUPPET_R_UPPER_ARM + 4 * limb + 2 * side + half;
}
static inline int held_part(int side)
{
    return PUPPET_HELD_R + side;
}
static inline Point figure_point(const Figure *f, int spot)
{
    return (Point){f->at[spot].x, f->at[spot].y};
}

/* Guesses what is missing.  False without a neck or hips, or with joints farther
 * from the picture than it is large. */
bool figure_complete(Figure *f, const Pose *pose, int w, int h, Err *err) MUST_USE;
/* A pose to go to: what it lacks is where `rest` had it, seen from the trunk. */
Figure figure_follow(const Pose *pose, const Figure *rest);
Figure figure_scaled(const Figure *f, float scale);

/* ---- bone ---- */
typedef struct Bone {
    Point at;            /* where it begins */
    Point along, across; /* unit vectors */
    float length;
} Bone;

/* The two ends of a part's bone; torso for skirts and capes, forearm for what is held. */
typedef struct BoneEnds {
    unsigned char from, to;
} BoneEnds;
BoneEnds bone_ends(int part);
Bone bone_of(const Figure *f, int part);
/* Where p lies: u along the bone, v across. */
Point bone_local(const Bone *b, Point p);

/* How a bone takes its pixels from one pose to another. */
typedef struct Move {
    Bone from, to;
    float stretch; /* of what lies between the joints */
    float width;   /* of what lies across: 1, or less while it appears */
    int part;
    bool is_still;
} Move;
Move bone_move(const Bone *from, const Bone *to, int part);
Point bone_carry(const Move *m, Point p);

float distance_to_segment(Point p, Point a, Point b);
/* 0 inside the convex hull of the points (at most 8). */
float distance_to_hull(Point p, const Point *points, int count);

/* ---- color ---- */
/* lab[3n], L* spread to 0..255, as 8-bit pictures have it. */
void color_lab(float *lab, const unsigned char *rgba, int64_t n);
/* Sum of the differences over 255. */
float color_step(const float *a, const float *b);
/* The same of plain RGB, which is cheaper: 0..1. */
float rgb_step(const unsigned char *a, const unsigned char *b);

/* ---- mask: unsigned char [h][w], 0 or 1 ---- */
typedef struct Size {
    int w, h;
} Size;
static inline int64_t size_count(Size s)
{
    return (int64_t)s.w * s.h;
}
/* to: pixels with one of `from` at most `by` columns and rows away; may not be the same. */
void mask_grow(unsigned char *to, const unsigned char *from, Size s, int by, Arena *scratch);
/* Adds, in each row, the allowed pixels between the first and the last of `mask`. */
void mask_fill_rows(unsigned char *mask, const unsigned char *allowed, Size s);
/* The four neighbours of pixel i that there are; returns how many. */
int mask_neighbours(int64_t *to, int64_t i, Size s);
/* Numbers the connected pieces (4 neighbours) of mask from 1 on; 0 elsewhere.  Returns how
 * many. */
int mask_pieces(int32_t *piece, const unsigned char *mask, Size s, Arena *scratch);
/* For each pixel the nearest one of `have`; -1 if there is none.  Rows count `tall` times
 * as much as columns. */
void mask_nearest(int32_t *nearest, const unsigned char *have, Size s, float tall);

/* ---- grid ---- */
typedef struct Grid {
    Size size;
    float scale;   /* of the grid to the picture: 1 or less */
    Figure figure; /* in its pixels */
    bool has_depth;
    unsigned char *solid;   /* the figure */
    float *lab;             /* [h][w][3] */
    unsigned char *label;   /* PuppetPart by geodesic distance, then as things_find corrects */
    unsigned char *is_head; /* nearer to the head than to the trunk, over fewer edges */
    unsigned char *under;   /* and what would be there if hands were empty */
    float radius[2][2];     /* half width of arm and leg, upper and lower */
} Grid;

static inline Point grid_center(const Grid *g, int64_t i)
{
    return (Point){(float)(i % g->size.w) + .5f, (float)(i / g->size.w) + .5f};
}
/* The colour at p; NULL off the figure. */
const float *grid_lab(const Grid *g, Point p);

/* Pixels of the picture that a pixel of the grid is wide. */
int grid_step(Size s);
/* Fills all but the figure and the radii.  False if nothing is there. */
bool grid_make(Grid *g, const unsigned char *rgba, Size s, Arena *scratch) MUST_USE;

/* ---- heap: the cheapest pixel first ---- */
typedef struct Entry {
    float cost;
    int32_t at;
} Entry;
typedef struct Heap {
    Entry *entry; /* with room for whatever is pushed */
    int64_t count;
} Heap;
void heap_push(Heap *h, Entry e);
Entry heap_pop(Heap *h); /* of one that is not empty */

/* ---- spread ---- */
/* The grid's labels for the picture's pixels.  Where labels meet, each grows from what is
 * its own beyond doubt, and they meet again on the picture's edges of colour. */
void spread(const Grid *g, const unsigned char *rgba, Size s, unsigned char *label,
            unsigned char *under, Arena *scratch);

/* ---- segment ---- */
/* Distances in g->solid from the seeds (cost 0).  Over an edge the way is longer, by `sharp`
 * times the colour step.  INFINITY where there is no way. */
void geodesic(float *distance, const Grid *g, const unsigned char *seed, float sharp,
              Arena *scratch);

void segment(Grid *g, Arena *scratch);

/* ---- things ---- */
/* Corrects g->label: cloth, and what hands hold. */
void things_find(Grid *g, Arena *scratch);

/* ---- held ---- */
/* What hands hold in front of the figure.  piece [h][w]: numbers from 1 to count for what
 * sticks out of it. */
void held_find(Grid *g, const int32_t *piece, int count);

/* ---- layers ---- */
enum { LAYERS_MAX = 16, LAYER_BONES = 3 };
typedef enum LayerKind {
    LAYER_CAPE,
    LAYER_TORSO,
    LAYER_SKIRT,
    LAYER_HEAD,
    LAYER_ARM,
    LAYER_LEG,
    LAYER_HELD
} LayerKind;

typedef struct Triangle {
    int32_t v[3];
} Triangle;

typedef struct Layer {
    LayerKind kind;
    int side;
    int bones;
    int bone[LAYER_BONES];      /* parts */
    Bone rest[LAYER_BONES];     /* where the texture has them */
    float hidden;               /* pixels to move until it is there in full; 0: it is seen */
    unsigned char *part;        /* [h][w], 0 outside */
    const unsigned char *color; /* [h][w][4], alpha 255 where invented */
    int64_t vertices, triangles;
    Point *vertex;
    float *weight; /* [vertices][bones] */
    Triangle *triangle;
} Layer;

struct Puppet {
    Size size;
    Figure figure;
    float radius[2][2];
    float crumb; /* see crumbs_share */
    bool is_pixel_art;
    int samples;            /* a side */
    int cell;               /* of the meshes */
    unsigned char *picture; /* [h][w][4] as given */
    unsigned char *fringe;  /* [h][w] 1: half covered, next to nothing */
    unsigned char *edge;    /* [h*samples][w*samples] 1: inside the outline */
    Tensor parts;
    int layers;
    Layer layer[LAYERS_MAX];
};

/* What layers are cut from. */
typedef struct Cutting {
    Puppet *puppet;
    Arena *arena, *scratch;
    const unsigned char *solid, *label, *under; /* of the picture */
    unsigned char *color;                       /* [h][w][4] free of the background */
} Cutting;
void layers_cut(Cutting *c);

/* ---- mesh ---- */
void mesh_make(Layer *l, const Puppet *p, Arena *a, Arena *scratch);

/* ---- order ---- */
/* Indices of the layers, far ones first. */
void order_layers(int *order, const Puppet *p, const Figure *to);
/* Is the arm of this side behind the trunk?  Its hand tells: a swinging arm bends forwards. */
bool order_is_behind(const Figure *f, int side, float radius);

/* ---- raster ---- */
typedef struct Samples {
    int w, h;
    unsigned char *rgba; /* straight */
    unsigned char *part;
} Samples;
void raster_layer(const Samples *to, const Puppet *p, const Layer *l, const Point *moved);
void raster_reduce(Tensor canvas, Tensor part, const Samples *from, int k, bool is_pixel_art);
#endif
