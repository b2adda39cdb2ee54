"""Files of words learnt from pictures, in all forms that programs write, as torch and safetensors write them."""
import os
import sys

import torch
from safetensors.torch import save_file

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..'))
import common

AT = os.path.join(common.HERE, 'inversion')


def vectors(*shape):
    """u of the name 'in.inversion'."""
    return torch.from_numpy(common.uniform('in.inversion', shape))


def main():
    common.pins()
    parameter = torch.nn.Parameter(vectors(2, 48))
    told = {'name': 'style', 'step': 500, 'sd_checkpoint': None, 'sd_checkpoint_name': 'v1'}
    torch.save({'string_to_token': {'*': 265}, 'string_to_param': torch.nn.ParameterDict({'*': parameter}), **told}, AT + '/object.pt')
    torch.save({'string_to_token': {'*': torch.tensor(265)}, 'string_to_param': {'*': parameter}, **told}, AT + '/plain.pt')
    torch.save({'<cat-toy>': vectors(48)}, AT + '/learned_embeds.bin')
    save_file({'<cat-toy>': vectors(3, 48)}, AT + '/learned_embeds.safetensors')
    save_file({'emb_params': vectors(2, 48).half()}, AT + '/params.safetensors')
    save_file({'clip_l': vectors(2, 48), 'clip_g': vectors(2, 80)}, AT + '/xl.safetensors')
    save_file({'<cat>': vectors(48), '<dog>': vectors(48)}, AT + '/several.safetensors')
    save_file({'numbers': torch.arange(4)}, AT + '/none.safetensors')


if __name__ == '__main__':
    main()
