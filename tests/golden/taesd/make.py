"""AutoencoderTiny of diffusers, TAESD's network, narrow."""
import os
import sys

import torch
from diffusers import AutoencoderTiny

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..'))
import common

WIDTH = (16,) * 4


def keep(out, name, module):
    module.register_forward_hook(lambda _, __, got: out.__setitem__(name, got))


@torch.no_grad()
def main():
    common.pins()
    torch.set_num_threads(1)
    net = AutoencoderTiny(encoder_block_out_channels=WIDTH, decoder_block_out_channels=WIDTH)
    net = common.fill(net.eval(), 'taesd.')
    common.write_keys('taesd/tiny.keys', net)
    out = {}
    for half, layers in (('enc', (1, 5, 9, 13)), ('dec', (4, 6, 9, 11, 14, 16, 17))):
        for i in layers:
            keep(out, '%s.%d' % (half, i), (net.encoder if half == 'enc' else net.decoder).layers[i])
    out['enc.latent'] = net.encode(torch.from_numpy(common.uniform('in.picture', (2, 3, 40, 24)))).latents
    z = torch.from_numpy(common.uniform('in.latent', (2, 4, 5, 3))) * 6
    out['dec.picture'] = net.decode(z).sample
    common.write('taesd/tiny.safetensors', common.thin(out, ('enc.latent', 'dec.picture'), 1024), dict(prefix='taesd.'))


if __name__ == '__main__':
    main()
