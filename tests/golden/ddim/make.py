"""Timesteps, noise levels and steps of the DDIM scheduler of diffusers over a grid of its settings."""
import itertools
import json
import os
import sys

import numpy as np
import torch
from diffusers import DDIMScheduler

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..'))
import common

STEPS = (4, 7, 10, 15, 20, 25, 30, 50)
SPACINGS = (('leading', 0), ('leading', 1), ('trailing', 0), ('linspace', 0))
BETAS = dict(beta_start=0.00085, beta_end=0.012)
X = (0.5, -1.25)
OUT = ((0.25, -0.75), (-0.5, 1.0), (1.5, 0.125))


def text(values):
    return '[' + ','.join('%.9g' % v for v in values) + ']'


def main():
    common.pins()
    lists, chains = [], []
    for (spacing, offset), n in itertools.product(SPACINGS, STEPS):
        s = DDIMScheduler(timestep_spacing=spacing, steps_offset=offset, clip_sample=False, **BETAS)
        s.set_timesteps(n)
        lists.append('["%s",%d,%d,%s]' % (spacing, offset, n, json.dumps(s.timesteps.tolist(), separators=(',', ':'))))
    for n in (61, 103, 121):
        s = DDIMScheduler(timestep_spacing='trailing', clip_sample=False, **BETAS)
        s.set_timesteps(n)
        print('trailing, n = %d: %d timesteps, the last is %d' % (n, len(s.timesteps), s.timesteps[-1]))
    for (spacing, offset), kind, zero, schedule, one, n in itertools.product(
            SPACINGS, ('epsilon', 'v_prediction', 'sample'), (False, True), ('linear', 'scaled_linear'),
            (True, False), STEPS):
        s = DDIMScheduler(timestep_spacing=spacing, steps_offset=offset, prediction_type=kind, clip_sample=False,
                          rescale_betas_zero_snr=zero, beta_schedule=schedule, set_alpha_to_one=one, **BETAS)
        s.set_timesteps(n)
        x, got = torch.tensor(X), []
        for t, out in zip((s.timesteps[0], s.timesteps[n // 2], s.timesteps[n - 1]), OUT):
            x = s.step(torch.tensor(out), t, x).prev_sample
            got += x.tolist()
        if np.isfinite(got).all():
            chains.append('["%s",%d,"%s",%d,"%s",%d,%d,%s]' % (spacing, offset, kind, zero, schedule, one, n, text(got)))
    common.write_json('ddim/grid.json', '{"beta_start":0.00085,"beta_end":0.012,\n"x":%s,"out":[%s],\n"timesteps":[\n%s],\n"chains":[\n%s]}' % (
        text(X), ','.join(text(o) for o in OUT), ',\n'.join(lists), ',\n'.join(chains)))
    json.load(open(os.path.join(common.HERE, 'ddim/grid.json')))
    print('%d timestep lists, %d chains' % (len(lists), len(chains)))

    tables = {}
    for schedule, zero in itertools.product(('linear', 'scaled_linear'), (False, True)):
        s = DDIMScheduler(beta_schedule=schedule, rescale_betas_zero_snr=zero, **BETAS)
        name = schedule + ('.zero' if zero else '')
        tables['abar.' + name] = s.alphas_cumprod
        tables['beta.' + name] = s.betas
    common.write('ddim/tables.safetensors', tables, BETAS)


if __name__ == '__main__':
    main()
