#!/usr/bin/env python3
"""A Stable Diffusion 1.5 checkpoint of random weights (one file, LDM layout), and its operations by kind.
usage: sd15_file.py flops | sd15_file.py write out.safetensors f16|f32"""
import sys, json, struct, collections
T=[]            # (name, shape, kind)  kind: w (weight), one, zero
F=[]            # (part, kind, N-free key, flops)
def t(n,s,k='w'): T.append((n,tuple(s),k))
def conv(n,o,i,k=3): t(n+'.weight',(o,i,k,k)); t(n+'.bias',(o,),'zero')
def lin(n,o,i,b=True):
    t(n+'.weight',(o,i))
    if b: t(n+'.bias',(o,),'zero')
def norm(n,c): t(n+'.weight',(c,),'one'); t(n+'.bias',(c,),'zero')
def fc(part,kind,key,fl): F.append((part,kind,key,fl))
def fconv(part,i,o,hw,k=3): fc(part,'conv%d'%k,'%d->%d@%d'%(i,o,hw),2*i*o*k*k*hw*hw)
def flin(part,m,k,n): fc(part,'linear','%dx%dx%d'%(m,k,n),2*m*k*n)
def res(p,i,o,hw):
    norm(p+'.in_layers.0',i); conv(p+'.in_layers.2',o,i); lin(p+'.emb_layers.1',o,1280)
    norm(p+'.out_layers.0',o); conv(p+'.out_layers.3',o,o)
    fconv('unet',i,o,hw); fconv('unet',o,o,hw); flin('unet',1,1280,o)
    if i!=o: conv(p+'.skip_connection',o,i,1); fconv('unet',i,o,hw,1)
