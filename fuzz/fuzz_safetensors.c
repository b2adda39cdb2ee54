/* SPDX-License-Identifier: MIT */
#include "fuzz.h"

/* The input is the header and the data; the length before them is made, or
 * the search would spend its time on finding one that fits. */
int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    const unsigned char *end = size > 8 && data[8] != '{' ? memchr(data, 0, size) : NULL;
    if (end == NULL)
        return open_weights(data, size);
    size_t length = (size_t)(end - data), rest = size - length - 1;
    unsigned char *file = xalloc(8 + length + rest, 1);
    for (int i = 0; i < 8; i++)
        file[i] = (unsigned char)((uint64_t)length >> (8 * i));
    memcpy(file + 8, data, length);
    memcpy(file + 8 + length, end + 1, rest);
    open_weights(file, 8 + length + rest);
    xfree(file);
    return 0;
}
