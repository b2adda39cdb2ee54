"""The networks of the AnimateAnyone class, narrow: a denoising UNet, a reference
UNet, a plain pose guider and a CLIP-like image encoder.  Names and semantics are
those of the published weights, so one loader serves both sizes."""
import math
from typing import NamedTuple

import torch
import torch.nn as nn
import torch.nn.functional as F

UNET = dict(sample_size=16, in_channels=8, out_channels=8, center_input_sample=False, flip_sin_to_cos=True, freq_shift=0,
            block_out_channels=[64, 128, 128], layers_per_block=1, attention_head_dim=2, cross_attention_dim=128,
            norm_num_groups=16, norm_eps=1e-5, act_fn="silu", downsample_padding=1, mid_block_scale_factor=1,
            down_block_types=["DownBlock2D"] + ["CrossAttnDownBlock2D"] * 2, up_block_types=["CrossAttnUpBlock2D"] * 3)
GUIDER = (8, 16, 32, 64)
POSE, SEEN = 3, 4       # channels of a pose picture, and of a frame that is to be refined
CLIP = dict(model_type="clip_vision_model", architectures=["CLIPVisionModelWithProjection"], image_size=64, patch_size=8,
            hidden_size=128, intermediate_size=512, num_hidden_layers=2, num_attention_heads=4, projection_dim=128,
            hidden_act="quick_gelu", layer_norm_eps=1e-5, num_channels=3)
CLIP_MEAN, CLIP_STD = (0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)


def timestep_embedding(t, width):
    half = width // 2
    f = torch.exp(-math.log(10000) * torch.arange(half).float() / half)
    a = t.float()[:, None] * f[None]
    return torch.cat([a.cos(), a.sin()], 1)


class TimeEmbedding(nn.Module):
    def __init__(self, width, out):
        super().__init__()
        self.linear_1, self.linear_2 = nn.Linear(width, out), nn.Linear(out, out)

    def forward(self, x):
        return self.linear_2(F.silu(self.linear_1(x)))


class Resnet(nn.Module):
    def __init__(self, cin, cout, temb, groups, eps):
        super().__init__()
        self.norm1 = nn.GroupNorm(groups, cin, eps=eps)
        self.conv1 = nn.Conv2d(cin, cout, 3, padding=1)
        self.time_emb_proj = nn.Linear(temb, cout)
        self.norm2 = nn.GroupNorm(groups, cout, eps=eps)
        self.conv2 = nn.Conv2d(cout, cout, 3, padding=1)
        nn.init.zeros_(self.conv2.weight)
        nn.init.zeros_(self.conv2.bias)
        self.conv_shortcut = nn.Conv2d(cin, cout, 1) if cin != cout else None

    def forward(self, x, temb):
        h = self.conv1(F.silu(self.norm1(x))) + self.time_emb_proj(temb)[:, :, None, None]
        h = self.conv2(F.silu(self.norm2(h)))
        return (x if self.conv_shortcut is None else self.conv_shortcut(x)) + h


