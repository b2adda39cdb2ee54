"""Sprite frames by diffusers' pipelines and the tiny model of paint: Method 2, and ControlNet with one noise."""
import os
import sys

import numpy as np
import torch
from diffusers import (ControlNetModel, DDIMScheduler, PNDMScheduler, StableDiffusionControlNetImg2ImgPipeline,
                       StableDiffusionImg2ImgPipeline)
from PIL import Image

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, '..'), os.path.join(HERE, '..', 'paint')]
import common
import make as paint

SUBJECT = 'a photo of the cat'
WORDS = ['standing neutral pose', 'slightly leaning left', 'standing neutral pose', 'slightly leaning right']
TAGS = 'game sprite art, clean character, black background, high quality, detailed'
NEGATIVE = 'blurry, distorted, bad anatomy, multiple characters, text, watermark, noise, grainy, corrupted'


def drawing():
    """A picture with an alpha of its own, which is neither of the frames' size nor of their aspect."""
    small = ((common.uniform('in.drawing', (5, 4, 4)) + 1) * 127.5).astype(np.uint8)
    return Image.fromarray(small).resize((40, 50), Image.BICUBIC)


def on_black(im):
    black = Image.new('RGBA', im.size, (0, 0, 0, 255))
    return Image.alpha_composite(black, im).convert('RGB').resize((paint.W, paint.H), Image.LANCZOS)


def skeletons(count):
    rng = [((common.uniform('in.skeleton.%d' % i, (4, 6, 3)) + 1) * 127.5).astype(np.uint8) for i in range(count)]
    return [Image.fromarray(a).resize((paint.W, paint.H), Image.NEAREST) for a in rng]


def without_lag(pipe):
    """The first step is gone twice also when begun in the middle: the entry that slicing loses is put back."""
    sliced = pipe.get_timesteps

    def whole(steps, strength, device):
        times, _ = sliced(steps, strength, device)
        times = torch.cat([times[:2], times[1:]])
        return times, len(times)
    pipe.get_timesteps = whole


def frames(pipe, name, prompts, seeds, **ask):
    out = {}
    for i, prompt in enumerate(prompts):
        mine = {k: v[i] if isinstance(v, list) else v for k, v in ask.items()}
        generator = torch.Generator().manual_seed(seeds[i])
        latents = pipe(prompt=prompt, negative_prompt=NEGATIVE, generator=generator, output_type='latent', **mine).images
        picture = pipe.vae.decode(latents / pipe.vae.config.scaling_factor).sample
        out['bytes.%d' % i] = ((picture / 2 + 0.5).clamp(0, 1) * 255).round().to(torch.uint8)[0].permute(1, 2, 0)
    print('%-12s %d frames, %.1f' % (name, len(prompts), torch.stack(list(out.values())).float().std()), flush=True)
    common.write('frames/%s.safetensors' % name, out)


@torch.no_grad()
def main():
    common.pins()
    torch.set_num_threads(1)
    pipe = paint.pipeline('sd1')
    trained = PNDMScheduler.load_config(os.path.join(HERE, '..', 'paint', 'sd1', 'scheduler'))
    picture, seen = drawing(), skeletons(3)
    common.write('frames/given.safetensors', dict({'drawing': np.asarray(picture)},
                                                  **{'skeleton.%d' % i: np.asarray(s) for i, s in enumerate(seen)}))
    told = dict(image=on_black(picture), strength=0.35, num_inference_steps=20, guidance_scale=7.5)
    prompts = ['%s, %s, %s' % (SUBJECT, words, TAGS) for words in WORDS]
    again = StableDiffusionImg2ImgPipeline(**pipe.components, requires_safety_checker=False)
    seeds = [400 + i for i in range(len(prompts))]
    frames(again, 'prompt_lag', prompts, seeds, **told)
    without_lag(again)
    frames(again, 'prompt', prompts[:2], seeds, **told)
    only = {k: v for k, v in paint.UNET.items() if k not in ('sample_size', 'out_channels', 'up_block_types')}
    net = paint.named(ControlNetModel(**only, conditioning_embedding_out_channels=(4, 8, 8, 16)).eval(), 'sd1', 'pose')
    led = StableDiffusionControlNetImg2ImgPipeline(**pipe.components, controlnet=net, requires_safety_checker=False)
    led.scheduler = DDIMScheduler.from_config(trained)
    frames(led, 'controlnet', ['%s, %s' % (SUBJECT, TAGS)] * 3, [42] * 3, control_image=seen, controlnet_conditioning_scale=0.8,
           **dict(told, strength=0.6, num_inference_steps=8))


if __name__ == '__main__':
    main()
