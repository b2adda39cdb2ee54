"""Ids of transformers' CLIPTokenizerFast: of a table of odd texts, and of small vocabularies in folders."""
import json
import os
import random
import struct
import sys
import tempfile

from transformers import CLIPTokenizerFast

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..'))
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '../../../tools'))
import clip_merges
import common

DATA = os.path.join(common.HERE, '../../data/text/clip_merges.bin')
BEGIN, END = '<|startoftext|>', '<|endoftext|>'

TEXTS = [
    '', ' ', '\n\t ', 'a', 'A', 'cat', ' cat ', 'a photo of a cat', 'A  Photo\tOF\na CAT', 'hello world!', "it's", "IT'S",
    "we're they've i'm you'll he'd don't", "'solo", "''s", "!'s", "rock'n'roll", "o'clock 5 o'clock's", '\u2019s', "'\u017f",
    'masterpiece, best quality, (ultra-detailed:1.2), 8k', 'abc123def', '2024-11-21', '3.14159', '1,000,000', 'x\u00b2 + y\u00b2',
    '\u00bd \u2167 \u4e09 \u0967\u0968', 'wow!!!', '...', '!?!?', '-- --', '((([[[{{{', ':)', ';-) <3', '@user #tag $5 50% a&b', 'a_b_c',
    'snake_case_name', 'C++', 'http://example.com/a?b=c&d=e', 'e-mail: me@example.com', '\\ / | ~ ` ^', '"quoted" \u201cquoted\u201d',
    '<|startoftext|>', 'a<|endoftext|>b', '<|ENDOFTEXT|>', '!!<|endoftext|>!!', '<|startoftext', '<||>', '<|endoftext|><|endoftext|>',
    'caf\u00e9', 'cafe\u0301', '\u00c5ngstr\u00f6m', 'A\u030angstro\u0308m', '\u212bngstrom', 'q\u0307\u0323', 'q\u0323\u0307', '\u1e9b\u0323',
    'na\u00efve fa\u00e7ade', '\u00dcBER', 'stra\u00dfe', 'STRA\u1e9eE', '\ufb01sh', '\u01c5', '\u0130stanbul', 'I\u0307', '\u0131', '\u03a3\u0399\u03a3\u03a5\u03a6\u039f\u03a3',
    '\u041c\u043e\u0441\u043a\u0432\u0430', '\u05e9\u05dc\u05d5\u05dd', '\u0645\u0631\u062d\u0628\u0627', '\u0928\u092e\u0938\u094d\u0924\u0947', '\u0e2a\u0e27\u0e31\u0e2a\u0e14\u0e35', '\u1112\u1161\u11ab', '\ud55c\uad6d\uc5b4', '\u732b', '\u732b\u304c\u597d\u304d',
    '\u6211\u7231\u4f60 love', '\uff21\uff22\uff23\uff11\uff12', '\u3042\u30fc\u30fc\u30fb', '\u3000\u5168\u89d2\u3000', '\u5b57\u5178\u3001\u3002\u300c\u300d', '\U00020000\U0002a6d6', '\ufa0e\uf900',
    '\U0001f600', '\U0001f600\U0001f600', 'a\U0001f600b', '\U0001f469\u200d\U0001f469\u200d\U0001f467', '\U0001f44d\U0001f3fd', '\U0001f1e9\U0001f1ea', '\u2764\ufe0f', '\u2122 \u00a9 \u00ae',
    '\x01\x02', 'a\x00b'.replace('\x00', '\x7f'), 'a\x1fb', 'a\x85b', 'a\u00a0b', 'a\u200bb', 'a\u2028b', '\ufeffbom', '\ufffd', 'a\u00adb', '\u202eabc', '\ue000', '\U0010ffff',
    'antidisestablishmentarianism', 'pneumonoultramicroscopicsilicovolcanoconiosis', 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', 'xkcd qwrtzpsdfg', 'hhhhhhhh',
    'z\u0351\u0363\u0366a\u034a\u036dl\u0346\u0364g\u0306o\u0353', '\u0301\u0301', '\u0300a', '\u1100\u1161\u11a8\u1100', '\uac00\u11a8', '\u0958', '\u2126', '\ufb1d', '\U0001d400\U0001d7d8',
    '(a:1.2) [b] \\(c\\) BREAK d', 'trending on artstation, by greg rutkowski', 'lora:add_detail:1', 'photo,portrait,8k,uhd,dslr',
]

