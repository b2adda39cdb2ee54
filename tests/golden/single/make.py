"""Pictures of models of one file: diffusers reads the file, in the original program's names, and paints.

The files are made here, read by diffusers' own from_single_file, and thrown away; NAME.names says what is in them, so
that a test can make them again.  The models have the published ones' widths of words (768, 1024, 768 + 1280) and
whatever else a reader tells from shapes; the rest is tiny.  Numbers are halves, as in most published files."""
import importlib.util
import json
import os
import sys
import tempfile

import torch
from diffusers import (AutoencoderKL, ControlNetModel, DDIMScheduler, EulerDiscreteScheduler, PNDMScheduler,
                       StableDiffusionControlNetPipeline, StableDiffusionImg2ImgPipeline, StableDiffusionInpaintPipeline,
                       StableDiffusionPipeline, StableDiffusionXLControlNetPipeline, StableDiffusionXLImg2ImgPipeline,
                       StableDiffusionXLPipeline, UNet2DConditionModel)
from safetensors.torch import save_file
from transformers import CLIPTextConfig, CLIPTokenizer

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, '..', '..', 'support'), os.path.join(HERE, '..')]
import common
import shapes


def maker(folder):
    spec = importlib.util.spec_from_file_location(folder, os.path.join(HERE, '..', folder, 'make.py'))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


paint, words = maker('paint'), maker('text')
BEGUN = ('init', 'pred.4')  # what img2img has of its own
ROWS = 1009  # of the table of words: then they come again
TEXT = shapes.text_config(768, 2, inner=96)
VAE = dict(widths=(32, 32, 64, 64), layers=1, latent=4)
UNET = shapes.unet_config((32, 64), (1, 0), layers=1)
WIDE = dict(widths=(64, 128), layers=1, linear=True)
XL = shapes.unet_config(depths=(0, 2), context=2048, vector=1280 + 6 * 256, **WIDE)
MODELS = {
    'sd1': dict(unet=UNET, vae=VAE, text_encoder=TEXT),
    'inpaint': dict(unet=dict(UNET, inputs=9), vae=VAE, text_encoder=TEXT),
    'sd2': dict(unet=shapes.unet_config(depths=(1, 0), context=1024, **WIDE), vae=VAE,
                text_encoder=shapes.text_config(1024, 2, inner=96)),
    'sdxl': dict(unet=XL, vae=VAE, text_encoder=TEXT, text_encoder_2=shapes.text_config(1280, 2, inner=96, projection=1280)),
    'control': dict(controlnet=UNET),
    'controlxl': dict(controlnet=XL),
}
# What the repositories that from_single_file takes a model's configuration from have in scheduler/.
TRAINED = dict(beta_start=0.00085, beta_end=0.012, beta_schedule='scaled_linear', steps_offset=1)
PUBLISHED = {'sd1': PNDMScheduler(**TRAINED, skip_prk_steps=True, set_alpha_to_one=False),
             'sd2': DDIMScheduler(**TRAINED, set_alpha_to_one=False, clip_sample=False, prediction_type='v_prediction'),
             'sdxl': EulerDiscreteScheduler(**TRAINED, timestep_spacing='leading')}
PUBLISHED['inpaint'] = PUBLISHED['sd1']


# ---- configurations as the published models have them ---------------------------------------------------------------

