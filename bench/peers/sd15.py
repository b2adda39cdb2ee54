"""One SD1.5 step (two UNet rows, latents of 64x64, 77 tokens) and one decode to 512x512 by other engines.

    sd15.py convert DIR              make OpenVINO models of random weights (needs torch, diffusers, openvino)
    sd15.py openvino DIR [f32|bf16]  time them
    sd15.py torch [f32|bf16]         time torch eager
    sd15.py sdcpp BINARY MODEL       time stable-diffusion.cpp on a file made by tools/fake_paint_model.py

Prints a line of JSON for each entry: {"name", "seconds", "runs"}; seconds are the median.
--threads N (default 2), --runs N (default 5), --work step or vae_decode (default: both).
"""
import argparse
import json
import os
import re
import statistics
import subprocess
import tempfile
import time

UNET = dict(sample_size=64, cross_attention_dim=768)
VAE = dict(block_out_channels=(128, 256, 512, 512), down_block_types=('DownEncoderBlock2D',) * 4,
           up_block_types=('UpDecoderBlock2D',) * 4, layers_per_block=2, latent_channels=4)
SHAPES = {'step': ((2, 4, 64, 64), (2,), (2, 77, 768)), 'vae_decode': ((1, 4, 64, 64),)}


def report(name, call, runs):
    call()
    seconds = []
    for _ in range(runs):
        start = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - start)
    print(json.dumps({'name': name, 'seconds': round(statistics.median(seconds), 4), 'runs': runs}), flush=True)


def inputs(work):
    import numpy as np
    rng = np.random.default_rng(0)
    shapes = SHAPES[work]
    arrays = [rng.standard_normal(s, dtype=np.float32) for s in shapes]
    if work == 'step':
        arrays[1] = np.full(2, 500, np.float32)
    return arrays


def module(work):
    """The network alone, as a function of tensors."""
    import torch
    from diffusers import AutoencoderKL, UNet2DConditionModel
    torch.manual_seed(0)
    torch.set_grad_enabled(False)

    class Step(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.net = UNet2DConditionModel(**UNET)

        def forward(self, x, t, context):
            return self.net(x, t, context, return_dict=False)[0]

    class Decode(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.net = AutoencoderKL(**VAE)

        def forward(self, z):
            return self.net.decode(z, return_dict=False)[0]

    # modules fill their weights twice over; once and plainly is enough
    for name in ('kaiming_uniform_', 'uniform_', 'normal_', 'xavier_uniform_'):
        setattr(torch.nn.init, name, lambda tensor, *args, **kwargs: tensor)
    net = (Step if work == 'step' else Decode)().eval()
    for value in net.parameters():
        if value.dim() > 1:
            value.uniform_(-0.035, 0.035)
    return net


def convert(args):
    import openvino
    import torch
    torch.set_grad_enabled(False)
    for work, shapes in SHAPES.items():
        example = tuple(torch.from_numpy(a) for a in inputs(work))
        model = openvino.convert_model(module(work), example_input=example)
        model.reshape({i: openvino.PartialShape(list(s)) for i, s in enumerate(shapes)})
        openvino.save_model(model, os.path.join(args.where, work + '.xml'), compress_to_fp16=False)


def run_openvino(args):
    import openvino
    core = openvino.Core()
    settings = {'INFERENCE_PRECISION_HINT': args.precision, 'INFERENCE_NUM_THREADS': str(args.threads)}
    for work in [args.work] if args.work else SHAPES:
        compiled = core.compile_model(os.path.join(args.where, work + '.xml'), 'CPU', settings)
        arrays = inputs(work)
        report('openvino.%s.sd15.%s.%s' % (openvino.__version__.split('-')[0], work, args.precision),
               lambda: compiled(arrays), args.runs)


def run_torch(args):
    import torch
    torch.set_num_threads(args.threads)
    torch.set_grad_enabled(False)
    for work in [args.work] if args.work else SHAPES:
        net = module(work)
        tensors = [torch.from_numpy(a) for a in inputs(work)]
        with torch.autocast('cpu', torch.bfloat16, enabled=args.precision == 'bf16'):
            report('torch.%s.sd15.%s.%s' % (torch.__version__.split('+')[0], work, args.precision),
                   lambda: net(*tensors), args.runs)


def run_sdcpp(args):
    """Its log says how long each step and the decode took; the first step also reads the weights."""
    with tempfile.TemporaryDirectory() as there:
        log = subprocess.run([args.binary, '-m', args.model, '-p', 'a knight', '--cfg-scale', '7', '-W', '512', '-H', '512',
                              '--steps', str(args.runs), '-t', str(args.threads), '-s', '1', '-v',
                              '-o', os.path.join(there, 'x.png')], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                             universal_newlines=True).stdout
    found = {'step': re.findall(r'sampling completed, taking ([0-9.]+)s', log),
             'vae_decode': re.findall(r'(?:decode_first_stage completed|latent 1 decoded), taking ([0-9.]+)s', log)}
    for work, seconds in found.items():
        if not seconds:
            raise SystemExit('%s: no time of %s in its log:\n%s' % (args.binary, work, log[-2000:]))
        value = float(seconds[-1]) / (args.runs if work == 'step' else 1)
        print(json.dumps({'name': 'sdcpp.sd15.' + work, 'seconds': round(value, 4), 'runs': args.runs}), flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--threads', type=int, default=2)
    parser.add_argument('--runs', type=int, default=5)
    parser.add_argument('--work', choices=tuple(SHAPES))
    engines = parser.add_subparsers(dest='engine', required=True)
    engines.add_parser('convert').add_argument('where')
    ov = engines.add_parser('openvino')
    ov.add_argument('where')
    eager = engines.add_parser('torch')
    for p in (ov, eager):
        p.add_argument('precision', nargs='?', default='f32', choices=('f32', 'bf16'))
    cpp = engines.add_parser('sdcpp')
    cpp.add_argument('binary')
    cpp.add_argument('model')
    args = parser.parse_args()
    {'convert': convert, 'openvino': run_openvino, 'torch': run_torch, 'sdcpp': run_sdcpp}[args.engine](args)


if __name__ == '__main__':
    main()
