#!/usr/bin/env python3
"""Makes data/text/clip_merges.bin of CLIP's list of merges.

    clip_merges.py bpe_simple_vocab_16e6.txt.gz OUT.bin

The list lies in the PyPI packages open_clip_torch and clip-anytorch. The first 48894 merges are used; each becomes two
little-endian 16-bit numbers, the ids of its halves: 0..255 bytes, 256..511 bytes that end a word, 512 + n what merge n
made. Nothing else is needed to encode.
"""
import gzip
import struct
import sys

COUNT = 48894


def byte_signs():
    """The letters that stand for the 256 bytes in the list, in the order of their ids."""
    shown = [b for b in range(256) if 33 <= b <= 126 or 161 <= b <= 172 or 174 <= b]
    hidden = [b for b in range(256) if b not in shown]
    return [chr(b) for b in shown] + [chr(256 + n) for n in range(len(hidden))]


def main():
    lines = gzip.open(sys.argv[1], 'rt', encoding='utf-8').read().split('\n')[1:1 + COUNT]
    ids = {}
    for end in ('', '</w>'):
        for sign in byte_signs():
            ids[sign + end] = len(ids)
    out = b''
    for line in lines:
        left, right = line.split()
        out += struct.pack('<HH', ids[left], ids[right])
        assert left + right not in ids, line
        ids[left + right] = len(ids)
    assert len(ids) == 49406
    with open(sys.argv[2], 'wb') as f:
        f.write(out)


if __name__ == '__main__':
    main()
