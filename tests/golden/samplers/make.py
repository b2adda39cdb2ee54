"""Whole walks of the samplers of diffusers over a grid of their settings, with a network that is one line long."""
import json
import os
import sys
import tempfile

import numpy as np
import torch
import diffusers

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..'))
import common

SD = dict(beta_start=0.00085, beta_end=0.012, beta_schedule='scaled_linear')
NAMES = dict(ddim='DDIMScheduler', ddpm='DDPMScheduler', pndm='PNDMScheduler', euler='EulerDiscreteScheduler',
             euler_a='EulerAncestralDiscreteScheduler', dpm='DPMSolverMultistepScheduler',
             unipc='UniPCMultistepScheduler', lcm='LCMScheduler')
ABAR = ('ddim', 'ddpm', 'lcm')
SIGMA = ('dpm', 'unipc')
FEW = ('euler_a', 'pndm')  # these cannot follow a network that predicts the sample
PREDICTIONS = ('epsilon', 'v_prediction', 'sample')
WIDE = torch.from_numpy(common.uniform('samplers', (1, 4, 1, 1)))
PICTURE = torch.from_numpy(common.uniform('picture', (1, 4, 1, 1)))


def network(x, t):
    return (torch.tensor(0.5) + torch.tensor(0.4) * torch.tensor(float(t) / 1000)) * x + torch.tensor(0.3) * WIDE


def walk(s, steps, strength, eta):
    """The times, and x before the first step and after each."""
    s.set_timesteps(steps)
    first = steps - min(int(steps * strength), steps)
    times = s.timesteps[first:]
    g = torch.Generator().manual_seed(steps)
    noise = torch.randn(1, 4, 1, 1, generator=g)
    if hasattr(s, 'set_begin_index'):  # or, where two times are rounded to one, it would begin with the second
        s.set_begin_index(first)
    if strength < 1:
        x = s.add_noise(PICTURE, noise, times[:1])
    else:
        x = noise * s.init_noise_sigma
    xs, more = [x], {}
    if s.__class__.__name__ == 'DDIMScheduler':
        more = dict(eta=eta, generator=g)
    elif 'generator' in s.step.__code__.co_varnames:
        more = dict(generator=g)
    for t in times:
        x = s.step(network(s.scale_model_input(x, t), t), t, x, **more).prev_sample
        xs.append(x)
    return first, times, xs


def numbers(values):
    return '[' + ','.join('%.9g' % v for v in values) + ']'


def case(name, steps, strength=1.0, eta=0.0, last_only=False, **config):
    s = getattr(diffusers, NAMES[name])(**config)
    first, times, xs = walk(s, steps, strength, eta)
    if last_only:
        xs = xs[-1:]
    flat = torch.cat([x.flatten() for x in xs]).tolist()
    if not np.isfinite(flat).all():
        print('not finite, left out: %s %d %s' % (name, steps, config))
        return []
    config = dict(_class_name=NAMES[name], **config)
    return ['{"config":%s,"steps":%d,"strength":%g,"eta":%g,"first":%d,\n"times":%s,\n"x":%s}' % (
        json.dumps(config, separators=(',', ':')), steps, strength, eta, first, numbers(times.tolist()), numbers(flat))]


def options(name, spacing='leading', prediction='epsilon', **more):
    """As a file of Stable Diffusion has them: nothing clipped, times from 1."""
    out = dict(SD, timestep_spacing=spacing, prediction_type=prediction, steps_offset=int(spacing == 'leading'))
    if name in ABAR:
        out['clip_sample'] = False
    if name == 'pndm':
        out['skip_prk_steps'] = True
    out.update(more)
    return out