class SelfAttention(nn.Module):
    def __init__(self, c, heads):
        super().__init__()
        self.heads = heads
        self.to_q, self.to_k, self.to_v = (nn.Linear(c, c, bias=False) for _ in range(3))
        self.to_out = nn.ModuleList([nn.Linear(c, c)])

    def split(self, x):
        b, n, c = x.shape
        return x.view(b, n, self.heads, c // self.heads).transpose(1, 2)

    def forward(self, n, bank=None, repeat=1):
        q, k, v = self.to_q(n), self.to_k(n), self.to_v(n)
        if bank is not None:
            k = torch.cat([k, self.to_k(bank).repeat_interleave(repeat, 0)], 1)
            v = torch.cat([v, self.to_v(bank).repeat_interleave(repeat, 0)], 1)
        a = F.scaled_dot_product_attention(self.split(q), self.split(k), self.split(v))
        return self.to_out[0](a.transpose(1, 2).reshape(n.shape))


class TokenAttention(nn.Module):
    """cross attention to one token: its softmax is 1, so queries and keys do not exist"""
    def __init__(self, c, cross):
        super().__init__()
        self.to_v = nn.Linear(cross, c, bias=False)
        self.to_out = nn.ModuleList([nn.Linear(c, c)])

    def forward(self, ctx):
        return self.to_out[0](self.to_v(ctx))[:, None]


class Geglu(nn.Module):
    def __init__(self, c, inner):
        super().__init__()
        self.proj = nn.Linear(c, 2 * inner)

    def forward(self, x):
        value, gate = self.proj(x).chunk(2, -1)
        return value * F.gelu(gate)


class FeedForward(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.net = nn.ModuleList([Geglu(c, 4 * c), nn.Identity(), nn.Linear(4 * c, c)])

    def forward(self, x):
        return self.net[2](self.net[0](x))


class Block(nn.Module):
    def __init__(self, c, heads, cross):
        super().__init__()
        self.norm1, self.attn1 = nn.LayerNorm(c), SelfAttention(c, heads)
        self.attn2 = TokenAttention(c, cross)
        self.norm3, self.ff = nn.LayerNorm(c), FeedForward(c)

    def forward(self, x, ctx, bank, repeat):
        n = self.norm1(x)
        x = x + self.attn1(n, bank, repeat)
        x = x + self.attn2(ctx)
        return x + self.ff(self.norm3(x)), n


class Transformer(nn.Module):
    def __init__(self, c, heads, cross, groups):
        super().__init__()
        self.norm = nn.GroupNorm(groups, c, eps=1e-6)
        self.proj_in, self.proj_out = nn.Conv2d(c, c, 1), nn.Conv2d(c, c, 1)
        self.transformer_blocks = nn.ModuleList([Block(c, heads, cross)])
        nn.init.zeros_(self.proj_out.weight)
        nn.init.zeros_(self.proj_out.bias)

    def forward(self, x, ctx, bank=None, repeat=1):
        b, c, h, w = x.shape
        t = self.proj_in(self.norm(x)).permute(0, 2, 3, 1).reshape(b, h * w, c)
        t, n = self.transformer_blocks[0](t, ctx, bank, repeat)
        return x + self.proj_out(t.view(b, h, w, c).permute(0, 3, 1, 2)), n

    def tokens(self, x):
        """only the normalised tokens (all that the last block of the reference net is for)"""
        t = self.proj_in(self.norm(x)).flatten(2).transpose(1, 2)
        return self.transformer_blocks[0].norm1(t)


class Sampler(nn.Module):
    def __init__(self, c, stride):
        super().__init__()
        self.conv = nn.Conv2d(c, c, 3, stride=stride, padding=1)

    def forward(self, x):
        if self.conv.stride[0] == 1:
            x = F.interpolate(x, scale_factor=2., mode="nearest")
        return self.conv(x)


class Stage(nn.Module):
    """a down block, an up block or the middle: `cins` are the resnets' input widths"""
    def __init__(self, cins, cout, attentions, cfg, temb, down=False, up=False):
        super().__init__()
        g, cross = cfg["norm_num_groups"], cfg["cross_attention_dim"]
        heads = cfg["attention_head_dim"]
        self.resnets = nn.ModuleList([Resnet(c, cout, temb, g, cfg["norm_eps"]) for c in cins])
        self.attentions = nn.ModuleList([Transformer(cout, heads, cross, g) for _ in range(attentions)])
        if down:
            self.downsamplers = nn.ModuleList([Sampler(cout, 2)])
        if up:
            self.upsamplers = nn.ModuleList([Sampler(cout, 1)])


class UNet(nn.Module):
    """role "denoise": latent, t, pose feature, context, bank -> prediction;
    role "reference": latent, context at t = 0 -> bank (a list of token tensors)"""
    def __init__(self, role, cfg=UNET):
        super().__init__()
        self.role = role
        ch, n = cfg["block_out_channels"], cfg["layers_per_block"]
        temb = 4 * ch[0]
        self.width = ch[0]
        self.conv_in = nn.Conv2d(cfg["in_channels"], ch[0], 3, padding=1)
        self.time_embedding = TimeEmbedding(ch[0], temb)
        down, skips, c = [], [ch[0]], ch[0]
        for i, out in enumerate(ch):
            att = n if cfg["down_block_types"][i].startswith("CrossAttn") else 0
            down.append(Stage([c] + [out] * (n - 1), out, att, cfg, temb, down=i < len(ch) - 1))
            skips += [out] * (n + (i < len(ch) - 1))
            c = out
        self.down_blocks = nn.ModuleList(down)
        up = []
        for i, out in enumerate(ch[::-1]):
            att = n + 1 if cfg["up_block_types"][i].startswith("CrossAttn") else 0
            cins = []
            for _ in range(n + 1):
                cins.append(c + skips.pop())
                c = out
            up.append(Stage(cins, out, att, cfg, temb, up=i < len(ch) - 1))
        self.up_blocks = nn.ModuleList(up)
        self.mid_block = Stage([ch[-1], ch[-1]], ch[-1], 1, cfg, temb)
        if role == "denoise":
            self.conv_norm_out = nn.GroupNorm(cfg["norm_num_groups"], ch[0], eps=cfg["norm_eps"])
            self.conv_out = nn.Conv2d(ch[0], cfg["out_channels"], 3, padding=1)
            nn.init.zeros_(self.conv_out.weight)
            nn.init.zeros_(self.conv_out.bias)

    def forward(self, x, t, ctx, pose=None, bank=None, repeat=1, motion=None):
        """motion: a motion.Motion, which ties the frames of each clip together on the way up"""
        temb = F.silu(self.time_embedding(timestep_embedding(t, self.width)))
        tokens, reference = [], self.role == "reference"
        bank = iter(bank) if bank is not None else None

        def attend(m, h):
            h, n = m(h, ctx, next(bank) if bank is not None else None, repeat)
            if reference:
                tokens.append(n)
            return h

        h = self.conv_in(x)
        if pose is not None:
            h = h + pose
        skips = [h]
        for b in self.down_blocks:
            for i, r in enumerate(b.resnets):
                h = r(h, temb)
                if len(b.attentions):
                    h = attend(b.attentions[i], h)
                skips.append(h)
            if hasattr(b, "downsamplers"):
                h = b.downsamplers[0](h)
                skips.append(h)
        m = self.mid_block
        h = m.resnets[1](attend(m.attentions[0], m.resnets[0](h, temb)), temb)
        last = self.up_blocks[-1]
        for k, b in enumerate(self.up_blocks):
            for i, r in enumerate(b.resnets):
                h = r(torch.cat([h, skips.pop()], 1), temb)
                if reference and b is last and i == len(b.resnets) - 1:
                    return tokens + [b.attentions[i].tokens(h)]
                if len(b.attentions):
                    h = attend(b.attentions[i], h)
                if motion is not None:
                    h = motion.up_blocks[k].motion_modules[i](h)
            if hasattr(b, "upsamplers"):
                h = b.upsamplers[0](h)
        return self.conv_out(F.silu(self.conv_norm_out(h)))


class Frame(NamedTuple):
    """what is to be refined; zeros where nothing is"""
    picture: torch.Tensor       # [n,4,H,W] in [0,1]: over the key colour, and its alpha, as large as the pose picture
    latent: torch.Tensor        # [n,C,h,w]
    shown: torch.Tensor         # [n,1,1,1] 1 where there is one


class PoseGuider(nn.Module):
    """pose picture in [0,1] at twice the frame's size -> feature at the latent's size

    It may see a frame, too: its picture beside the pose's, its latent added at the end.  Both begin with no say."""
    def __init__(self, channels=GUIDER, out=UNET["block_out_channels"][0], latent=UNET["in_channels"]):
        super().__init__()
        self.conv_in = nn.Conv2d(POSE + SEEN, channels[0], 3, padding=1)
        nn.init.zeros_(self.conv_in.weight.data[:, POSE:])
        blocks = []
        for a, b in zip(channels[:-1], channels[1:]):
            blocks += [nn.Conv2d(a, a, 3, padding=1), nn.Conv2d(a, b, 3, stride=2, padding=1)]
        self.blocks = nn.ModuleList(blocks)
        self.conv_out = nn.Conv2d(channels[-1], out, 3, padding=1)
        self.latent_in = nn.Conv2d(latent, out, 3, padding=1)
        nn.init.zeros_(self.latent_in.weight)
        nn.init.zeros_(self.latent_in.bias)

    def forward(self, x, frame=None):
        seen = F.pad(x, (0, 0, 0, 0, 0, SEEN)) if frame is None else torch.cat([x, frame.picture], 1)
        x = F.silu(self.conv_in(seen))
        for b in self.blocks:
            x = F.silu(b(x))
        x = self.conv_out(x)
        return x if frame is None else x + frame.shown * self.latent_in(frame.latent)


class ClipLayer(nn.Module):
    def __init__(self, c, inner, heads, eps):
        super().__init__()
        self.heads = heads
        self.self_attn = nn.ModuleDict({k: nn.Linear(c, c) for k in ("q_proj", "k_proj", "v_proj", "out_proj")})
        self.mlp = nn.ModuleDict({"fc1": nn.Linear(c, inner), "fc2": nn.Linear(inner, c)})
        self.layer_norm1, self.layer_norm2 = nn.LayerNorm(c, eps=eps), nn.LayerNorm(c, eps=eps)

    def forward(self, x):
        b, n, c = x.shape
        y, a = self.layer_norm1(x), self.self_attn
        q, k, v = (a[p](y).view(b, n, self.heads, -1).transpose(1, 2) for p in ("q_proj", "k_proj", "v_proj"))
        x = x + a["out_proj"](F.scaled_dot_product_attention(q, k, v).transpose(1, 2).reshape(b, n, c))
        y = self.mlp["fc1"](self.layer_norm2(x))
        return x + self.mlp["fc2"](y * torch.sigmoid(1.702 * y))


class ClipVision(nn.Module):
    """CLIPVisionModelWithProjection: normalised picture -> image_embeds"""
    def __init__(self, cfg=CLIP):
        super().__init__()
        c, n = cfg["hidden_size"], (cfg["image_size"] // cfg["patch_size"]) ** 2 + 1
        self.vision_model = v = nn.Module()
        v.embeddings = e = nn.Module()
        e.class_embedding = nn.Parameter(torch.randn(c) * .02)
        e.patch_embedding = nn.Conv2d(3, c, cfg["patch_size"], cfg["patch_size"], bias=False)
        e.position_embedding = nn.Embedding(n, c)
        nn.init.normal_(e.position_embedding.weight, std=.02)
        v.pre_layrnorm = nn.LayerNorm(c, eps=cfg["layer_norm_eps"])
        v.encoder = nn.Module()
        v.encoder.layers = nn.ModuleList([ClipLayer(c, cfg["intermediate_size"], cfg["num_attention_heads"], cfg["layer_norm_eps"])
                                          for _ in range(cfg["num_hidden_layers"])])
        v.post_layernorm = nn.LayerNorm(c, eps=cfg["layer_norm_eps"])
        self.visual_projection = nn.Linear(c, cfg["projection_dim"], bias=False)

    def forward(self, x):
        v, e = self.vision_model, self.vision_model.embeddings
        x = e.patch_embedding(x).flatten(2).transpose(1, 2)
        x = torch.cat([e.class_embedding.expand(len(x), 1, -1), x], 1) + e.position_embedding.weight
        x = v.pre_layrnorm(x)
        for layer in v.encoder.layers:
            x = layer(x)
        return self.visual_projection(v.post_layernorm(x[:, 0]))


class SpriteModel(nn.Module):
    """the four trained parts together"""
    def __init__(self):
        super().__init__()
        self.denoiser, self.reference = UNet("denoise"), UNet("reference")
        self.guider, self.encoder = PoseGuider(), ClipVision()

    def condition(self, ref_latent, clip_picture):
        ctx = self.encoder(clip_picture)
        zero = torch.zeros(len(ref_latent), dtype=torch.long)
        return ctx, self.reference(ref_latent, zero, ctx)

    def forward(self, zt, t, pose_picture, ref_latent, clip_picture, repeat=1, drop=False, frame=None, motion=None):
        """one training prediction; `drop` is the unconditional row (pose and frame stay)"""
        pose = self.guider(pose_picture, frame)
        if drop:
            ctx = torch.zeros(len(zt), UNET["cross_attention_dim"])
            return self.denoiser(zt, t, ctx, pose, motion=motion)
        ctx, bank = self.condition(ref_latent, clip_picture)
        return self.denoiser(zt, t, ctx.repeat_interleave(repeat, 0), pose, bank, repeat, motion)
