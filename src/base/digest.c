/* SPDX-License-Identifier: MIT */
#include "base/digest.h"

#include <errno.h>
#include <nettle/sha2.h>
#include <stdio.h>
#include <string.h>

static void to_hex(char hex[DIGEST_ROOM], const uint8_t digest[SHA256_DIGEST_SIZE])
{
    for (int i = 0; i < SHA256_DIGEST_SIZE; i++)
        snprintf(hex + 2 * (ptrdiff_t)i, 3, "%02x", digest[i]);
}

bool file_sha256(char hex[DIGEST_ROOM], const char *path, size_t from, Err *err)
{
    enum { PIECE = 1 << 20 };
    uint8_t digest[SHA256_DIGEST_SIZE], *piece;
    struct sha256_ctx sum;
    size_t n;
    FILE *f = fopen(path, "rbe");
    if (f == NULL)
        return err_set(err, ERR_IO, "cannot open '%s': %s", path, strerror(errno));
    piece = xalloc(PIECE, 1);
    sha256_init(&sum);
    bool ok = fseeko(f, (off_t)from, SEEK_SET) == 0;
    while (ok && (n = fread(piece, 1, PIECE, f)) > 0)
        sha256_update(&sum, n, piece);
    ok = ok && !ferror(f);
    if (!ok)
        err_set(err, ERR_IO, "cannot read '%s': %s", path, strerror(errno));
    sha256_digest(&sum, SHA256_DIGEST_SIZE, digest);
    to_hex(hex, digest);
    fclose(f);
    xfree(piece);
    return ok;
}
