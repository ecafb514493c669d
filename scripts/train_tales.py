#!/usr/bin/env python3
"""Trains the demo model `tales` and writes it as GGUF.

    build/venv-tales/bin/python scripts/train_tales.py             # train, write, evaluate
    build/venv-tales/bin/python scripts/train_tales.py --evaluate  # only measure the committed file
    build/venv-tales/bin/python scripts/train_tales.py --prompt "Once upon a time"

Needs what scripts/requirements-tales.txt lists. The corpus is made here, by the grammar in
scripts/tales: nothing is downloaded, and no document is shown twice. About half an hour on one
core; the same seed gives the same documents.
"""

import argparse
import math
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import torch
from torch.nn import functional

from tales import documents, gguf_file
from tales.network import Network, Shape

ROOT = Path(__file__).resolve().parent.parent
MODEL = ROOT / "models" / "tales" / "1" / "model.gguf"

SEED = 20261122
TOKENIZER_DOCUMENTS = 4000
HELD_OUT_DOCUMENTS = 300

# Rows and tokens of a step over drills, over stories, and over many stories in one long row.
BATCHES = {"d": (24, 128), "s": (8, 512), "l": (1, 4096)}
WARM_UP = 20  # steps
# How much more than others a token counts that says who or what.
EMPHASIS = 1.0


@dataclass(frozen=True)
class Phase:
    """A part of the training: what its steps go over, in turn, and how the learning rate moves."""

    pattern: str
    steps: int
    rates: tuple


# First the language, then who is who, then both together.
PHASES = (
    Phase("s", steps=430, rates=(4e-3, 4e-3)),
    Phase("s", steps=430, rates=(4e-3, 0)),
    Phase("d", steps=240, rates=(3e-3, 3e-3)),
    Phase("dss", steps=140, rates=(3e-3, 1.5e-3)),
    Phase("sssssssl", steps=330, rates=(2e-3, 0)),
)


def optimizers(network):
    """Muon for the matrices of the blocks, AdamW for the embedding and the norms."""
    matrices = [p for p in network.blocks.parameters() if p.ndim == 2]
    others = [p for p in network.parameters() if not any(p is m for m in matrices)]
    return (
        torch.optim.Muon(matrices, weight_decay=0.05, adjust_lr_fn="match_rms_adamw"),
        torch.optim.AdamW(others, betas=(0.9, 0.95), weight_decay=0.0, fused=True),
    )


def train(network, tokenizer, scale):
    named = torch.from_numpy(documents.names_who_and_what(tokenizer))
    rows, both = documents.Rows(tokenizer, SEED + 1), optimizers(network)
    started = time.monotonic()
    for number, phase in enumerate(PHASES, 1):
        steps, smooth = round(phase.steps * scale), {}
        for step in range(steps):
            kind = phase.pattern[step % len(phase.pattern)]
            tokens = torch.from_numpy(rows.batch(kind, *BATCHES[kind]))
            first, last = phase.rates
            rate = (first + (last - first) * step / steps) * min(1, (step + 1) / WARM_UP)
            for optimizer in both:
                optimizer.param_groups[0]["lr"] = rate
                optimizer.zero_grad()
            with torch.autocast("cpu", torch.bfloat16):
                losses = network.losses(tokens)
            weights = 1 + EMPHASIS * named[tokens[:, 1:].flatten()]
            ((losses * weights).sum() / weights.sum()).backward()
            torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            for optimizer in both:
                optimizer.step()
            loss = losses.mean().item()
            smooth[kind] = 0.9 * smooth.get(kind, loss) + 0.1 * loss
            if (step + 1) % 20 == 0:
                minutes = (time.monotonic() - started) / 60
                now = ", ".join(f"{kind} {value:.3f}" for kind, value in smooth.items())
                print(f"==> phase {number}, step {step + 1}: {now}; {minutes:.1f} min", flush=True)


