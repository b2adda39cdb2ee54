"""Files that people give to `atelier paint` by mistake.

    strangers.py DIR    where make_models has put its tiny models

Those of published size have true headers and no numbers (tests/support/shapes.py)."""
import json, os, shutil, struct, sys, zlib

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'support'))
import shapes


def save(name, data):
    with open(name, 'wb') as f:
        f.write(data if isinstance(data, bytes) else data.encode())


def tensors(name, found, dtype='F32', width=4, fill=b'\0'):
    """A small file: name -> shape."""
    header, at = {}, 0
    for key, shape in found.items():
        size = width
        for d in shape:
            size *= d
        header[key] = {'dtype': dtype, 'shape': list(shape), 'data_offsets': [at, at + size]}
        at += size
    text = json.dumps(header).encode()
    text += b' ' * (-len(text) % 8)
    save(name, struct.pack('<Q', len(text)) + text + (fill * at)[:at])


def again(name, source, change):
    """source with its header changed by change(header), and its numbers by what that returns."""
    data = open(source, 'rb').read()
    size = struct.unpack_from('<Q', data)[0]
    header, numbers = json.loads(data[8:8 + size]), data[8 + size:]
    numbers = change(header, numbers) or numbers
    text = json.dumps(header).encode()
    text += b' ' * (-len(text) % 8)
    save(name, struct.pack('<Q', len(text)) + text + numbers)


