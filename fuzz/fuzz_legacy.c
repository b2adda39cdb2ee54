/* SPDX-License-Identifier: MIT */
#include "fuzz.h"

/* torch's legacy format: pickles, then storages. */
int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    return open_weights(data, size);
}
