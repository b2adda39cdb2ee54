"""DDIM, v prediction, zero terminal SNR, trailing steps, as the published pipelines run it."""
import torch

BETA_START, BETA_END = .00085, .012


def alphas(schedule="scaled_linear", n=1000):
    """float32 table of cumulative alphas, rescaled so that the last is 0"""
    if schedule == "linear":
        beta = torch.linspace(BETA_START, BETA_END, n)
    else:
        beta = torch.linspace(BETA_START ** .5, BETA_END ** .5, n) ** 2
    s = (1 - beta).cumprod(0).sqrt()
    s = (s - s[-1]) * (s[0] / (s[0] - s[-1]))
    bar = s ** 2
    return torch.cat([bar[:1], bar[1:] / bar[:-1]]).cumprod(0)


def timesteps(n):
    d = (1000 - 1000 / n) - 1000
    return [round(1000 + k * d) - 1 for k in range(n)]


@torch.no_grad()
def sample(model, pose_pictures, ref_latent, clip_picture, noise, steps, guidance, trace=None, frame=None, strength=1):
    """-> latents; ref_latent and clip_picture have one row, or one per pose picture; with a frame
    (nets.Frame) only `strength` of its latent is made anew"""
    bar, n = alphas(), len(pose_pictures)
    repeat = n // len(ref_latent)
    pose = model.guider(pose_pictures, frame)
    ctx, bank = model.condition(ref_latent, clip_picture)
    if trace is not None:
        trace.update(ctx=ctx, pose=pose)
    ctx, none = ctx.repeat_interleave(repeat, 0), torch.zeros(n, ctx.shape[1])
    x, begin = noise, steps - min(steps, int(steps * strength))
    if begin > 0:
        a = bar[timesteps(steps)[begin]]
        x = a.sqrt() * frame.latent + (1 - a).sqrt() * noise
    for i, t in enumerate(timesteps(steps)[begin:]):
        tt = torch.full((n,), t)
        v = model.denoiser(x, tt, ctx, pose, bank, repeat)
        if guidance > 1:
            u = model.denoiser(x, tt, none, pose)
            v = u + guidance * (v - u)
        if trace is not None:
            trace[f"v{i}"] = v
        prev = t - 1000 // steps
        a, ap = bar[t], bar[prev] if prev >= 0 else torch.tensor(1.)
        x0 = a.sqrt() * x - (1 - a).sqrt() * v
        e = a.sqrt() * v + (1 - a).sqrt() * x
        x = ap.sqrt() * x0 + (1 - ap).sqrt() * e
    return x
