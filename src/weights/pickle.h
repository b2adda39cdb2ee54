#ifndef WEIGHTS_PICKLE_H
#define WEIGHTS_PICKLE_H
#include "weights/internal.h"

/* Pickles, read as data.
 *
 * A pickle is a program for a stack machine that may call any function of
 * Python.  This machine knows protocols 2 to 4 and has no functions: it builds
 * numbers, texts, tuples, lists and dictionaries; what torch needs to say
 * "a tensor over this storage" becomes a claim, to be checked by whoever has
 * the storages; a few harmless calls (numpy scalars, torch.Size, ...) become
 * an inert value, and a ParameterDict, the one object, its members.  Calling or building
 * anything else is an error that names it.  A global that is only mentioned is inert.
 *
 * Nothing recurses, and the machine's memory is in proportion to the bytes
 * read.  Texts point into them. */

typedef enum {
    VALUE_NONE,
    VALUE_BOOL,
    VALUE_INT,
    VALUE_BIG, /* an int of more than 8 bytes */
    VALUE_TEXT,
    VALUE_TUPLE,
    VALUE_LIST,
    VALUE_DICT, /* key, value, key, value, ... */
    VALUE_GLOBAL,
    VALUE_STORAGE,
    VALUE_TENSOR,
    VALUE_INERT, /* floats, bytes, sets: nothing that we look into */
} ValueKind;

/* A storage that the pickle says there is; `bytes` is for the one who checks. */
typedef struct StorageClaim {
    Text key;
    TensorType type;
    int64_t count;            /* elements in it */
    int64_t from, view_count; /* the part of it that is meant */
    const unsigned char *bytes;
    struct StorageClaim *next;
} StorageClaim;

typedef struct TensorClaim {
    const StorageClaim *storage;
    int64_t from;
    int rank;
    int64_t dim[TENSOR_DIMS], stride[TENSOR_DIMS];
} TensorClaim;

typedef struct Global Global;

typedef struct Value Value;
struct Value {
    ValueKind kind;
    bool is_seen;     /* for the walk over the result */
    bool wants_state; /* a new object: a dictionary of its members to come */
    union {
        int64_t number; /* VALUE_BOOL, VALUE_INT */
        Text text;      /* VALUE_TEXT; VALUE_BIG: little-endian bytes */
        struct {
            Value **item;
            uint32_t count, room;
        } list; /* VALUE_TUPLE, VALUE_LIST, VALUE_DICT */
        const Global *global;
        StorageClaim *storage;
        TensorClaim *tensor;
    };
};

typedef struct Pickle {
    Value *root;
    StorageClaim *storages; /* in reverse order */
    size_t used;            /* bytes of the pickle */
    struct Chunk *chunks;
    size_t taken;
} Pickle;

/* Reads one pickle from the front of `bytes`.  Release it in any case. */
bool pickle_read(Pickle *p, const unsigned char *bytes, size_t size, Err *err) MUST_USE;
void pickle_release(Pickle *p);

/* Memory that ends with the pickle; NULL if it has had more than enough. */
void *pickle_take(Pickle *p, size_t size) MUST_USE;

/* The value of a member, or NULL if there is none. */
Value *pickle_member(const Value *dict, const char *key);

/* Puts the tensors below the root into w, once the storages have their bytes. */
bool pickle_collect(const Pickle *p, Weights *w, Err *err) MUST_USE;

/* For the machine: what a global is good for. */
typedef enum {
    CALL_NOTHING,
    CALL_TENSOR,
    CALL_FIRST,
    CALL_DICT,
    CALL_INERT,
    CALL_OBJECT /* not called, but made */
} CallKind;
struct Global {
    Text module, name;
    CallKind call;
    int type; /* TensorType of a storage class, or -1 */
};
void global_classify(Global *g);

/* What a call or a persistent id makes, or NULL with the reason. */
Value *global_call(Pickle *p, const Value *callee, Value *args, Err *err) MUST_USE;
Value *storage_claim(Pickle *p, const Value *id, Err *err) MUST_USE;
Value *value_new(Pickle *p, ValueKind kind, Err *err) MUST_USE;
#endif
