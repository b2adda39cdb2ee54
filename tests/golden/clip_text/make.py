"""The three text encoders of Stable Diffusion at small widths, stage by stage, as transformers computes them."""
import os
import sys

import numpy as np
import torch
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..'))
import common

VOCAB, BEGIN, END = 120, 118, 119


def words(*row):
    """77 ids: begin, words, end, filled up with the last number."""
    ids = [BEGIN, *row[:-1], END]
    return ids + [row[-1]] * (77 - len(ids))


@torch.no_grad()
def case(name, prefix, kind, ids, **config):
    config = dict(config, vocab_size=VOCAB, max_position_embeddings=77, layer_norm_eps=1e-5, bos_token_id=BEGIN)
    net = common.fill(kind(CLIPTextConfig(**config)).eval(), prefix)
    common.write_keys('clip_text/%s.keys' % name, net)
    ids = np.array(ids, np.int32)
    got = net(torch.from_numpy(ids).long(), output_hidden_states=True)
    out = {'ids': ids, 'embeddings': got.hidden_states[0]}
    for i, h in enumerate(got.hidden_states[1:]):
        out['layer.%d' % i] = h
    norm = net.text_model.final_layer_norm
    out['hidden'] = got.last_hidden_state
    out['hidden.penultimate'] = got.hidden_states[-2]
    out['hidden.skip1'] = norm(got.hidden_states[-2])
    out['hidden.skip2'] = norm(got.hidden_states[-3])
    out['pooled'] = got.text_embeds if kind is CLIPTextModelWithProjection else got.pooler_output
    weights = 1 + common.uniform('in.clip_text.weights', ids.shape) / 2
    z = got.last_hidden_state * torch.from_numpy(weights).unsqueeze(-1)
    out['weights'] = weights
    out['hidden.weighted'] = z * (got.last_hidden_state.mean((1, 2), True) / z.mean((1, 2), True))
    common.write('clip_text/%s.safetensors' % name, common.thin(out, ('pooled', 'ids', 'weights')), dict(config, prefix=prefix))


def main():
    common.pins()
    torch.set_num_threads(1)
    long = [(7 * i + 3) % 118 for i in range(75)]
    case('l', 'cl.', CLIPTextModel, [words(5, 17, 99, END), words(*long, END)], hidden_size=48, intermediate_size=192,
         num_hidden_layers=4, num_attention_heads=4, hidden_act='quick_gelu', eos_token_id=2, projection_dim=48)
    case('h', 'ch.', CLIPTextModel, [words(1, 0, 44, 0), words(0)], hidden_size=64, intermediate_size=256,
         num_hidden_layers=3, num_attention_heads=2, hidden_act='gelu', eos_token_id=END, projection_dim=64)
    case('bigg', 'cg.', CLIPTextModelWithProjection, [words(60, 0)], hidden_size=80, intermediate_size=320,
         num_hidden_layers=3, num_attention_heads=5, hidden_act='gelu', eos_token_id=END, projection_dim=56)


if __name__ == '__main__':
    main()
