#!/usr/bin/env python3
"""Pictures of 512x512 by Stable Diffusion 1.5 from an f16 file, whole: ours and its peers, in turns.

    tools/fake_paint_model.py sd15 sd15.safetensors
    bench/paint.py sd15.safetensors --openvino DIR --python VENV/bin/python --sdcpp PATH/sd-cli

Prints the table of docs/speed.md: seconds are medians of the rounds, ratios medians of each round's own.  P is measured
before and after each of our runs; D = 1607 GFLOP / P, V = 2514 GFLOP / P.  What bench/peers/README.md tells to make first
may be left out, with its option: then nothing of it is measured.  Run it while nothing else runs."""
import argparse, json, os, re, statistics, sys, tempfile, time

HERE = os.path.dirname(os.path.abspath(__file__))
STEP, DECODE = 1607, 2514  # GFLOP, computed directly


def run(command):
    """What it printed, its seconds and its most bytes of memory."""
    with tempfile.TemporaryFile() as out:
        begin = time.perf_counter()
        child = os.posix_spawnp(command[0], command, os.environ,
                                file_actions=[(os.POSIX_SPAWN_DUP2, out.fileno(), 1), (os.POSIX_SPAWN_DUP2, out.fileno(), 2)])
        _, status, usage = os.wait4(child, 0)
        seconds = time.perf_counter() - begin
        out.seek(0)
        text = out.read().decode(errors='replace')
    if status != 0:
        sys.exit('%s failed:\n%s' % (' '.join(command), text[-2000:]))
    return text, seconds, usage.ru_maxrss * 1024


def peak(args):
    text, _, _ = run([os.path.join(args.build, 'bench', 'kernels'), '--peak', '--threads', str(args.threads)])
    return float(text.split()[0])


def ours(args):
    with tempfile.TemporaryDirectory() as there:
        before = peak(args)
        text, _, memory = run([os.path.join(args.build, 'atelier'), 'paint', 'a castle', '--model', args.model, '--size', '512x512',
                               '--steps', str(args.steps), '--guidance', '7.5', '--sampler', 'euler', '--threads',
                               str(args.threads), '--verbose', '-o', os.path.join(there, 'x.png')] + args.flag)
    now = (before + peak(args)) / 2
    stages = [(name, float(s)) for name, s in re.findall(r'^(\S.*?) {2,}([0-9.]+) s\b', text, re.M)]
    took, before = dict(stages), [name for name, _ in stages].index('sampling')
    planned = re.search(r'^memory +([0-9.]+) MiB planned', text, re.M)
    return {'step': took['sampling'] / args.steps, 'decode': took['decode the pictures'],
            'start': sum(s for _, s in stages[:before]), 'memory': memory, 'planned': float(planned[1]) * 2 ** 20, 'peak': now}


def peer(args, words):
    text, _, memory = run([args.python, os.path.join(HERE, 'peers', 'sd15.py'), '--threads', str(args.threads)] + words)
    found = [json.loads(line) for line in text.splitlines() if line.startswith('{')]
    took = {'decode' if 'vae_decode' in f['name'] else 'step': f['seconds'] for f in found}
    return dict(took, memory=max([memory] + [f['bytes'] for f in found if 'bytes' in f]))


def middle(rounds, value):
    return statistics.median(value(r) for r in rounds)


def line(rounds, name, work, flop):
    own = [r['ours'] for r in rounds]
    cells = [name, '%.2f s' % middle(own, lambda r: r[work])]
    shares = [r[work] * r['peak'] / flop for r in own]
    cells.append('%.2f (%.2f, %.2f)' % (statistics.median(shares), min(shares), max(shares)))
    for other in 'openvino', 'sdcpp':
        both = [r for r in rounds if other in r]
        if both:
            cells += ['%.2f s' % middle(both, lambda r: r[other][work]),
                      '%.2f' % middle(both, lambda r: r[other][work] / r['ours'][work])]
    print('| ' + ' | '.join(cells) + ' |')


def table(rounds):
    names = [n for n, key in (('OpenVINO f32', 'openvino'), ('stable-diffusion.cpp', 'sdcpp')) if key in rounds[0]]
    heads = ['work', 'ours', 'in D or V: median (least, most)'] + [h for n in names for h in (n, 'it / ours')]
    print('| ' + ' | '.join(heads) + ' |\n|' + '---|' * len(heads))
    line(rounds, 'step (batch 2)', 'step', STEP)
    line(rounds, 'VAE decode', 'decode', DECODE)
    own = [r['ours'] for r in rounds]
    print('\nFrom the start to the first step: %.2f s.  P: %.0f GFLOP/s.  Most memory: ours %.2f GB (planned %.2f)'
          % (middle(own, lambda r: r['start']), middle(own, lambda r: r['peak']), max(r['memory'] for r in own) / 1e9,
             own[0]['planned'] / 1e9)
          + ''.join(', %s %.2f GB' % (n, max(r[k]['memory'] for r in rounds if k in r) / 1e9)
                    for n, k in (('OpenVINO', 'openvino'), ('stable-diffusion.cpp', 'sdcpp')) if k in rounds[0]) + '.')


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('model')
    parser.add_argument('--build', default=os.path.join(HERE, '..', 'build'))
    parser.add_argument('--rounds', type=int, default=5)
    parser.add_argument('--steps', type=int, default=4)
    parser.add_argument('--threads', type=int, default=2)
    parser.add_argument('--openvino', metavar='DIR', help='its models, made by bench/peers/sd15.py convert')
    parser.add_argument('--sdcpp', metavar='BINARY', help='in the first round only: it is slow')
    parser.add_argument('--python', default=sys.executable, help='that has openvino')
    parser.add_argument('--flag', action='append', default=[], help='one more of ours, as --flag=--memory=2G')
    args = parser.parse_args()
    rounds = []
    for i in range(args.rounds):
        found = {'ours': ours(args)}
        if args.openvino:
            found['openvino'] = peer(args, ['--runs', '1', 'openvino', args.openvino, 'f32'])
        if args.sdcpp and i == 0:
            found['sdcpp'] = peer(args, ['--runs', '2', 'sdcpp', args.sdcpp, args.model])
        rounds.append(found)
        print('round %d: %s' % (i + 1, json.dumps(found)), file=sys.stderr, flush=True)
    table(rounds)


if __name__ == '__main__':
    main()
