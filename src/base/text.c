/* SPDX-License-Identifier: MIT */
#include "base/text.h"

#include <string.h>

enum { WORD = 32 };

/* How many letters must be added, dropped, changed or swapped with the next
 * to make b of a (Damerau's distance, of the first WORD letters). */
static int slips(const char *a, const char *b)
{
    int d[WORD + 1][WORD + 1];
    int n = (int)min64((int64_t)strlen(a), WORD), m = (int)min64((int64_t)strlen(b), WORD);
    for (int i = 0; i <= n; i++) {
        for (int j = 0; j <= m; j++) {
            if (i == 0 || j == 0) {
                d[i][j] = i + j;
                continue;
            }
            int change = d[i - 1][j - 1] + (a[i - 1] != b[j - 1]);
            int drop = (int)min64(d[i - 1][j], d[i][j - 1]) + 1;
            d[i][j] = (int)min64(change, drop);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                d[i][j] = (int)min64(d[i][j], d[i - 2][j - 2] + 1);
        }
    }
    return d[n][m];
}

const char *text_nearest(const char *word, const char *const *names)
{
    const char *nearest = NULL;
    int allowed = strlen(word) < 5 ? 1 : strlen(word) < 9 ? 2 : 3, least = allowed + 1;
    for (; *names != NULL; names++) {
        int n = slips(word, *names);
        if (strlen(word) >= 3 && strncmp(word, *names, strlen(word)) == 0)
            n = 1; /* cut short */
        if (n < least) {
            least = n;
            nearest = *names;
        }
    }
    return nearest;
}