def grid():
    out = []
    for name in NAMES:
        for spacing in ('leading', 'trailing', 'linspace'):
            for prediction in PREDICTIONS[:2] if name in FEW else PREDICTIONS:
                out += case(name, 6, **options(name, spacing, prediction))
            out += case(name, 1, **options(name, spacing))
            out += case(name, 10, strength=0.45, **options(name, spacing))
        out += case(name, 7, **options(name, beta_schedule='squaredcos_cap_v2'))
        out += case(name, 5, **options(name, num_train_timesteps=500, beta_schedule='linear', beta_end=0.02))
        if name != 'pndm':
            out += case(name, 5, **options(name, 'trailing', 'v_prediction', rescale_betas_zero_snr=True))
    return out


def special():
    out = []
    for name in ABAR:
        out += case(name, 6, **options(name, clip_sample=True, clip_sample_range=0.7))
    for name in ('ddim', 'pndm'):
        out += case(name, 6, **options(name, set_alpha_to_one=False))
        out += case(name, 6, **options(name, set_alpha_to_one=True))
    for eta in (0.5, 1):
        for prediction in PREDICTIONS:
            out += case('ddim', 7, eta=eta, **options('ddim', prediction=prediction))
    for kind in ('fixed_large', 'fixed_small_log'):
        out += case('ddpm', 6, **options('ddpm', variance_type=kind))
    for steps in (4, 5, 30):
        for prediction in PREDICTIONS[:2]:
            out += case('pndm', steps, **options('pndm', prediction=prediction, skip_prk_steps=False))
    out += case('pndm', 7, **options('pndm', 'trailing', skip_prk_steps=False))
    out += case('lcm', 4, **options('lcm', original_inference_steps=40, timestep_scaling=2.0))
    for name in ('euler', 'dpm', 'unipc'):
        for rule in ('use_karras_sigmas', 'use_exponential_sigmas'):
            for final in ('zero', 'sigma_min'):
                for spacing in ('leading', 'linspace'):
                    out += case(name, 8, **options(name, spacing, final_sigmas_type=final, **{rule: True}))
            out += case(name, 1, **options(name, **{rule: True}))
            out += case(name, 7, **options(name, beta_schedule='squaredcos_cap_v2', **{rule: True}))
        out += case(name, 20, **options(name, 'trailing', final_sigmas_type='sigma_min'))
        out += case(name, 20, strength=0.7, **options(name, use_karras_sigmas=True))
    out += case('euler', 8, **options('euler', use_karras_sigmas=True, sigma_min=0.1, sigma_max=10.0))
    for name in SIGMA:
        kinds = ('midpoint', 'heun') if name == 'dpm' else ('bh1', 'bh2')
        for kind in kinds:
            for steps in (6, 18):
                out += case(name, steps, **options(name, solver_type=kind))
                out += case(name, steps, **options(name, solver_type=kind, lower_order_final=False))
                out += case(name, steps, **options(name, solver_type=kind, lower_order_final=False,
                                                   final_sigmas_type='sigma_min'))
        out += case(name, 6, **options(name, solver_order=1))
        out += case(name, 9, **options(name, 'linspace', 'sample', final_sigmas_type='sigma_min'))
    out += case('dpm', 18, **options('dpm', euler_at_final=True, final_sigmas_type='sigma_min'))
    for name in ('ddim', 'ddpm', 'euler', 'euler_a'):
        out += case(name, 1000, last_only=True, **options(name, 'trailing'))
    return out


def saved():
    """What each class writes beside a model, as text: it is not always JSON."""
    out = {}
    for name, class_name in NAMES.items():
        with tempfile.TemporaryDirectory() as folder:
            getattr(diffusers, class_name)(**SD).save_config(folder)
            out[name] = open(os.path.join(folder, 'scheduler_config.json')).read()
    return out


def main():
    common.pins()
    cases = grid() + special()
    common.write_json('samplers/walks.json', '{"saved":%s,\n"picture":%s,"wide":%s,\n"cases":[\n%s]}' % (
        json.dumps(saved()), numbers(PICTURE.flatten().tolist()), numbers(WIDE.flatten().tolist()), ',\n'.join(cases)))
    json.load(open(os.path.join(common.HERE, 'samplers/walks.json')))
    print('%d walks' % len(cases))


if __name__ == '__main__':
    main()
