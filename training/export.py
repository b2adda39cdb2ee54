"""Checkpoints to the model folder, and back.

export.py DATA VAE-CHECKPOINT SPRITE-CHECKPOINT FOLDER     writes safetensors f16, configs, family.json
"""
import json
import os
import sys

import numpy as np
import torch
from safetensors.torch import load_file, save_file

from autoencoder import CONFIG, AutoencoderKL
from data import KEYS
from nets import CLIP, UNET, SpriteModel
import parallel
from sampler import BETA_END, BETA_START

STEPS, GUIDANCE = 2, 1.5        # numbers of steps that divide 1000
PARTS = {"denoiser": "denoising_unet.safetensors", "reference": "reference_unet.safetensors",
         "guider": "pose_guider.safetensors", "encoder": "image_encoder/model.safetensors"}
VAE = "vae/diffusion_pytorch_model.safetensors"
FAMILY = dict(
    family="sprite-mini", guider="plain", pose_range=[0, 1], pose_style="controlnet", prediction_type="v_prediction",
    beta_schedule="scaled_linear", beta_start=BETA_START, beta_end=BETA_END, rescale_betas_zero_snr=True,
    timestep_spacing="trailing", size=[64, 64], pose_size=[128, 128], steps=STEPS, guidance=GUIDANCE, window=32,
    key_colors=[list(k) for k in KEYS],
    key_rule="the key colour whose minimum, over the character's pixels with alpha > 127, of the largest channel "
             "distance is largest; ties: the first in the list",
    figure_height=[.66, .84], ground=[.90, .96])


def write(path, state):
    """half precision, under a temporary name first, so that a reader never sees half a file"""
    os.makedirs(os.path.dirname(path), exist_ok=True)
    save_file({k: v.detach().to(torch.float16).contiguous() for k, v in state.items()}, path + ".tmp", {"format": "pt"})
    os.chmod(path + ".tmp", 0o644)
    os.replace(path + ".tmp", path)


def write_json(path, data):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as f:
        f.write("{\n" + ",\n".join(f"  {json.dumps(k)}: {json.dumps(v)}" for k, v in data.items()) + "\n}\n")


def coder(data, path):
    """the picture coder of a checkpoint, its latent normalised by the data's statistics"""
    vae = parallel.load(AutoencoderKL(), path)
    stats = np.load(f"{data}/stats.npz")
    vae.normalise(*(torch.from_numpy(stats[k].astype(np.float32)) for k in ("mean", "std")))
    return vae


def widened(state, guider):
    """weights of a guider that saw no frames: it goes on seeing none"""
    old = state["conv_in.weight"]
    new = torch.zeros_like(guider.conv_in.weight)
    new[:, :old.shape[1]] = old
    rest = {k: v for k, v in guider.state_dict().items() if k.startswith("latent_in.")}
    return rest | state | {"conv_in.weight": new}


def load(folder):
    """model folder -> sprite networks and picture coder, float32"""
    up = lambda path: {k: v.float() for k, v in load_file(f"{folder}/{path}").items()}
    model, vae = SpriteModel(), AutoencoderKL()
    for part, name in PARTS.items():
        state = up(name)
        getattr(model, part).load_state_dict(widened(state, model.guider) if part == "guider" else state)
    vae.load_state_dict(up(VAE))
    return model.eval(), vae.eval()


if __name__ == "__main__":
    data, vae, sprite, folder = sys.argv[1:5]
    model = parallel.load(SpriteModel(), sprite)
    for part, name in PARTS.items():
        write(f"{folder}/{name}", getattr(model, part).state_dict())
    write(f"{folder}/{VAE}", coder(data, vae).state_dict())
    write_json(f"{folder}/unet/config.json", dict(_class_name="UNet2DConditionModel", **UNET))
    write_json(f"{folder}/vae/config.json", dict(_class_name="AutoencoderKL", **CONFIG))
    write_json(f"{folder}/image_encoder/config.json", CLIP)
    write_json(f"{folder}/family.json", FAMILY)
    print(sum(os.path.getsize(f"{folder}/{n}") for n in [*PARTS.values(), VAE]) / 1e6, "MB")
