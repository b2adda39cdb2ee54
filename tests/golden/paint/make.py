"""Whole pictures of diffusers' pipelines by tiny models, stage by stage."""
import functools
import inspect
import json
import os
import sys

import numpy as np
import torch
from diffusers import (AutoencoderKL, ControlNetModel, DDIMScheduler, DDPMScheduler, DPMSolverMultistepScheduler,
                       EulerAncestralDiscreteScheduler, EulerDiscreteScheduler, LatentConsistencyModelPipeline, LCMScheduler, PNDMScheduler,
                       StableDiffusionControlNetPipeline, StableDiffusionImg2ImgPipeline, StableDiffusionInpaintPipeline, StableDiffusionPipeline,
                       StableDiffusionXLImg2ImgPipeline, StableDiffusionXLPipeline, UNet2DConditionModel, UniPCMultistepScheduler)
from diffusers.models.controlnets.multicontrolnet import MultiControlNetModel
from PIL import Image
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection, CLIPTokenizer

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, '..'))
import common

if not hasattr(CLIPTextModel(CLIPTextConfig(hidden_size=8, num_attention_heads=1, num_hidden_layers=1)), 'text_model'):
    CLIPTextModel.text_model = property(lambda self: self)  # transformers 5, of which this diffusers does not know

STEPS, W, H = 8, 48, 32
TRAINED = dict(beta_start=0.00085, beta_end=0.012, beta_schedule='scaled_linear', steps_offset=1, clip_sample=False)
SAMPLERS = {'ddim': (DDIMScheduler, {}), 'ddpm': (DDPMScheduler, {}), 'pndm': (PNDMScheduler, {}),
            'euler': (EulerDiscreteScheduler, {}), 'euler_a': (EulerAncestralDiscreteScheduler, {}),
            'dpm++2m': (DPMSolverMultistepScheduler, {}),
            'dpm++2m_karras': (DPMSolverMultistepScheduler, dict(use_karras_sigmas=True)),
            'unipc': (UniPCMultistepScheduler, {}), 'lcm': (LCMScheduler, {})}
UNET = dict(sample_size=8, in_channels=4, out_channels=4, block_out_channels=(32, 64), layers_per_block=1,
            cross_attention_dim=32, attention_head_dim=4, norm_num_groups=16,
            down_block_types=('CrossAttnDownBlock2D', 'DownBlock2D'), up_block_types=('UpBlock2D', 'CrossAttnUpBlock2D'))
UNETS = {'sd1': UNET, 'inpaint': dict(UNET, in_channels=9), 'sd2': dict(UNET, attention_head_dim=(2, 4), use_linear_projection=True),
         'sdxl': dict(UNET, cross_attention_dim=64, attention_head_dim=(2, 4), use_linear_projection=True,
                      transformer_layers_per_block=(1, 2), addition_embed_type='text_time', addition_time_embed_dim=8,
                      projection_class_embeddings_input_dim=24 + 6 * 8,
                      down_block_types=('DownBlock2D', 'CrossAttnDownBlock2D'),
                      up_block_types=('CrossAttnUpBlock2D', 'UpBlock2D'))}
VAE = dict(block_out_channels=(16, 16, 24, 24), layers_per_block=1, norm_num_groups=8, latent_channels=4,
           down_block_types=('DownEncoderBlock2D',) * 4, up_block_types=('UpDecoderBlock2D',) * 4)


def text(width, act, cls=CLIPTextModel):
    config = CLIPTextConfig(vocab_size=815, hidden_size=width, intermediate_size=2 * width, num_hidden_layers=3,
                            num_attention_heads=2, hidden_act=act, projection_dim=24, bos_token_id=812, eos_token_id=813)
    return cls(config).eval()


def named(net, model, part):
    """Values from names, which are those of transformers 4; configuration and keys beside."""
    names = {}
    with torch.no_grad():
        for name, p in net.named_parameters():
            if part.startswith('text') and not name.startswith('text_'):
                name = 'text_model.' + name
            p.copy_(torch.from_numpy(common.weight('%s.%s.' % (model, part), name, tuple(p.shape))))
            names[name] = p.shape
    os.makedirs(os.path.join(HERE, model, part), exist_ok=True)
    with open(os.path.join(HERE, model, part, 'keys'), 'w') as f:
        f.writelines(' '.join([name] + [str(d) for d in shape]) + '\n' for name, shape in names.items())
    with open(os.path.join(HERE, model, part, 'config.json'), 'w') as f:
        f.write(net.config.to_json_string() if part.startswith('text') else net.to_json_string())
    return net.float()


