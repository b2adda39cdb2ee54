/* SPDX-License-Identifier: MIT */
#include "fuzz.h"

static int read(const unsigned char *data, size_t size)
{
    Err err = {0};
    Weights *w = weights_new("fuzz");
    w->own_limit = size * 2;
    bool ok = safetensors_read(w, data, size, &err) && weights_seal(w, &err);
    must(ok == (err.kind == ERR_NONE));
    if (ok)
        read_numbers(w);
    weights_close(w);
    return 0;
}

/* Bytes that begin with a length are a file.  Others are a header and, after a
 * zero byte, data: their length is put in front, or the search would spend its
 * time on finding one that fits. */
int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    const unsigned char *end = size > 8 && data[7] != 0 ? memchr(data, 0, size) : NULL;
    if (end == NULL)
        return read(data, size);
    size_t length = (size_t)(end - data);
    unsigned char *file = xalloc(8 + size - 1, 1);
    for (int i = 0; i < 8; i++)
        file[i] = (unsigned char)((uint64_t)length >> (8 * i));
    memcpy(file + 8, data, length);
    memcpy(file + 8 + length, end + 1, size - length - 1);
    read(file, 8 + size - 1);
    xfree(file);
    return 0;
}
