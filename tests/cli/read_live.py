"""read_live.py HOW ROWS HEIGHT COUNT < what a terminal of that many rows and pixels got

A terminal that follows the cursor, by lines of the whole text, so that scrolling does not matter: COUNT pictures lie in one
place, below the line that came before and within the room that was made for them; then they and the room are gone.
"""
import re
import sys

how, rows, height, count = sys.argv[1], *map(int, sys.argv[2:5])
got = sys.stdin.buffer.read()
part = re.compile(rb'(\n)|(\r)|(\x1b7)|(\x1b8)|\x1b\[(\d*)A|(\x1b\[J)|\x1b_G([^;\x1b]*)(?:;[^\x1b]*)?\x1b\\'
                  rb'|\x1bP0;1q"1;1;\d+;(\d+)[^\x1b]*\x1b\\|([a-z]+)')
assert part.sub(b'', got) == b'', 'something else'

line = lowest = kept = 0
texts, places, number, deleted, cleared = {}, [], None, None, None
for m in part.finditer(got):
    new, _, save, back, up, clear, kitty, sixel, text = m.groups()
    if new:
        line += 1
        lowest = max(lowest, line)
    elif save:
        kept = line
    elif back:
        line = kept
    elif up:
        line -= int(up)
        assert line >= 0 and lowest - line < rows, 'above the terminal'
    elif clear:
        cleared = line
    elif text:
        texts[text.decode()] = line
    elif sixel is not None:
        places.append(line)
        assert line + -(-int(sixel) * rows // height) < kept, 'lower than its room'
    elif kitty is not None:
        keys = dict(k.split(b'=') for k in kitty.split(b',') if k)
        if keys.get(b'a') == b'T':
            places.append(line)
            assert keys[b'C'] == b'1' and line + int(keys[b'r']) <= kept, keys
            assert number in (None, keys[b'i'])
            number = keys[b'i']
        elif keys.get(b'a') == b'd':
            deleted = keys[b'i']
assert len(places) == count and set(places) == {1}, places
assert texts == {'before': 0, 'after': 1}, texts
assert cleared == 1 and deleted == (number if how == 'kitty' else None)
