#!/usr/bin/env python3
"""Trains the demo model `tales` and writes it as GGUF.

    build/venv-tales/bin/python scripts/train_tales.py             # train, write, evaluate
    build/venv-tales/bin/python scripts/train_tales.py --evaluate  # only measure the committed file
    build/venv-tales/bin/python scripts/train_tales.py --prompt "Once upon a time"

Needs what scripts/requirements-tales.txt lists. The corpus is made here, by the grammar in
scripts/tales: nothing is downloaded, and no document is shown twice. About twenty-five minutes on one
core; the same seed gives the same documents.
"""

import argparse
import math
import sys
import time
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

# Most steps see rows of 512 tokens; the last ones see long rows, with positions up to the context.
STEPS, ROWS, LENGTH = 800, 8, 512
LONG_STEPS, LONG_LENGTH = 60, 4096
WARM_UP = 40
RATE = 4e-3


def learning_rate(step, steps):
    """Linear warm-up, constant, and a linear decay over the last half."""
    return RATE * min(1, (step + 1) / WARM_UP, 2 * (steps - step) / steps)


def optimizers(network):
    """Muon for the matrices of the blocks, AdamW for the embedding and the norms."""
    matrices = [p for p in network.blocks.parameters() if p.ndim == 2]
    others = [p for p in network.parameters() if not any(p is m for m in matrices)]
    return (
        torch.optim.Muon(matrices, weight_decay=0.05, adjust_lr_fn="match_rms_adamw"),
        torch.optim.AdamW(others, betas=(0.9, 0.95), weight_decay=0.0, fused=True),
    )


def train(network, tokenizer, scale):
    rows = documents.Rows(tokenizer, SEED + 1)
    both = optimizers(network)
    short, long = round(STEPS * scale), round(LONG_STEPS * scale)
    started, smooth = time.monotonic(), None
    for step in range(short + long):
        if step < short:
            tokens, positions = rows.batch(ROWS, LENGTH + 1), None
        else:
            tokens = rows.batch(1, LONG_LENGTH + 1)
            positions = torch.from_numpy(rows.positions(1, LONG_LENGTH, network.shape.context))
        for optimizer in both:
            optimizer.param_groups[0]["lr"] = learning_rate(step, short + long)
            optimizer.zero_grad()
        with torch.autocast("cpu", torch.bfloat16):
            loss = network.loss(torch.from_numpy(tokens), positions)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        for optimizer in both:
            optimizer.step()
        smooth = loss.item() if smooth is None else 0.95 * smooth + 0.05 * loss.item()
        if (step + 1) % 20 == 0:
            minutes = (time.monotonic() - started) / 60
            print(f"==> step {step + 1}/{short + long}  loss {smooth:.3f}  {minutes:.1f} min", flush=True)


@torch.no_grad()
def held_out_perplexity(network, tokenizer):
    """Over documents that training never saw: (perplexity per token, bits per byte)."""
    texts, encoded = documents.held_out_documents(tokenizer, SEED + 2, HELD_OUT_DOCUMENTS)
    total = sum(network.loss(torch.tensor([ids])).item() * (len(ids) - 1) for ids in encoded)
    tokens = sum(len(ids) - 1 for ids in encoded)
    size = sum(len(text.encode()) for text in texts)
    return math.exp(total / tokens), total / math.log(2) / size


@torch.no_grad()
def perplexity_by_position(network, tokenizer, length):
    """Of held-out documents packed into one row, for each stretch between powers of two."""
    rows = []
    _, encoded = documents.held_out_documents(tokenizer, SEED + 3, 800)
    packed = [token for ids in encoded for token in ids]
    for start in range(0, min(len(packed), 8 * length) - length, length):
        row = torch.tensor([packed[start : start + length + 1]])
        logits = network(row[:, :-1])[0]
        rows.append(functional.cross_entropy(logits, row[0, 1:], reduction="none"))
    losses = torch.stack(rows).mean(0)
    edges = [0, 512, 2048, 4096, length]
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