SMALL = ['a photo of the cat', 'the!', '!!!', 'a <cat-toy> on it', 'A <CAT-TOY>!', '<cat-toy><cat-toy>', 'hello<|endoftext|>the', '\u732b', '']


def signs():
    """All rows of signs in the order of their ids, and the merges as lines."""
    rows = [s + end for end in ('', '</w>') for s in clip_merges.byte_signs()]
    lines = []
    for left, right in struct.iter_unpack('<HH', open(DATA, 'rb').read()):
        lines.append(rows[left] + ' ' + rows[right])
        rows.append(rows[left] + rows[right])
    return rows, lines


def write_folder(path, rows, lines, config):
    os.makedirs(path, exist_ok=True)
    ids = {s: i for i, s in enumerate(rows + [BEGIN, END])}
    with open(os.path.join(path, 'vocab.json'), 'w', encoding='utf-8') as f:
        json.dump(ids, f, ensure_ascii=False)
    with open(os.path.join(path, 'merges.txt'), 'w', encoding='utf-8') as f:
        f.write('#version: 0.2\n' + '\n'.join(lines) + '\n')
    with open(os.path.join(path, 'tokenizer_config.json'), 'w') as f:
        json.dump(config, f, indent=1)
        f.write('\n')


def encode(tokenizer, texts):
    return [[t, tokenizer(t, add_special_tokens=False)['input_ids']] for t in texts]


def random_texts():
    """Words and signs of all kinds next to each other, and long ones."""
    random.seed(20)
    words = [w for t in TEXTS for w in t.split(' ') if w] + [' ', '  ', ',', '.', '(', ')']
    texts = [''.join(random.choice(words) + random.choice(['', ' ']) for _ in range(random.randint(2, 8))) for _ in range(150)]
    letters = 'etaoinshrdlucmfwypvbgkjqxz'
    return texts + [''.join(random.choice(letters) for _ in range(10000)), ', '.join(['a red fox'] * 1000)[:10000]]


def main():
    common.pins()
    rows, lines = signs()
    with tempfile.TemporaryDirectory() as whole:
        write_folder(whole, rows, lines, {})
        tokenizer = CLIPTokenizerFast.from_pretrained(whole)
        common.write_json('text/tokens.json', encode(tokenizer, TEXTS + random_texts()))
    small = os.path.join(common.HERE, 'text/small')
    added = {'814': {'content': '<cat-toy>', 'lstrip': False, 'normalized': True, 'rstrip': False, 'single_word': False,
                     'special': False}}
    write_folder(small, rows[:512 + 300], lines[:300], {'pad_token': '!', 'added_tokens_decoder': added})
    tokenizer = CLIPTokenizerFast.from_pretrained(small)
    common.write_json('text/small.json', {'pad': tokenizer.pad_token_id, 'begin': tokenizer.bos_token_id,
                                          'end': tokenizer.eos_token_id, 'texts': encode(tokenizer, SMALL)})
    one = os.path.join(common.HERE, 'text/one')
    os.makedirs(one, exist_ok=True)
    tokenizer.backend_tokenizer.save(os.path.join(one, 'tokenizer.json'), pretty=False)
    with open(os.path.join(one, 'tokenizer_config.json'), 'w') as f:
        f.write('{"pad_token": "!"}\n')


if __name__ == '__main__':
    main()
