"""Whole tiny jobs through the pipelines of Moore-AnimateAnyone: one picture, a short clip, a long clip in windows."""
import argparse
import importlib.util
import os
import sys

import numpy as np
import torch
from diffusers import AutoencoderKL, DDIMScheduler
from PIL import Image
from transformers import CLIPVisionConfig, CLIPVisionModelWithProjection

GOLDEN = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..')
sys.path.insert(0, GOLDEN)
import common


def sibling(name):
    spec = importlib.util.spec_from_file_location(name + '_maker', os.path.join(GOLDEN, name, 'make.py'))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


drawing, unet, vae = sibling('drawing'), sibling('unet'), sibling('vae')
CLIP = dict(hidden_size=64, intermediate_size=128, num_hidden_layers=2, num_attention_heads=4, projection_dim=48,
            num_channels=3, hidden_act='quick_gelu', layer_norm_eps=1e-5, image_size=224, patch_size=32)
DDIM = dict(beta_start=0.00085, beta_end=0.012, beta_schedule='linear', clip_sample=False, steps_offset=1,
            prediction_type='v_prediction', rescale_betas_zero_snr=True, timestep_spacing='trailing')
GAIN = 2000.0     # on the guider's first weights: without it a [0,1] picture drowns in the biases of seven layers


def character(w, h):
    """A doll on a gradient with a little grain: something with edges, flats and both."""
    y, x = np.mgrid[0:h, 0:w].astype(np.float64)
    x, y = x / w, y / h
    a = np.stack([60 + 90 * x, 40 + 120 * y, 150 - 80 * x * y], 2)
    a[(x - .5) ** 2 + (y - .25) ** 2 < .02] = (240, 200, 170)
    a[(abs(x - .5) < .15) & (abs(y - .55) < .17)] = (30, 60, 220)
    a[(abs(abs(x - .5) - .08) < .05) & (abs(y - .84) < .12)] = (20, 20, 30)
    return np.clip(a + 12 * common.uniform('in.character', (h, w, 3)), 0, 255).astype(np.uint8)


def walk(frames, w, h):
    """Skeletons of a walking figure, one a frame: joints, and the picture drawn."""
    for f in range(frames):
        p = np.array(drawing.BODY)
        s = np.sin(2 * np.pi * f / max(frames, 5))
        p[[3, 4], 0] += np.array([.06, .12]) * s
        p[[6, 7], 0] -= np.array([.06, .12]) * s
        p[[9, 10], 0] -= np.array([.05, .12]) * s
        p[[12, 13], 0] += np.array([.05, .12]) * s
        p[:, 1] += .02 * np.abs(s)
        joints = np.concatenate([np.round(p * (w, h) * 8) / 8, np.ones((18, 1))], 1).astype(np.float32)
        yield joints, drawing.draw(joints, w, h)


class Job:
    """The nets of one job, fresh because the pipelines leave their hooks in them."""

    def __init__(self, motion):
        from src.models.pose_guider import PoseGuider
        moore = self.moore
        self.vae = common.fill(AutoencoderKL(**vae.SD).eval(), 'vae.')
        self.clip = common.fill(CLIPVisionModelWithProjection(CLIPVisionConfig(**CLIP)).eval(), 'clipv.')
        self.reference = moore.reference(unet.SD)
        self.denoiser = moore.denoiser(dict(unet.SD, **(unet.MOTION if motion else {})))
        self.guider = common.fill(PoseGuider(32, block_out_channels=(16, 32, 96, 256)).eval(), 'pgo.')
        self.guider.conv_in.weight.mul_(GAIN)
        self.scheduler = DDIMScheduler(**DDIM)

    def pipeline(self, cls):
        pipe = cls(vae=self.vae, image_encoder=self.clip, reference_unet=self.reference, denoising_unet=self.denoiser,
                   pose_guider=self.guider, scheduler=self.scheduler)
        pipe.set_progress_bar_config(disable=True)
        return pipe