def fp8(header, numbers):
    for entry in header.values():
        if 'dtype' in entry:
            begin, end = entry['data_offsets']
            entry.update(dtype='F8_E4M3', data_offsets=[begin // 4, end // 4])
    return numbers[:len(numbers) // 4]


def nan(*layers):
    """Only these, so that what comes before them is sound."""
    def change(header, numbers):
        for layer in layers:
            begin, end = header[layer]['data_offsets']
            numbers = numbers[:begin] + struct.pack('<f', float('nan')) * ((end - begin) // 4) + numbers[end:]
        return numbers
    return change


def broken(part, *layers):
    """A part of 1.x with layers that are no numbers."""
    file = 'model.safetensors' if part == 'text_encoder' else 'diffusion_pytorch_model.safetensors'
    name = 'nan_' + part.split('_')[0]
    os.mkdir(name)
    shutil.copy('sd1/%s/config.json' % part, name)
    again('%s/%s' % (name, file), 'sd1/%s/%s' % (part, file), nan(*layers))


def png(name, width, height, grey):
    """Of one grey; a function says it for each pixel."""
    rows = b''.join(b'\0' + bytes(grey(x, y) for x in range(width)) for y in range(height))
    chunks = (b'IHDR', struct.pack('>IIBBBBB', width, height, 8, 0, 0, 0, 0)), (b'IDAT', zlib.compress(rows)), (b'IEND', b'')
    save(name, b'\x89PNG\r\n\x1a\n' + b''.join(struct.pack('>I', len(d)) + k + d + struct.pack('>I', zlib.crc32(k + d))
                                               for k, d in chunks))


def copy(name, without=None, **text):
    """The folder of 1.x without a part, or with other text in its files."""
    shutil.copytree('sd1', name, ignore=lambda at, _: [without] if without else [])
    for path, change in text.items():
        path = os.path.join(name, path.replace('__', '/') + '.json')
        words = open(path).read()
        os.remove(path)
        save(path, change(words))


def lora(layer, width, out):
    return {layer + '.lora_down.weight': (4, width), layer + '.lora_up.weight': (out, 4)}


def main(folder):
    os.chdir(folder)
    save('page.safetensors', '<!doctype html>\n<html><head><title>Sign in</title></head></html>\n')
    save('pointer.safetensors', 'version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 4265146304\n')
    save('text.safetensors', 'a text, whatever its name says\n')
    save('empty.safetensors', '')
    save('notes.txt', 'these are notes\n')
    tensors('other.safetensors', {'fc.weight': (2, 2)})
    tensors('flux.safetensors', {'double_blocks.0.img_attn.qkv.weight': (6, 2), 'img_in.weight': (2, 2)})
    tensors('sd3.safetensors', {'model.diffusion_model.joint_blocks.0.x_block.attn.qkv.weight': (6, 2),
                                'model.diffusion_model.x_embedder.proj.weight': (2, 2, 1, 1)})
    tensors('upscaler.safetensors', {'params.body.0.weight': (16, 3, 3, 3), 'params.body.0.bias': (16,),
                                     'params.body.1.weight': (16,), 'params.body.2.weight': (12, 16, 3, 3),
                                     'params.body.2.bias': (12,)})
    at = 'lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn2_to_k'
    tensors('lora_sdxl.safetensors', lora(at.replace('blocks_0_att', 'blocks_1_att', 1), 2048, 640))
    tensors('lora_stray.safetensors', lora('lora_unet_somewhere_else', 32, 32))
    tensors('lora_half.safetensors', {at + '.lora_down.weight': (4, 32)})
    tensors('loha.safetensors', {at + '.hada_w1_a': (4, 4)})
    tensors('word_sdxl.safetensors', {'clip_l': (2, 768), 'clip_g': (2, 1280)})
    tensors('toy.safetensors', {'<toy>': (2, 32)})
    sd2_control = dict(controlnet=shapes.unet_config(context=1024, linear=True))
    shapes.write_sparse('sd15.safetensors', shapes.tensors(shapes.MODELS['sd15'], 'ldm'))
    shapes.write_sparse('control_sd2.safetensors', shapes.tensors(sd2_control, 'ldm'))
    shapes.write_sparse('refiner.safetensors', shapes.tensors(shapes.MODELS['sdxl-refiner'], 'ldm'))
    shapes.write_sparse('no_vae.safetensors', shapes.tensors({p: c for p, c in shapes.MODELS['sd15'].items() if p != 'vae'}, 'ldm'))
    unet = 'sd1/unet/diffusion_pytorch_model.safetensors'
    again('fp8.safetensors', unet, fp8)
    broken('unet', 'conv_out.weight')
    broken('vae', 'decoder.conv_out.weight', 'encoder.conv_out.weight')
    broken('text_encoder', 'text_model.final_layer_norm.weight')
    whole = open(unet, 'rb').read()
    save('cut.safetensors', whole[:len(whole) // 2])
    save('cut_header.safetensors', whole[:100])
    shutil.copy('changes.safetensors', 'a:b.safetensors')
    for part in 'unet', 'vae', 'text', 'words':
        copy('no_' + part, {'text': 'text_encoder', 'words': 'tokenizer'}.get(part, part))
    copy('half_words', 'vocab.json')
    copy('no_weights', 'diffusion_pytorch_model.safetensors')
    copy('heun', scheduler__scheduler_config=lambda s: s.replace('PNDMScheduler', 'HeunDiscreteScheduler'))
    copy('broken', unet__config=lambda s: s.replace('32,', '40,', 1))
    copy('broken_json', vae__config=lambda s: s[:len(s) // 2])
    os.mkdir('flux')
    save('flux/model_index.json', '{"_class_name": "FluxPipeline", "transformer": ["diffusers", "FluxTransformer2DModel"]}')
    os.mkdir('notes')
    os.mkdir('folder.png')
    png('init.png', 48, 32, lambda x, y: x * 5)
    png('mask.png', 48, 32, lambda x, y: 255 * (10 < x < 30 and y > 9))
    png('black.png', 48, 32, lambda x, y: 0)
    png('small.png', 20, 20, lambda x, y: 255)
    png('tiny.png', 4, 4, lambda x, y: 99)
    save('cut.png', open('init.png', 'rb').read()[:60])


if __name__ == '__main__':
    main(sys.argv[1])