def pipeline(model):
    parts = dict(tokenizer=CLIPTokenizer.from_pretrained(os.path.join(HERE, '..', 'text', 'small'), model_max_length=77),
                 unet=named(UNet2DConditionModel(**UNETS[model]).eval(), model, 'unet'),
                 vae=named(AutoencoderKL(**VAE, scaling_factor=0.13025 if model == 'sdxl' else 0.18215).eval(), model, 'vae'))
    if model == 'sdxl':
        pipe = StableDiffusionXLPipeline(
            **parts, tokenizer_2=parts['tokenizer'], text_encoder=named(text(24, 'quick_gelu'), model, 'text_encoder'),
            text_encoder_2=named(text(40, 'gelu', CLIPTextModelWithProjection), model, 'text_encoder_2'),
            scheduler=EulerDiscreteScheduler(**{k: v for k, v in TRAINED.items() if k != 'clip_sample'}, timestep_spacing='leading'))
    else:
        scheduler = (PNDMScheduler(**{k: v for k, v in TRAINED.items() if k != 'clip_sample'}, skip_prk_steps=True) if model != 'sd2'
                     else DDIMScheduler(**TRAINED, set_alpha_to_one=False, prediction_type='v_prediction'))
        pipe = StableDiffusionPipeline(
            **parts, text_encoder=named(text(32, 'quick_gelu' if model != 'sd2' else 'gelu'), model, 'text_encoder'),
            scheduler=scheduler, safety_checker=None, feature_extractor=None, requires_safety_checker=False)
    pipe.scheduler.save_config(os.path.join(HERE, model, 'scheduler'))
    if model == 'sd1':  # as the published one has it, for samplers that clip
        path = os.path.join(HERE, model, 'scheduler', 'scheduler_config.json')
        config = dict(json.load(open(path)), clip_sample=False)
        with open(path, 'w') as f:
            json.dump(config, f, indent=2)
    pipe.save_config(os.path.join(HERE, model))
    pipe.set_progress_bar_config(disable=True)
    return pipe


def watch(pipe, out, first):
    """What the UNet is told and what the sampler is told, of the first step."""
    step, unet, add_noise = pipe.scheduler.step, pipe.unet.forward, pipe.scheduler.add_noise

    @functools.wraps(step)  # pipelines look whether it takes a generator
    def stepped(prediction, *args, **more):
        out.setdefault('pred.%d' % first, prediction.clone())
        return step(prediction, *args, **more)

    def forward(*args, **more):
        out.setdefault('context', more['encoder_hidden_states'].clone())
        if more.get('added_cond_kwargs'):
            out.setdefault('pooled', more['added_cond_kwargs']['text_embeds'].clone())
        return unet(*args, **more)

    def added(latents, *args):
        out.setdefault('init', latents.clone())
        return add_noise(latents, *args)
    pipe.scheduler.step, pipe.unet.forward, pipe.scheduler.add_noise = stepped, forward, added
    return unet


def given():
    """A picture to begin with, and a mask: a box that is at no multiple of 8, and a dot."""
    small = Image.fromarray(((common.uniform('in.init', (6, 8, 3)) + 1) * 127.5).astype(np.uint8))
    mask = np.zeros((H, W), np.uint8)
    mask[9:23, 13:35] = 255
    mask[28, 3] = 255
    return small.resize((W, H), Image.BICUBIC), Image.fromarray(mask)


