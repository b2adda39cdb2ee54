/* SPDX-License-Identifier: MIT */
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    Zip z;
    Err err = {0};
    if (zip_read(&z, data, size, &err)) {
        for (size_t i = 0; i < z.count; i++) {
            const ZipEntry *e = &z.entries[i];
            must(e->bytes >= data && e->size <= (size_t)(data + size - e->bytes));
            must(zip_find(&z, e->name) == e);
        }
        zip_release(&z);
    }
    return open_weights(data, size);
}
