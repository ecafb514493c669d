"""From documents to rows of tokens: the tokenizer, packing, and the positions of long rows."""

import random

import numpy as np
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

from .chat import conversation
from .stories import book

END, START_TURN, END_TURN = "<|endoftext|>", "<|im_start|>", "<|im_end|>"


def document(rng, held_out=False):
    """One training document: six in ten are books, the others conversations."""
    return book(rng, held_out) if rng.random() < 0.6 else conversation(rng, held_out)


def train_tokenizer(vocabulary, seed, documents):
    """Byte-level BPE: no text is unknown to it, and decoding gives back every byte."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary,
        special_tokens=[END, START_TURN, END_TURN],
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    rng = random.Random(seed)
    tokenizer.train_from_iterator((document(rng) for _ in range(documents)), trainer)
    return tokenizer


class Rows:
    """An endless supply of training rows of `length` tokens, packed from fresh documents.

    Half of the rows begin with a document, the others where the row before broke one off. Some documents
    are cut into smaller tokens than they need be, so that every token is met.
    """

    def __init__(self, tokenizer, seed, broken=0.06):
        self.rng = random.Random(seed)
        self.tokenizer = tokenizer
        self.end = tokenizer.token_to_id(END)
        self.broken = broken
        self.pieces = Tokenizer.from_str(tokenizer.to_str())
        self.pieces.model.dropout = 0.3
        self.rest = []

    def document(self):
        tokenizer = self.pieces if self.rng.random() < self.broken else self.tokenizer
        return [*tokenizer.encode(document(self.rng)).ids, self.end]

    def row(self, length):
        row = self.rest if self.rng.random() < 0.5 else []
        while len(row) < length:
            row = row + self.document()
        self.rest = row[length:]
        return row[:length]

    def batch(self, rows, length):
        return np.array([self.row(length) for _ in range(rows)])

    def positions(self, rows, length, context):
        """Positions with one gap in each row, so that it spans up to `context` tokens."""
        positions = np.tile(np.arange(length), (rows, 1))
        for row in positions:
            row[self.rng.randrange(1, length) :] += self.rng.randrange(context - length + 1)
        return positions


def held_out_documents(tokenizer, seed, count):
    """Documents about pairs of a character and a thing that no training document has."""
    rng = random.Random(seed)
    end = tokenizer.token_to_id(END)
    texts = [document(rng, held_out=True) for _ in range(count)]
    return texts, [[*tokenizer.encode(text).ids, end] for text in texts]