def case(pipe, name, whole=True, count=1, **ask):
    out = {}
    if 'image' in ask:
        size = {}
    else:
        size = dict(width=W, height=H)
    generators = [torch.Generator().manual_seed(42 + i) for i in range(count)]
    unet = watch(pipe, out, STEPS - int(STEPS * ask.get('strength', 1)))
    ask = dict(dict(prompt='a photo of the cat', negative_prompt='the dog', guidance_scale=5.0, num_inference_steps=STEPS), **size, **ask)
    if isinstance(pipe, LatentConsistencyModelPipeline):  # it takes none
        del ask['negative_prompt']
    latents = pipe(**ask, num_images_per_prompt=count, generator=generators if count > 1 else generators[0],
                   output_type='latent').images
    pipe.unet.forward = unet
    write_case(pipe, name, out, latents, whole, count, ask)


def write_case(pipe, name, out, latents, whole, count, ask):
    """What was seen on the way, if it is asked for or is among what is, and what came out."""
    if isinstance(whole, tuple):
        out = {k: out[k] for k in whole}
    picture = pipe.vae.decode(latents / pipe.vae.config.scaling_factor).sample
    bytes_ = ((picture / 2 + 0.5).clamp(0, 1) * 255).round().to(torch.uint8).permute(0, 2, 3, 1)
    print('%-24s latents %.3f, picture %.3f' % (name, latents.std(), picture.std()), flush=True)
    if 'mask_image' in ask:
        painted = torch.from_numpy(np.asarray(ask['mask_image']) >= 128)[None, :, :, None]
        bytes_ = torch.where(painted, bytes_, torch.from_numpy(np.asarray(ask['image']))[None])
    if not whole:
        out = {}
    elif 'image' in ask:
        out['image'] = picture
    elif count == 1:
        out['image'] = picture
        out['noise'] = torch.randn(latents.shape, generator=torch.Generator().manual_seed(42))
    else:
        for key in ('context', 'pooled'):  # a row for each picture; ours are shared
            if key in out:
                out[key] = out[key].reshape((-1, count) + out[key].shape[1:])[:, 0]
    out['latents'] = latents
    for i in range(count):
        out['bytes.%d' % i] = bytes_[i]
    path, room = ('paint/' + name, ()) if '/' not in name else (name, (2048, 1024))
    common.write(path + '.safetensors', common.thin(out, {k for k in out if k.startswith('bytes')}, *room))


# ---- what diffusers does not have: written from the rules ------------------------------------------------------------

def clean(pipe, name, picture, mask, strength):
    """AUTOMATIC1111's way of keeping what is not masked: the picture that the network means to see, x0, is there the
    one that was given; the sampler goes on from that."""
    generator, scheduler = torch.Generator().manual_seed(42), pipe.scheduler
    cond, uncond = pipe.encode_prompt('a photo of the cat', 'cpu', 1, True, 'the dog')
    given_ = pipe.image_processor.preprocess(picture, H, W)
    z = pipe.vae.encode(given_).latent_dist.sample(generator) * pipe.vae.config.scaling_factor
    noise = torch.randn(z.shape, generator=generator)
    torch.randn(z.shape, generator=generator)  # for the masked picture, at which only networks of 9 channels look
    opens = torch.nn.functional.interpolate(torch.from_numpy(np.asarray(mask) / 255)[None, None], z.shape[2:]) >= 0.5
    scheduler.set_timesteps(STEPS)
    times = scheduler.timesteps[STEPS - int(STEPS * strength):]
    x = scheduler.add_noise(z, noise, times[:1])
    for t in times:
        both = scheduler.scale_model_input(torch.cat([x, x]), t)
        u, c = pipe.unet(both, t, encoder_hidden_states=torch.cat([uncond, cond])).sample.chunk(2)
        e = u + 5.0 * (c - u)
        a, s = (1, scheduler.sigmas[scheduler.step_index]) if hasattr(scheduler, 'sigmas') else \
            (scheduler.alphas_cumprod[t] ** 0.5, (1 - scheduler.alphas_cumprod[t]) ** 0.5)
        e = torch.where(opens, e, (x - a * z) / s)
        more = dict(generator=generator) if 'generator' in inspect.signature(scheduler.step).parameters else {}
        x = scheduler.step(e, t, x, **more).prev_sample
    write_case(pipe, name, {}, x, False, 1, dict(image=picture, mask_image=mask))


