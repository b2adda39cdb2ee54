#ifndef TESTS_DIFFUSION_GOLDEN_H
#define TESTS_DIFFUSION_GOLDEN_H
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/json.h"

/* The golden files of tests/golden (GOLDEN is that folder), read without the
 * weights room, which base and pose do not know.  Any failure ends the test. */
typedef struct {
    unsigned char *bytes;
    const unsigned char *data; /* behind the header */
    Json *header;
} Golden;

static inline Golden golden_open(const char *name)
{
    Golden g = {0};
    Err err = {0};
    char path[1024];
    snprintf(path, sizeof path, "%s/%s", GOLDEN, name);
    size_t size;
    must(file_read(&g.bytes, &size, path, (size_t)1 << 26, &err));
    uint64_t header;
    memcpy(&header, g.bytes, sizeof header);
    must(header < size);
    g.header = js_parse((const char *)g.bytes + 8, header, name, &err);
    must(g.header);
    g.data = g.bytes + 8 + header;
    return g;
}

static inline void golden_close(Golden *g)
{
    js_free(g->header);
    xfree(g->bytes);
}

static inline bool golden_has(const Golden *g, const char *name)
{
    return js_get(g->header, name) != NULL;
}

/* The numbers of a tensor and how many there are. */
static inline const void *golden_at(const Golden *g, const char *name, int64_t *count)
{
    const Json *t = js_get(g->header, name);
    must(t);
    const Json *shape = js_get(t, "shape");
    *count = 1;
    for (size_t i = 0; i < js_count(shape); i++)
        *count *= js_int(js_at(shape, i), 0);
    return g->data + js_int(js_at(js_get(t, "data_offsets"), 0), -1);
}
#endif
