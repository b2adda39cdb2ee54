/* SPDX-License-Identifier: MIT */
#include "media/labels.h"

#include <string.h>
#include <zlib.h>

/* A fuzzing target: any bytes give a picture or a reason,
 * and so they do read as labels.  Build with clang
 * -fsanitize=fuzzer; replayed as a plain test by fuzz/replay.c. */
int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

static uint32_t u32be(const unsigned char *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* Makes the checksums of a PNG right, so that changed chunks are read. */
static void mend_png(unsigned char *p, size_t size)
{
    for (size_t at = 8; size >= 12 && at <= size - 12;) {
        size_t n = u32be(p + at);
        if (n > size - at - 12)
            return;
        uint32_t sum = (uint32_t)crc32(0, p + at + 4, (uInt)n + 4);
        for (int i = 0; i < 4; i++)
            p[at + 8 + n + (size_t)i] = (unsigned char)(sum >> (24 - 8 * i));
        at += n + 12;
    }
}

/* Reads every byte of what was decoded. */
static void look(Image im, const Err *err)
{
    volatile unsigned char sum = 0;
    must((im.data == NULL) == (err->kind != ERR_NONE));
    if (im.data == NULL)
        return;
    must(image_width(im) <= IMAGE_MAX_SIDE && image_height(im) <= IMAGE_MAX_SIDE);
    for (size_t i = 0; i < tensor_bytes(im); i++)
        sum = (unsigned char)(sum + ((unsigned char *)im.data)[i]);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    enum { LIMIT = 256 << 20 };
    Arena a;
    Err err = {0}, no_labels = {0};
    must(arena_init(&a, LIMIT, &err));
    unsigned char *copy = xalloc(size, 1);
    if (size > 0)
        memcpy(copy, data, size);
    mend_png(copy, size);
    look(image_decode(&a, copy, size, "fuzz", &err), &err);
    arena_rewind(&a, 0);
    look(labels_decode(&a, copy, size, "fuzz", &no_labels), &no_labels);
    xfree(copy);
    arena_release(&a);
    return 0;
}