def filled(pipe, fill):
    """What lies under the mask to begin with: the noise that is added, too, or nothing (AUTOMATIC1111's 2 and 3)."""
    prepare = pipe.prepare_latents

    def prepared(*args, **more):
        latents, noise, image = prepare(*args, **dict(more, return_noise=True, return_image_latents=True))
        mask = torch.from_numpy(np.asarray(given()[1]))[None, None].float()
        under = torch.nn.functional.interpolate(mask, image.shape[2:]) >= 128
        image = torch.where(under, noise if fill == 'noise' else torch.zeros(()), image)
        return pipe.scheduler.add_noise(image, noise, more['timestep'][:1]), noise, image
    pipe.prepare_latents = prepared


def bled(picture, mask):
    """Colours that run in from round the mask: pull and push (Gortler et al. 1996, "The Lumigraph"), with squares of 2."""
    seen = np.asarray(mask) < 128
    level = [np.concatenate([np.asarray(picture, np.float32), np.ones((H, W, 1), np.float32)], 2) * seen[:, :, None]]
    while level[-1].shape[:2] != (1, 1):
        h, w = level[-1].shape[:2]
        even = np.pad(level[-1], ((0, h % 2), (0, w % 2), (0, 0)))
        level.append(even[::2, ::2] + even[1::2, ::2] + even[::2, 1::2] + even[1::2, 1::2])
    colours = None
    for sums in level[::-1]:
        own = sums[:, :, :3] / np.maximum(sums[:, :, 3:], 1)
        colours = own if colours is None else np.where(sums[:, :, 3:] > 0, own, between(colours, *sums.shape[:2]))
    return Image.fromarray(np.where(seen[:, :, None], np.asarray(picture), (colours + 0.5).astype(np.uint8)))


def between(level, h, w):
    """A level twice as large, from between the middles of this one's squares."""
    y, x = (np.maximum((np.arange(n, dtype=np.float32) - 0.5) / 2, 0) for n in (h, w))
    y0, x0 = y.astype(int), x.astype(int)
    y1, x1 = np.minimum(y0 + 1, level.shape[0] - 1), np.minimum(x0 + 1, level.shape[1] - 1)
    fy, fx = (y - y0)[:, None, None], (x - x0)[None, :, None]
    rows = level[y0] * (1 - fy) + level[y1] * fy
    return rows[:, x0] * (1 - fx) + rows[:, x1] * fx


def with_lora(pipe, weight):
    """Some layers changed as a LoRA of kohya's names changes them; its file beside."""
    file = {}
    block = 'down_blocks.0.attentions.0.transformer_blocks.0.'
    layers = [('lora_unet_', '', pipe.unet, block + 'attn1.to_q'), ('lora_unet_', '', pipe.unet, block + 'attn2.to_v'),
              ('lora_unet_', '', pipe.unet, block + 'ff.net.2'),
              ('lora_te_', 'text_model.', pipe.text_encoder.text_model, 'encoder.layers.1.self_attn.v_proj')]
    for start, above, net, name in layers:
        layer = net.get_submodule(name)
        key = start + (above + name).replace('.', '_')
        down = common.uniform(key + '.down', (2, layer.in_features))
        up = common.uniform(key + '.up', (layer.out_features, 2))
        file.update({key + '.lora_down.weight': down, key + '.lora_up.weight': up, key + '.alpha': np.float32(1)})
        layer.weight += weight * 0.5 * torch.from_numpy(up @ down)
    common.write('paint/changes.safetensors', file)
    return pipe


