#ifndef WEIGHTS_INTERNAL_H
#define WEIGHTS_INTERNAL_H
#include "base/arena.h"
#include "base/base.h"
#include "base/file.h"
#include "tensor/tensor.h"
#include "weights/weights.h"

/* What the readers of this room share.
 *
 * Readers are given the bytes of a whole file and put tensors into a Weights.
 * Their messages leave the file's name out; weights_open puts it in front.
 * Everything that points into the bytes lives as long as they do. */

/* A stretch of a stranger's bytes; not ended by zero. */
typedef struct Text {
    const char *at;
    size_t size;
} Text;

bool text_is(Text t, const char *s);
bool text_equal(Text a, Text b);
int text_compare(Text a, Text b);

/* 1 to LONGEST_NAME characters of printable ASCII. */
bool text_is_name(Text t);

/* For messages: cut to fit, and what is not printable ASCII shown as '?'. */
typedef struct Shown {
    char s[96];
} Shown;
Shown text_shown(Text t);

/* Little-endian numbers; the caller has checked that they are there. */
uint16_t read_u16(const unsigned char *at);
uint32_t read_u32(const unsigned char *at);
uint64_t read_u64(const unsigned char *at);

enum {
    MOST_TENSORS = 1 << 17,
    LONGEST_NAME = 512,
    MOST_SHARDS = 1024,
};

/* What of a network's size its names depend on (Rule, below). */
typedef struct Sizes {
    int span;   /* blocks in a level of a UNet, its resampler too */
    int levels; /* of a VAE's decoder */
} Sizes;

typedef struct Item {
    char *name;
    Tensor tensor;
} Item;

struct Weights {
    char *path;
    const Weights *of; /* of a view: whose tensors these are, */
    Sizes sizes;       /* and the network's */
    const char *kind;
    FileMap *maps;
    size_t map_count;
    Item *items;
    size_t count;
    uint32_t *sorted; /* places of items, ordered by name */
    Arena own;        /* tensors that were gathered */
    size_t own_used, own_limit;
    bool is_shard;   /* the file being read was named by an index */
    char **metadata; /* key, value, ... */
    size_t metadata_count;
};

/* How a file lays out a tensor: positions and strides count elements. */
typedef struct Layout {
    TensorType type;
    const unsigned char *bytes; /* the storage */
    int64_t count;              /* elements in it */
    int64_t from;               /* the first element */
    int rank;
    int64_t dim[TENSOR_DIMS], stride[TENSOR_DIMS];
} Layout;

/* Sets row-major strides.  The product of the dims was checked before. */
void layout_pack(Layout *l);

/* Appends the tensor: as a view if it is row-major and aligned, else gathered.
 * Refuses names that are long or not printable ASCII, negative dims and
 * strides, and whatever reaches out of the storage. */
bool weights_put(Weights *w, Text name, const Layout *l, Err *err) MUST_USE;
/* Appends without a look; for weights_put and weights_add. */
void weights_append(Weights *w, Text name, Tensor t);
void weights_put_metadata(Weights *w, const char *key, const char *value);

/* Orders the names for lookup; refuses a name that comes twice. */
bool weights_seal(Weights *w, Err *err) MUST_USE;

/* As weights_open, but the file is in memory, which must outlive the Weights.
 * For fuzzing and tests; an index of shards is refused. */
Weights *weights_from_memory(const void *bytes, size_t size, const char *path,
                             Err *err) MUST_USE;

/* The readers. */
bool safetensors_read(Weights *w, const unsigned char *bytes, size_t size, Err *err) MUST_USE;
bool torch_zip_read(Weights *w, const unsigned char *bytes, size_t size, Err *err) MUST_USE;
bool torch_legacy_read(Weights *w, const unsigned char *bytes, size_t size, Err *err) MUST_USE;

/* Reads the file at `path` into w, which may have tensors already. */
bool weights_read_file(Weights *w, const char *path, Err *err) MUST_USE;
/* An index of shards, whose text is `bytes`. */
bool index_read(Weights *w, const unsigned char *bytes, size_t size, Err *err) MUST_USE;

/* Which kind of file begins like this.  FILE_OTHER has the reason in err. */
typedef enum { FILE_SAFETENSORS, FILE_ZIP, FILE_PICKLE, FILE_JSON, FILE_OTHER } FileKind;
FileKind file_kind(const unsigned char *bytes, size_t size, Err *err);

/* What two spellings of a name have to do with each other.  A pattern is a
 * whole name, or its beginning before a dot, in which stand numbers:
 *
 *   $i $j    the same in both
 *   $n       blocks in a row, first + $l levels * span + place $p, where span
 *            is the resnets of a level and its resampler; $p is the last
 *            place if a pattern does not say it
 *   $u $r    levels of the VAE from either end: $u + $r is the last
 *   $k $h    $k = 2 + 2 * $h
 *   $q       one of the letters q, k, v
 *
 * Tables end with a row of zeros; the first row that fits counts. */
typedef enum {
    ACT_NONE_NEEDED,
    ACT_FILTER,    /* [O,I,1,1] or [O,I,1] in files, [O,I] here */
    ACT_TRANSPOSE, /* [I,O] in files */
    ACT_THIRDS     /* q, k and v in one, in rows */
} RuleAct;

typedef struct Rule {
    const char *theirs, *ours; /* ours NULL: nobody needs it */
    const struct Rule *inside; /* for what comes after, dot first; NULL: it stays */
    RuleAct act;
    int first;
    const char *beside; /* when writing: only if names of ours begin so */
    bool is_only_read;  /* never written so */
} Rule;

/* naming_rules.c */
extern const Rule rules_unet[], rules_control[], rules_vae[], rules_old_vae[], rules_clip[],
    rules_bare_clip[], rules_clip_h[], rules_openclip[];

/* The members of a zip archive: stored ones only, ordered by name. */
typedef struct ZipEntry {
    Text name;
    const unsigned char *bytes;
    size_t size;
    size_t begin; /* of its local header in the file */
} ZipEntry;

typedef struct Zip {
    ZipEntry *entries;
    size_t count;
} Zip;

/* False, with nothing to release, if any member is compressed, encrypted, has
 * a dangerous name, lies outside the file or over another. */
bool zip_read(Zip *z, const unsigned char *bytes, size_t size, Err *err) MUST_USE;
void zip_release(Zip *z);
const ZipEntry *zip_find(const Zip *z, Text name);
#endif
