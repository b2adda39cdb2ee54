#!/usr/bin/env python3
"""Turns files into a C table, for what is built into the program.

    embed.py OUT.c TABLE FILE...

writes `const struct Embedded TABLE[]`, one row per file (its name without the last suffix, its bytes with a zero after
them, its size), in the order given, closed by a row of zeros. The reader declares the same struct.
"""
import os
import sys


def main():
    out, table, files = sys.argv[1], sys.argv[2], sys.argv[3:]
    with open(out, 'w') as f:
        f.write('#include <stddef.h>\n')
        f.write('struct Embedded {\n    const char *name;\n    const unsigned char *bytes;\n    size_t size;\n};\n')
        for i, path in enumerate(files):
            data = open(path, 'rb').read() + b'\0'
            f.write('static const unsigned char bytes%d[] = {\n' % i)
            for at in range(0, len(data), 24):
                f.write(','.join(map(str, data[at:at + 24])) + ',\n')
            f.write('};\n')
        f.write('extern const struct Embedded %s[];\nconst struct Embedded %s[] = {\n' % (table, table))
        for i, path in enumerate(files):
            name = os.path.splitext(os.path.basename(path))[0]
            f.write('    {"%s", bytes%d, sizeof bytes%d - 1},\n' % (name, i, i))
        f.write('    {0, 0, 0}};\n')


if __name__ == '__main__':
    main()