@torch.no_grad()
def main():
    common.pins()
    torch.set_num_threads(1)
    pipe = pipeline('sd1')
    trained = PNDMScheduler.load_config(os.path.join(HERE, 'sd1', 'scheduler'))  # what a file has, not what was meant
    case(pipe, 'sd1')
    case(pipe, 'sd1_skip', whole=False, clip_skip=1, guidance_scale=1.0)  # theirs skips nothing in negative prompts
    case(pipe, 'sd1_alone', whole=False, guidance_scale=1.0)
    case(pipe, 'sd1_rescale', whole=False, guidance_rescale=0.7)
    for sampler, (cls, more) in SAMPLERS.items():
        pipe.scheduler = cls.from_config(trained, **more)
        case(pipe, 'sd1_' + sampler, whole=False)
    picture, mask = given()
    common.write('paint/given.safetensors', dict(init=np.asarray(picture), mask=np.asarray(mask)))
    again = StableDiffusionImg2ImgPipeline(**pipe.components, requires_safety_checker=False)
    inside = StableDiffusionInpaintPipeline(**pipe.components, requires_safety_checker=False)
    for sampler in 'ddim', 'euler_a', 'dpm++2m':
        again.scheduler = inside.scheduler = SAMPLERS[sampler][0].from_config(trained, **SAMPLERS[sampler][1])
        case(again, 'init_' + sampler, sampler == 'ddim', image=picture, strength=0.6)
        case(inside, 'mask_' + sampler, sampler == 'ddim', image=picture, mask_image=mask, strength=0.6, width=W, height=H)
    case(inside, 'mask_new', False, image=picture, mask_image=mask, strength=1.0, width=W, height=H)
    for sampler in 'ddim', 'euler_a':
        pipe.scheduler = SAMPLERS[sampler][0].from_config(trained)
        clean(pipe, 'clean_' + sampler, picture, mask, 0.6)
    inside.scheduler = DDIMScheduler.from_config(trained)
    case(inside, 'fill_bleed', False, image=bled(picture, mask), mask_image=mask, strength=0.6, width=W, height=H)
    for fill in 'noise', 'zeros':
        own = StableDiffusionInpaintPipeline(**inside.components, requires_safety_checker=False)
        own.set_progress_bar_config(disable=True)
        filled(own, fill)
        case(own, 'fill_' + fill, False, image=picture, mask_image=mask, strength=0.6, width=W, height=H)
    distilled = named(UNet2DConditionModel(**UNET, time_cond_proj_dim=32).eval(), 'sd1', 'distilled')
    lcm = LatentConsistencyModelPipeline(**dict(inside.components, unet=distilled, scheduler=LCMScheduler.from_config(trained)),
                                         requires_safety_checker=False)
    case(lcm, 'distilled')
    only = {k: v for k, v in UNET.items() if k not in ('sample_size', 'out_channels', 'up_block_types')}
    nets = [named(ControlNetModel(**only, conditioning_embedding_out_channels=(4, 8, 8, 16)).eval(), 'sd1', n) for n in ('lines', 'pose')]
    told = dict(image=picture, controlnet_conditioning_scale=0.8, width=W, height=H)
    led = StableDiffusionControlNetPipeline(**pipe.components, controlnet=nets[0], requires_safety_checker=False)
    led.scheduler = DDIMScheduler.from_config(trained)
    case(led, 'control', **told)
    case(led, 'control_part', False, **told, control_guidance_start=0.25, control_guidance_end=0.6)
    led.register_modules(controlnet=MultiControlNetModel(nets))
    case(led, 'control_two', False, **dict(told, image=[picture, mask], controlnet_conditioning_scale=[0.8, 1.5]))
    case(again, 'init_two', False, 2, image=picture, strength=0.6)
    pipe.scheduler = DDIMScheduler.from_config(trained)
    case(with_lora(pipe, 0.7), 'lora', False)
    pipe = pipeline('inpaint')
    inside = StableDiffusionInpaintPipeline(**pipe.components, requires_safety_checker=False)
    inside.scheduler = EulerAncestralDiscreteScheduler.from_config(trained)
    case(inside, 'nine_new', image=picture, mask_image=mask, strength=1.0, width=W, height=H)
    case(inside, 'nine', False, image=picture, mask_image=mask, strength=0.6, width=W, height=H)
    pipe = pipeline('sd2')
    case(pipe, 'sd2')
    case(StableDiffusionImg2ImgPipeline(**pipe.components, requires_safety_checker=False), 'init_sd2', image=picture, strength=0.6)
    pipe = pipeline('sdxl')
    again = StableDiffusionXLImg2ImgPipeline(**pipe.components)
    case(again, 'init_xl', image=picture, strength=0.6)
    case(pipe, 'sdxl')
    case(pipe, 'sdxl_zeros', whole=False, negative_prompt=None)
    case(pipe, 'sdxl_two', count=2)
    case(pipe, 'sdxl_skip', whole=False, clip_skip=1, guidance_scale=1.0)


if __name__ == '__main__':
    main()