def watch(job, out):
    """Keeps what passes between the parts."""
    calls = dict(step=0, rows=0)

    def encode(_, args, got):
        out['ref_pixels'] = args[0]

    def rows(_, args, got):
        if calls['rows'] < 3:
            out['rows.%d' % calls['rows']] = unet.first(got).clone()
        calls['rows'] += 1
    job.vae.encoder.register_forward_hook(encode)
    job.clip.register_forward_hook(lambda _, args, got: out.update(pixels=args[0], ctx=got.image_embeds))
    job.guider.register_forward_hook(lambda _, args, got: out.update(pose_pixels=args[0], pose_features=got.clone()))
    job.reference.register_forward_pre_hook(lambda _, args: out.__setitem__('ref_latent', args[0][:1].clone()))
    job.denoiser.register_forward_hook(rows)
    step = job.scheduler.step

    def stepped(pred, t, latents, **rest):
        k = calls['step']
        if k == 0:
            out['noise'] = latents.clone()
        got = step(pred, t, latents, **rest)
        out['pred.%d' % k], out['latents.%d' % k] = pred.clone(), (got[0] if isinstance(got, tuple) else got.prev_sample).clone()
        calls['step'] += 1
        return got
    job.scheduler.step = stepped


def run(name, cls, motion, w, h, frames, steps, guidance, **windows):
    job, out = Job(motion), {}
    watch(job, out)
    picture = character(80, 72)
    skeletons = list(walk(frames, w + 32, h + 48))
    poses = [Image.fromarray(p, 'RGB') for _, p in skeletons]
    single = 'pose2img' in cls.__module__
    shape = (w, h) if single else (w, h, frames)
    got = job.pipeline(cls)(Image.fromarray(picture, 'RGB'), poses[0] if single else poses, *shape, steps, guidance,
                            generator=torch.Generator().manual_seed(42), **windows)
    frames_out = got.images if single else got.videos
    print('%s: frames %s, %.3f .. %.3f, spread over time %.3f, clipped %.3f' % (
        name, tuple(frames_out.shape), frames_out.min(), frames_out.max(), frames_out.std(2, unbiased=False).mean(),
        ((frames_out == 0) | (frames_out == 1)).float().mean()))
    if name is None:
        return frames_out
    palette = [(0, 0, 0)] + list(drawing.PALETTE) + [tuple(int(c * 0.6) for c in p) for p in drawing.PALETTE[:17]]
    store = common.thin(out, ('noise', 'ref_latent', 'latents.%d' % (steps - 1)))
    store.update(common.thin({'frames': frames_out}, (), 4096))
    store['frame.0'] = frames_out[:, :, 0].contiguous()
    store['picture'], store['palette'] = picture, np.array(palette, np.uint8)
    store['timesteps'] = job.scheduler.timesteps.int()
    for k, (joints, p) in enumerate(skeletons):
        store['pose.%02d.joints' % k] = joints
        store['pose.%02d.len' % k], store['pose.%02d.val' % k] = drawing.runs(p, palette)
    common.write('clips/%s.safetensors' % name, store, dict(
        width=w, height=h, frames=frames, steps=steps, guidance=guidance, seed=42, motion=motion, pose_width=w + 32,
        pose_height=h + 48, guider_gain=GAIN, unet=unet.SD, vae=vae.SD, clip=CLIP, scheduler=DDIM, **windows))
    return frames_out


@torch.no_grad()
def main():
    args = argparse.ArgumentParser(description=__doc__)
    args.add_argument('--moore', required=True, help='a checkout of Moore-AnimateAnyone')
    args = args.parse_args()
    common.pins()
    torch.set_num_threads(1)
    Job.moore = unet.Moore(args.moore)
    from src.pipelines.pipeline_pose2img import Pose2ImagePipeline
    from src.pipelines.pipeline_pose2vid import Pose2VideoPipeline as Short
    from src.pipelines.pipeline_pose2vid_long import Pose2VideoPipeline as Long
    common.write_keys('clips/clip.keys', Job(False).clip)
    update = Job.moore.control.update
    assert update.__defaults__ == (torch.float16,)
    half = run(None, Pose2ImagePipeline, False, 96, 128, 1, 7, 3.5)
    update.__defaults__ = (torch.float32,)
    image = run('image', Pose2ImagePipeline, False, 96, 128, 1, 7, 3.5)
    print('banks rounded to half: %.1f dB' % (-10 * torch.log10(((half - image) ** 2).mean())))
    run('image_noguidance', Pose2ImagePipeline, False, 64, 64, 1, 4, 1.0)
    run('short', Short, True, 64, 64, 5, 7, 3.5)
    run('long', Long, True, 64, 64, 30, 4, 3.5, context_frames=16, context_overlap=4, context_stride=1,
        context_batch_size=1)


if __name__ == '__main__':
    main()
