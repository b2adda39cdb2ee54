"""Whole pictures of diffusers' pipelines that make.py has not: painted over at a larger size, led by guesses, by a tiny decoder."""
import os

import numpy as np
import torch
import torch.nn.functional as F
from diffusers import (AutoencoderTiny, ControlNetModel, DDIMScheduler, PNDMScheduler, StableDiffusionControlNetImg2ImgPipeline,
                       StableDiffusionControlNetPipeline, StableDiffusionImg2ImgPipeline, StableDiffusionXLImg2ImgPipeline)
from diffusers.models.controlnets.multicontrolnet import MultiControlNetModel
from PIL import Image

import make
from make import H, HERE, SAMPLERS, STEPS, W, common

SAID = dict(prompt='a photo of the cat', negative_prompt='the dog', guidance_scale=5.0)


def seeded(count):
    """A second pass begins with the seed's noise again, at its own size."""
    generators = [torch.Generator().manual_seed(42 + i) for i in range(count)]
    return generators if count > 1 else generators[0]


def pictures(pipe, latents):
    picture = pipe.vae.decode(latents / pipe.vae.config.scaling_factor).sample
    return ((picture / 2 + 0.5).clamp(0, 1) * 255).round().to(torch.uint8).permute(0, 2, 3, 1)


def grown(pipe, latents, how, scale):
    """Latents as they are, or pictures made larger."""
    if how != 'lanczos':
        more = dict(antialias=False) if how == 'bilinear' else {}
        return F.interpolate(latents, size=(int(H * scale) // 8, int(W * scale) // 8), mode=how, **more)
    size = int(W * scale) // 8 * 8, int(H * scale) // 8 * 8
    return [Image.fromarray(p.numpy()).resize(size, Image.LANCZOS) for p in pictures(pipe, latents)]


def hires(first, second, name, how='bilinear', scale=2, steps=STEPS, strength=0.7, count=1, led=None):
    scale_of = {} if led is None else dict(controlnet_conditioning_scale=0.8)
    more = {} if led is None else dict(image=led, **scale_of)
    small = first(**SAID, num_inference_steps=STEPS, width=W, height=H, num_images_per_prompt=count, generator=seeded(count),
                  output_type='latent', **more).images
    large = grown(first, small, how, scale)
    if led is not None:
        more = dict(scale_of, control_image=led, width=large.shape[3] * 8, height=large.shape[2] * 8)
    if count > 1:  # this pipeline has a row for each prompt that it is given
        ask = dict(SAID, prompt=[SAID['prompt']] * count, negative_prompt=[SAID['negative_prompt']] * count)
    else:
        ask = SAID
    latents = second(**ask, image=large, strength=strength, num_inference_steps=steps, generator=seeded(count), output_type='latent',
                     **more).images
    out = {'bytes.%d' % i: b for i, b in enumerate(pictures(first, latents))}
    print('%-24s latents %.3f' % (name, latents.std()), flush=True)
    common.write('paint/%s.safetensors' % name, common.thin(dict(out, latents=latents), out))


def scheduled(pipes, sampler, trained):
    for pipe in pipes:
        pipe.scheduler = SAMPLERS[sampler][0].from_config(trained, **SAMPLERS[sampler][1])


@torch.no_grad()
def main():
    common.pins()
    torch.set_num_threads(1)
    pipe = make.pipeline('sd1')
    trained = PNDMScheduler.load_config(os.path.join(HERE, 'sd1', 'scheduler'))
    again = StableDiffusionImg2ImgPipeline(**pipe.components, requires_safety_checker=False)
    again.set_progress_bar_config(disable=True)
    scheduled((pipe, again), 'ddim', trained)
    hires(pipe, again, 'hires')
    hires(pipe, again, 'hires_two', scale=1.5, strength=0.5, count=2)
    scheduled((pipe, again), 'dpm++2m', trained)
    hires(pipe, again, 'hires_lanczos', 'lanczos', scale=1.5, steps=5, strength=0.5)
    scheduled((pipe, again), 'euler_a', trained)
    hires(pipe, again, 'hires_nearest', 'nearest')

    picture, mask = make.given()
    only = {k: v for k, v in make.UNET.items() if k not in ('sample_size', 'out_channels', 'up_block_types')}
    nets = [make.named(ControlNetModel(**only, conditioning_embedding_out_channels=(4, 8, 8, 16)).eval(), 'sd1', n) for n in ('lines', 'pose')]
    told = dict(image=picture, controlnet_conditioning_scale=0.8, width=W, height=H)
    led = StableDiffusionControlNetPipeline(**pipe.components, controlnet=nets[0], requires_safety_checker=False)
    over = StableDiffusionControlNetImg2ImgPipeline(**led.components, requires_safety_checker=False)
    over.set_progress_bar_config(disable=True)
    led.set_progress_bar_config(disable=True)
    scheduled((led, over), 'ddim', trained)
    hires(led, over, 'hires_control', led=picture, scale=1.5)
    make.case(led, 'control_guess', False, **told, guess_mode=True)
    make.case(led, 'control_guess_alone', False, **dict(told, guidance_scale=1.0), guess_mode=True)
    led.register_modules(controlnet=MultiControlNetModel(nets))
    two = dict(told, image=[picture, mask], controlnet_conditioning_scale=[0.8, 1.5])
    make.case(led, 'control_turns', False, **two, control_guidance_start=[0.0, 0.5], control_guidance_end=[0.5, 1.0])
    make.case(led, 'control_guess_two', False, **two, guess_mode=True)

    narrow = (16,) * 4
    tiny = make.named(AutoencoderTiny(encoder_block_out_channels=narrow, decoder_block_out_channels=narrow).eval(), 'sd1', 'taesd')
    pipe.register_modules(vae=tiny)
    pipe.scheduler = DDIMScheduler.from_config(trained)
    make.case(pipe, 'sd1_taesd', False)

    pipe = make.pipeline('sdxl')
    again = StableDiffusionXLImg2ImgPipeline(**pipe.components)
    again.set_progress_bar_config(disable=True)
    hires(pipe, again, 'hires_xl', scale=1.5, strength=0.6)


if __name__ == '__main__':
    main()
