"""Whole pictures of diffusers' pipelines by tiny models, stage by stage."""
import functools
import json
import os
import sys

import numpy as np
import torch
from diffusers import (AutoencoderKL, ControlNetModel, DDIMScheduler, DDPMScheduler, DPMSolverMultistepScheduler,
                       EulerAncestralDiscreteScheduler, EulerDiscreteScheduler, LCMScheduler, PNDMScheduler,
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
    step, unet = pipe.scheduler.step, pipe.unet.forward

    @functools.wraps(step)  # pipelines look whether it takes a generator
    def stepped(prediction, *args, **more):
        out.setdefault('pred.%d' % first, prediction.clone())
        return step(prediction, *args, **more)

    def forward(*args, **more):
        out.setdefault('context', more['encoder_hidden_states'].clone())
        if more.get('added_cond_kwargs'):
            out.setdefault('pooled', more['added_cond_kwargs']['text_embeds'].clone())
        return unet(*args, **more)
    pipe.scheduler.step, pipe.unet.forward = stepped, forward
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
    latents = pipe(**ask, num_images_per_prompt=count, generator=generators if count > 1 else generators[0],
                   output_type='latent').images
    pipe.unet.forward = unet
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
    common.write('paint/%s.safetensors' % name, common.thin(out, {k for k in out if k.startswith('bytes')}))


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
    only = {k: v for k, v in UNET.items() if k not in ('sample_size', 'out_channels', 'up_block_types')}
    nets = [named(ControlNetModel(**only, conditioning_embedding_out_channels=(4, 8, 8, 16)).eval(), 'sd1', n) for n in ('lines', 'pose')]
    told = dict(image=picture, controlnet_conditioning_scale=0.8, width=W, height=H)
    led = StableDiffusionControlNetPipeline(**pipe.components, controlnet=nets[0], requires_safety_checker=False)
    led.scheduler = DDIMScheduler.from_config(trained)
    case(led, 'control', **told)
    case(led, 'control_part', False, **told, control_guidance_start=0.25, control_guidance_end=0.6)
    led.register_modules(controlnet=MultiControlNetModel(nets))
    case(led, 'control_two', False, **dict(told, image=[picture, mask], controlnet_conditioning_scale=[0.8, 1.5]))
    case(inside, 'mask_new', False, image=picture, mask_image=mask, strength=1.0, width=W, height=H)
    case(again, 'init_two', False, 2, image=picture, strength=0.6)
    pipe.scheduler = DDIMScheduler.from_config(trained)
    case(with_lora(pipe, 0.7), 'lora', False)
    pipe = pipeline('inpaint')
    inside = StableDiffusionInpaintPipeline(**pipe.components, requires_safety_checker=False)
    inside.scheduler = EulerAncestralDiscreteScheduler.from_config(trained)
    case(inside, 'nine_new', image=picture, mask_image=mask, strength=1.0, width=W, height=H)
    case(inside, 'nine', False, image=picture, mask_image=mask, strength=0.6, width=W, height=H)
    case(pipeline('sd2'), 'sd2')
    pipe = pipeline('sdxl')
    again = StableDiffusionXLImg2ImgPipeline(**pipe.components)
    case(again, 'init_xl', False, image=picture, strength=0.6)
    case(pipe, 'sdxl')
    case(pipe, 'sdxl_zeros', whole=False, negative_prompt=None)
    case(pipe, 'sdxl_two', count=2)
    case(pipe, 'sdxl_skip', whole=False, clip_skip=1, guidance_scale=1.0)


if __name__ == '__main__':
    main()
