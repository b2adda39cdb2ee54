/* SPDX-License-Identifier: MIT */
#include "fuzz.h"

#include "weights/pickle.h"

/* A bare pickle.  Its storages are all the input itself, if it is as large as
 * they claim to be. */
int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    Pickle p;
    Err err = {0};
    Weights *w = weights_new("fuzz");
    w->own_limit = size * 2;
    bool ok = pickle_read(&p, data, size, &err);
    must(p.used <= size && ok == (err.kind == ERR_NONE));
    for (StorageClaim *c = p.storages; ok && c != NULL; c = c->next) {
        ok = (uint64_t)c->count <= size / tensor_type_size(c->type);
        c->bytes = data;
    }
    if (ok && pickle_collect(&p, w, &err) && weights_seal(w, &err))
        read_numbers(w);
    pickle_release(&p);
    weights_close(w);
    return 0;
}