def st(p,c,hw):
    m=hw*hw
    norm(p+'.norm',c); conv(p+'.proj_in',c,c,1); fconv('unet',c,c,hw,1)
    b=p+'.transformer_blocks.0'
    for a,kv,n in(('attn1',c,m),('attn2',768,77)):
        lin(b+'.%s.to_q'%a,c,c,False); lin(b+'.%s.to_k'%a,c,kv,False); lin(b+'.%s.to_v'%a,c,kv,False); lin(b+'.%s.to_out.0'%a,c,c)
        flin('unet',m,c,c); flin('unet',n,kv,c); flin('unet',n,kv,c); flin('unet',m,c,c)
        fc('unet','attn','%s T%d S%d d%d h8'%(a,m,n,c//8),2*2*m*n*c)
    lin(b+'.ff.net.0.proj',8*c,c); lin(b+'.ff.net.2',c,4*c); flin('unet',m,c,8*c); flin('unet',m,4*c,c)
    for i in(1,2,3): norm(b+'.norm%d'%i,c)
    conv(p+'.proj_out',c,c,1); fconv('unet',c,c,hw,1)
def unet(L=64):
    P='model.diffusion_model.'
    lin(P+'time_embed.0',1280,320); lin(P+'time_embed.2',1280,1280); flin('unet',1,320,1280); flin('unet',1,1280,1280)
    conv(P+'input_blocks.0.0',320,4); fconv('unet',4,320,L)
    chs=[320]; ch=320; hw=L; n=1; mult=[1,2,4,4]
    for l,m in enumerate(mult):
        for r in range(2):
            res(P+'input_blocks.%d.0'%n,ch,320*m,hw); ch=320*m
            if l<3: st(P+'input_blocks.%d.1'%n,ch,hw)
            chs.append(ch); n+=1
        if l<3:
            hw//=2; conv(P+'input_blocks.%d.0.op'%n,ch,ch); fconv('unet',ch,ch,hw); chs.append(ch); n+=1
    res(P+'middle_block.0',ch,ch,hw); st(P+'middle_block.1',ch,hw); res(P+'middle_block.2',ch,ch,hw)
    n=0
    for l in(3,2,1,0):
        m=mult[l]
        for r in range(3):
            i=chs.pop(); res(P+'output_blocks.%d.0'%n,ch+i,320*m,hw); ch=320*m; k=1
            if l<3: st(P+'output_blocks.%d.1'%n,ch,hw); k=2
            if l and r==2: hw*=2; conv(P+'output_blocks.%d.%d.conv'%(n,k),ch,ch); fconv('unet',ch,ch,hw)
            n+=1
    norm(P+'out.0',ch); conv(P+'out.2',4,ch); fconv('unet',ch,4,hw)
def vres(part,p,i,o,hw):
    norm(p+'.norm1',i); conv(p+'.conv1',o,i); norm(p+'.norm2',o); conv(p+'.conv2',o,o)
    fconv(part,i,o,hw); fconv(part,o,o,hw)
    if i!=o: conv(p+'.nin_shortcut',o,i,1); fconv(part,i,o,hw,1)
def vattn(part,p,c,hw):
    norm(p+'.norm',c)
    for x in('q','k','v','proj_out'): conv(p+'.'+x,c,c,1); fconv(part,c,c,hw,1)
    fc(part,'attn','vae T%d d%d'%(hw*hw,c),4*hw**4*c)
def vae(L=64):
    P='first_stage_model.'
    E=P+'encoder.'; conv(E+'conv_in',128,3); hw=L*8; fconv('vaeenc',3,128,hw); ch=128
    for l,m in enumerate((1,2,4,4)):
        for r in range(2): vres('vaeenc',E+'down.%d.block.%d'%(l,r),ch,128*m,hw); ch=128*m
        if l<3: hw//=2; conv(E+'down.%d.downsample.conv'%l,ch,ch); fconv('vaeenc',ch,ch,hw)
    vres('vaeenc',E+'mid.block_1',ch,ch,hw); vattn('vaeenc',E+'mid.attn_1',ch,hw); vres('vaeenc',E+'mid.block_2',ch,ch,hw)
    norm(E+'norm_out',ch); conv(E+'conv_out',8,ch); conv(P+'quant_conv',8,8,1); conv(P+'post_quant_conv',4,4,1)
    D=P+'decoder.'; ch=512; conv(D+'conv_in',ch,4); fconv('vaedec',4,ch,hw)
    vres('vaedec',D+'mid.block_1',ch,ch,hw); vattn('vaedec',D+'mid.attn_1',ch,hw); vres('vaedec',D+'mid.block_2',ch,ch,hw)
    for l in(3,2,1,0):
        m=(1,2,4,4)[l]
        for r in range(3): vres('vaedec',D+'up.%d.block.%d'%(l,r),ch,128*m,hw); ch=128*m
        if l: hw*=2; conv(D+'up.%d.upsample.conv'%l,ch,ch); fconv('vaedec',ch,ch,hw)
    norm(D+'norm_out',ch); conv(D+'conv_out',3,ch); fconv('vaedec',ch,3,hw)
def clip():
    P='cond_stage_model.transformer.text_model.'
    t(P+'embeddings.token_embedding.weight',(49408,768)); t(P+'embeddings.position_embedding.weight',(77,768))
    for l in range(12):
        B=P+'encoder.layers.%d.'%l
        for x in 'qkv': lin(B+'self_attn.%s_proj'%x,768,768)
        lin(B+'self_attn.out_proj',768,768); lin(B+'mlp.fc1',3072,768); lin(B+'mlp.fc2',768,3072); norm(B+'layer_norm1',768); norm(B+'layer_norm2',768)
        for _ in range(4): flin('clip',77,768,768)
        flin('clip',77,768,3072); flin('clip',77,3072,768); fc('clip','attn','T77',4*77*77*768)
    norm(P+'final_layer_norm',768)
unet(); vae(); clip()
def main():
    if sys.argv[1]=='flops':
        tot=collections.Counter()
        for p,k,key,f in F: tot[p]+=f; tot[p,k]+=f
        print('params %.1f M'%(sum(__import__('math').prod(s) for _,s,_ in T)/1e6), 'tensors',len(T))
        for p in('unet','vaedec','vaeenc','clip'):
            print('%s total %.1f GFLOP'%(p,tot[p]/1e9), {k[1]:round(v/1e9,2) for k,v in tot.items() if isinstance(k,tuple) and k[0]==p})
        for p in('unet','vaedec'):
            d=collections.OrderedDict()
            for q,k,key,f in F:
                if q==p: e=d.setdefault((k,key),[0,0]); e[0]+=1; e[1]+=f
            for (k,key),(n,f) in sorted(d.items(),key=lambda x:-x[1][1]): print('  %-7s %-7s %-26s x%-3d %9.2f GF %5.1f%%'%(p,k,key,n,f/1e9,100*f/tot[p]))
        return
    import numpy as np
    out,dt=sys.argv[2:4]; D={'f16':np.float16,'f32':np.float32}[dt]; es={'f16':2,'f32':4}[dt]
    rng=np.random.default_rng(1); base=rng.standard_normal(1<<24,dtype=np.float32)
    h={};o=0
    from math import prod,sqrt
    for n,s,k in T:
        z=prod(s)*es; h[n]={'dtype':dt.upper(),'shape':list(s),'data_offsets':[o,o+z]}; o+=z
    j=json.dumps(h).encode(); j+=b' '*(-len(j)%8)
    with open(out,'wb') as f:
        f.write(struct.pack('<Q',len(j))); f.write(j)
        for n,s,k in T:
            c=prod(s)
            if k=='one': a=np.ones(c,D)
            elif k=='zero': a=np.zeros(c,D)
            else:
                fan=prod(s[1:]); sd=0.02 if 'embedding' in n else 0.7/sqrt(fan)
                off=int(rng.integers(0,1<<20)); a=np.empty(c,D); i=0
                while i<c:
                    m=min(c-i,len(base)-off); a[i:i+m]=base[off:off+m]*np.float32(sd); i+=m; off=int(rng.integers(0,1<<20))
            f.write(a.tobytes())
if __name__=='__main__': main()