@torch.no_grad()
def held_out_perplexity(network, tokenizer):
    """Over documents that training never saw: (perplexity per token, bits per byte)."""
    texts, encoded = documents.held_out_documents(tokenizer, SEED + 2, HELD_OUT_DOCUMENTS)
    total = sum(network.losses(torch.tensor([ids])).sum().item() for ids in encoded)
    tokens = sum(len(ids) - 1 for ids in encoded)
    size = sum(len(text.encode()) for text in texts)
    return math.exp(total / tokens), total / math.log(2) / size


@torch.no_grad()
def perplexity_by_position(network, tokenizer, length):
    """Of held-out documents packed into one row, for each stretch of positions."""
    rows = []
    _, encoded = documents.held_out_documents(tokenizer, SEED + 3, 800)
    packed = [token for ids in encoded for token in ids]
    for start in range(0, min(len(packed), 8 * length) - length, length):
        rows.append(network.losses(torch.tensor([packed[start : start + length + 1]])))
    losses = torch.stack(rows).mean(0)
    edges = [0, 512, 2048, length]
    return {(a, b): losses[a:b].mean().exp().item() for a, b in zip(edges, edges[1:])}


@torch.no_grad()
def continue_text(network, tokenizer, prompt, tokens, temperature=0.0, seed=0):
    """The prompt continued, greedily at temperature 0."""
    generator = torch.Generator().manual_seed(seed)
    ids = tokenizer.encode(prompt).ids
    start = len(ids)
    stops = {tokenizer.token_to_id(documents.END), tokenizer.token_to_id(documents.END_TURN)}
    for _ in range(tokens):
        logits = network(torch.tensor([ids]))[0, -1]
        if temperature:
            weights = functional.softmax(logits / temperature, -1)
            ids.append(torch.multinomial(weights, 1, generator=generator).item())
        else:
            ids.append(logits.argmax().item())
        if ids[-1] in stops:
            break
    return tokenizer.decode(ids[start:])


def evaluate(path):
    network, tokenizer = gguf_file.read(path)
    perplexity, bits = held_out_perplexity(network, tokenizer)
    print(f"held-out perplexity: {perplexity:.2f} per token, {bits:.3f} bits per byte ({path.name})")
    for (a, b), value in perplexity_by_position(network, tokenizer, network.shape.context).items():
        print(f"    packed, positions {a} to {b}: {value:.2f}")
    return perplexity


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--evaluate", action="store_true", help="measure the file only")
    parser.add_argument("--prompt", help="continue this text with the file")
    parser.add_argument("--temperature", type=float, default=0.0)
    parser.add_argument("--tokens", type=int, default=200)
    parser.add_argument("--scale", type=float, default=1.0, help="a share of the steps, for trials")
    parser.add_argument("--output", type=Path, default=MODEL)
    arguments = parser.parse_args()
    torch.manual_seed(SEED)
    torch.set_num_threads(1)

    if arguments.prompt is not None:
        network, tokenizer = gguf_file.read(arguments.output)
        print(continue_text(
            network, tokenizer, arguments.prompt, arguments.tokens, arguments.temperature
        ))  # fmt: skip
        return
    if not arguments.evaluate:
        shape = Shape()
        tokenizer = documents.train_tokenizer(shape.vocabulary, SEED, TOKENIZER_DOCUMENTS)
        network = Network(shape)
        print(f"==> {sum(p.numel() for p in network.parameters()):,} parameters", flush=True)
        train(network, tokenizer, arguments.scale)
        arguments.output.parent.mkdir(parents=True, exist_ok=True)
        gguf_file.write(arguments.output, network, tokenizer, "Tells tiny stories")
        print(f"==> wrote {arguments.output} ({arguments.output.stat().st_size:,} bytes)")
    if evaluate(arguments.output) > 6:
        sys.exit("error: held-out perplexity is above 6")


if __name__ == "__main__":
    main()