def unet_fields(c):
    attends = [d > 0 for d in c['depths']]
    heads = 8 if c['context'] == 768 else [w // 64 for w in c['widths']]
    xl = dict(addition_embed_type='text_time', addition_time_embed_dim=256,
              projection_class_embeddings_input_dim=c['vector']) if c['vector'] else {}
    return dict(in_channels=c['inputs'], block_out_channels=c['widths'], layers_per_block=c['layers'], attention_head_dim=heads,
                down_block_types=['CrossAttnDownBlock2D' if a else 'DownBlock2D' for a in attends],
                cross_attention_dim=c['context'], transformer_layers_per_block=[d or 1 for d in c['depths']],
                use_linear_projection=c['linear'], **xl)


def vae_fields(c, scale):
    n = len(c['widths'])
    return dict(block_out_channels=c['widths'], layers_per_block=c['layers'], latent_channels=c['latent'],
                down_block_types=['DownEncoderBlock2D'] * n, up_block_types=['UpDecoderBlock2D'] * n, scaling_factor=scale)


def text_fields(c):
    return CLIPTextConfig(vocab_size=c['vocabulary'], hidden_size=c['width'], intermediate_size=c['inner'], projection_dim=c['width'],
                          num_hidden_layers=c['layers'], num_attention_heads=c['width'] // 64,
                          hidden_act='quick_gelu' if c['width'] == 768 else 'gelu', bos_token_id=49406, eos_token_id=49407)


def configure(model, to):
    """The folder of configurations that from_single_file is given instead of the repository's."""
    parts, index = MODELS[model], {'_class_name': 'StableDiffusionXLPipeline' if model == 'sdxl' else 'StableDiffusionPipeline'}
    scale = 0.13025 if model == 'sdxl' else 0.18215
    ups = ['CrossAttnUpBlock2D' if d else 'UpBlock2D' for d in parts['unet']['depths'][::-1]]
    UNet2DConditionModel(sample_size=64, **unet_fields(parts['unet']), up_block_types=ups).save_config(os.path.join(to, 'unet'))
    AutoencoderKL(**vae_fields(parts['vae'], scale)).save_config(os.path.join(to, 'vae'))
    PUBLISHED[model].save_config(os.path.join(to, 'scheduler'))
    index.update(unet=['diffusers', 'UNet2DConditionModel'], vae=['diffusers', 'AutoencoderKL'],
                 scheduler=['diffusers', type(PUBLISHED[model]).__name__])
    for part in 'text_encoder', 'text_encoder_2':
        if part in parts:
            text_fields(parts[part]).save_pretrained(os.path.join(to, part))
            index[part] = ['transformers', 'CLIPTextModel' + ('WithProjection' if parts[part]['projection'] else '')]
            index[part.replace('text_encoder', 'tokenizer')] = ['transformers', 'CLIPTokenizer']
    with open(os.path.join(to, 'model_index.json'), 'w') as f:
        json.dump(index, f)


# ---- files ----------------------------------------------------------------------------------------------------------

def value(prefix, name, shape):
    """By the name, as halves; the table of words repeats its first rows."""
    if name.endswith('token_embedding.weight'):
        few = common.weight(prefix, name, (ROWS,) + shape[1:])
        return torch.from_numpy(few).half()[torch.arange(shape[0]) % ROWS]
    return torch.from_numpy(common.weight(prefix, name, shape)).half()


def part_of(model, part, whose=None):
    return {n: value('one.%s.%s.' % (whose or model, part), n, s) for n, s in shapes.PARTS[part](MODELS[model][part])}


def file_of(model, also={}):
    """The tensors of a file under the original program's names, and lines of each part that say which is which."""
    parts, file, lines = MODELS[model], {}, {}
    for part, c in parts.items():
        prefix, fused = shapes.ldm_home(part, parts)
        tensors = part_of(model, part, also.get(part))
        for name, t in tensors.items():
            theirs, third = shapes.spell(part, name, c, fused)
            shape, stem = shapes.spell_shape(part, theirs, tuple(t.shape), third), name[:-len('.bias')]
            what = 'transpose' if theirs == 'text_projection' else 'squeeze' if len(shape) > t.ndim else '-' if third is None else str(third)
            if third is None and stem + '.bias' == name:
                assert prefix + theirs[:-len('.bias')] == lines[part][-1].split()[1][:-len('.weight')]
                lines[part][-1] += '+'  # and a bias of that name
            else:
                lines.setdefault(part, []).append(' '.join([part, prefix + theirs, ','.join(map(str, shape)), name, what]))
            if third is not None:
                file[prefix + theirs] = torch.cat([file[prefix + theirs], t]) if third else t
            else:
                file[prefix + theirs] = t.T.contiguous() if what == 'transpose' else t.reshape(shape)
    return file, lines


def strangers(model, file):
    """What else lies in published files, and has to be passed over."""
    if model == 'sd1':
        file['cond_stage_model.transformer.text_model.embeddings.position_ids'] = torch.arange(77)[None]
        file['model_ema.decay'] = torch.tensor(0.9999)
        file['model_ema.num_updates'] = torch.tensor(7, dtype=torch.int32)
        file['model_ema.diffusion_modelinput_blocks00weight'] = torch.zeros(32, 4, 3, 3)
        file['betas'] = torch.linspace(0, 1, 1000, dtype=torch.float64)
    if model == 'sd2':
        at = 'cond_stage_model.model.'
        for name, t in [(n, t) for n, t in file.items() if n.startswith(at + 'transformer.resblocks.1.')]:
            file[name.replace('resblocks.1.', 'resblocks.23.')] = t.clone()
        file[at + 'text_projection'] = torch.zeros(1024, 1024, dtype=torch.float16)
        file[at + 'logit_scale'] = torch.tensor(4.6)
    return file


def save(model, path, **more):
    file, lines = file_of(model, **more)
    save_file(strangers(model, {k: t.contiguous() for k, t in file.items()}), path)
    if not more and model != 'inpaint':  # which is as sd1
        vae = lines.pop('vae', [])  # which is the same in all
        for name, rows in ((model, sum(lines.values(), [])), ('vae', vae)):
            if rows:
                with open(os.path.join(HERE, name + '.names'), 'w') as f:
                    f.write('\n'.join(rows) + '\n')


def tokenizer(pad):
    with tempfile.TemporaryDirectory() as whole:
        rows, lines = words.signs()
        words.write_folder(whole, rows, lines, {})
        return CLIPTokenizer.from_pretrained(whole, model_max_length=77, pad_token=pad)


def assert_holds(net, model, part):
    """The network that diffusers has read is the one that was meant."""
    want, got = part_of(model, part), {k: t for k, t in net.state_dict().items() if not k.endswith('position_ids')}
    assert want.keys() == got.keys(), (part, want.keys() ^ got.keys())
    for name, t in want.items():
        assert torch.equal(got[name], t.float()), (part, name)


def opened(model, cls, work):
    path, config = os.path.join(work, model + '.safetensors'), os.path.join(work, model)
    save(model, path)
    configure(model, config)
    end, more = '<|endoftext|>', {}
    if model == 'sdxl':
        more = dict(tokenizer=tokenizer(end), tokenizer_2=tokenizer('!'))
    else:
        more = dict(tokenizer=tokenizer('!' if model == 'sd2' else end), safety_checker=None, feature_extractor=None,
                    requires_safety_checker=False)
    pipe = cls.from_single_file(path, config=config, torch_dtype=torch.float32, local_files_only=True, **more)
    pipe.set_progress_bar_config(disable=True)
    for part in MODELS[model]:
        assert_holds(getattr(pipe, part), model, part)
    return pipe


def control(model, work):
    """diffusers knows the original program's names of ControlNets for Stable Diffusion 1 and 2, not for SDXL."""
    path = os.path.join(work, model + '.safetensors')
    save(model, path)
    if model == 'controlxl':
        save_file(part_of(model, 'controlnet'), path)
    ControlNetModel(**unet_fields(MODELS[model]['controlnet'])).save_config(os.path.join(work, model))
    net = ControlNetModel.from_single_file(path, config=os.path.join(work, model), torch_dtype=torch.float32)
    assert_holds(net, model, 'controlnet')
    return net


# ---- LoRAs ----------------------------------------------------------------------------------------------------------

def lora(name, layers, rank, alpha=None):
    """A file, from (key, inputs, outputs, kernel) with kernel 0 for linear layers; kohya's if it has an alpha."""
    file = {}
    for key, inputs, outputs, kernel in layers:
        at = 'single/%s.%s' % (name, key)
        down = common.uniform(at + '.down', (rank, inputs) + (kernel, kernel) * (kernel > 0))
        up = common.uniform(at + '.up', (outputs, rank) + (1, 1) * (kernel > 0))
        small = (inputs * max(kernel, 1) ** 2) ** -0.5
        names = ('.lora_down.weight', '.lora_up.weight') if alpha else ('.lora_A.weight', '.lora_B.weight')
        file[key + names[0]], file[key + names[1]] = (down * small).astype('float16'), up.astype('float16')
        if alpha:
            file[key + '.alpha'] = torch.tensor(float(alpha)).numpy()
    common.write('single/%s.safetensors' % name, file)


def changed(pipe, work, *given):
    """With LoRAs, (name, weight) each, by diffusers and peft; that every layer of them counts is checked."""
    for name, weight in given:
        pipe.load_lora_weights(HERE, weight_name=name + '.safetensors', adapter_name=name)
    pipe.set_adapters([n for n, _ in given], [w for _, w in given])
    nets = [n for n in (pipe.unet, pipe.text_encoder, getattr(pipe, 'text_encoder_2', None)) if n is not None]
    found = sum(k.endswith('.lora_A.%s.weight' % name) for net in nets for k in net.state_dict() for name, _ in given)
    print('%d layers changed' % found)
    return pipe


BLOCK = 'lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_'
PEFT = 'unet.down_blocks.0.attentions.0.transformer_blocks.0.'


def loras():
    lora('kohya', [(BLOCK + 'attn1_to_q', 32, 32, 0), (BLOCK + 'attn2_to_k', 768, 32, 0), (BLOCK + 'ff_net_0_proj', 32, 256, 0),
                   ('lora_unet_down_blocks_0_attentions_0_proj_in', 32, 32, 1), ('lora_unet_down_blocks_0_resnets_0_conv1', 32, 32, 3),
                   ('lora_unet_up_blocks_1_resnets_1_conv2', 32, 32, 3),
                   ('lora_te_text_model_encoder_layers_1_self_attn_out_proj', 768, 768, 0)], 1, alpha=0.5)
    lora('peft', [(PEFT + 'attn1.to_q', 32, 32, 0), (PEFT + 'attn2.to_v', 768, 32, 0), (PEFT + 'attn1.to_out.0', 32, 32, 0),
                  ('unet.down_blocks.0.resnets.0.conv1', 32, 32, 3), ('unet.mid_block.resnets.1.conv2', 64, 64, 3),
                  ('text_encoder.text_model.encoder.layers.0.self_attn.q_proj', 768, 768, 0)], 2)
    block = 'lora_unet_input_blocks_3_1_transformer_blocks_1_'
    lora('kohyaxl', [(block + 'attn1_to_q', 128, 128, 0), (block + 'attn2_to_k', 2048, 128, 0),
                     ('lora_te1_text_model_encoder_layers_0_self_attn_out_proj', 768, 768, 0),
                     ('lora_te2_text_model_encoder_layers_1_mlp_fc2', 96, 1280, 0)], 1, alpha=0.5)
    lora('peftxl', [('unet.down_blocks.1.attentions.0.transformer_blocks.0.attn2.to_out.0', 128, 128, 0),
                    ('unet.mid_block.attentions.0.proj_in', 128, 128, 0), ('unet.down_blocks.0.resnets.0.conv2', 64, 64, 3),
                    ('text_encoder_2.text_model.encoder.layers.0.self_attn.v_proj', 1280, 1280, 0)], 1)


# ---- pictures -------------------------------------------------------------------------------------------------------

def pictures(work):
    case = paint.case
    picture, mask = paint.given()
    told = dict(image=picture, controlnet_conditioning_scale=0.8, width=paint.W, height=paint.H)
    loras()
    pipe = opened('sd1', StableDiffusionPipeline, work)
    case(pipe, 'single/sd1')
    case(StableDiffusionImg2ImgPipeline(**pipe.components, requires_safety_checker=False), 'single/sd1_init', BEGUN, image=picture,
         strength=0.6)
    case(StableDiffusionControlNetPipeline(**pipe.components, controlnet=control('control', work), requires_safety_checker=False),
         'single/sd1_control', False, **told)
    own, path = pipe.vae, os.path.join(work, 'vae.safetensors')
    save('sd1', path, also={'vae': 'other'})
    pipe.vae = AutoencoderKL.from_single_file(path, config=os.path.join(work, 'sd1', 'vae'), torch_dtype=torch.float32)
    case(pipe, 'single/sd1_vae', False)
    pipe.vae = own
    case(changed(pipe, work, ('kohya', 0.7), ('peft', -0.4)), 'single/sd1_loras')
    pipe = opened('inpaint', StableDiffusionPipeline, work)
    case(StableDiffusionInpaintPipeline(**pipe.components, requires_safety_checker=False), 'single/inpaint', image=picture,
         mask_image=mask, strength=1.0, width=paint.W, height=paint.H)
    pipe = opened('sd2', StableDiffusionPipeline, work)
    case(pipe, 'single/sd2')
    case(StableDiffusionImg2ImgPipeline(**pipe.components, requires_safety_checker=False), 'single/sd2_init', BEGUN, image=picture,
         strength=0.6)
    pipe = opened('sdxl', StableDiffusionXLPipeline, work)
    case(pipe, 'single/sdxl')
    case(StableDiffusionXLImg2ImgPipeline(**pipe.components), 'single/sdxl_init', BEGUN, image=picture, strength=0.6)
    case(StableDiffusionXLControlNetPipeline(**pipe.components, controlnet=control('controlxl', work)), 'single/sdxl_control',
         False, **told)
    case(changed(pipe, work, ('kohyaxl', 0.8), ('peftxl', 1.5)), 'single/sdxl_loras')


@torch.no_grad()
def main():
    common.pins()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as work:
        pictures(work)


if __name__ == '__main__':
    main()
