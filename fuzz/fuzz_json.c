/* SPDX-License-Identifier: MIT */
#include "fuzz.h"

#include "base/json.h"

/* What was read can be written, and read again. */
int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    Err err = {0};
    Json *j = js_parse((const char *)data, size, "fuzz", &err);
    must(j != NULL ? err.kind == ERR_NONE : err.kind == ERR_FORMAT);
    if (j == NULL)
        return 0;
    char *text = js_text(j, true);
    Json *again = js_parse(text, strlen(text), "again", &err);
    must(again != NULL);
    js_free(again);
    xfree(text);
    js_free(j);
    return 0;
}
