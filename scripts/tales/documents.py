"""From documents to rows of tokens: the tokenizer, packing, and which tokens say who and what."""

import random

import numpy as np
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

from .chat import conversation
from .drills import NAMED, drill
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
    """An endless supply of training rows, packed from fresh documents.

    Half of the rows begin with a document, the others where the row before broke one off. Some documents
    are cut into smaller tokens than they need be, so that every token is met.
    """

    def __init__(self, tokenizer, seed, broken=0.03):
        self.rng = random.Random(seed)
        self.tokenizer = tokenizer
        self.end = tokenizer.token_to_id(END)
        self.broken = broken
        self.pieces = Tokenizer.from_str(tokenizer.to_str())
        self.pieces.model.dropout = 0.2
        self.rest = {}

    def document(self, kind):
        tokenizer = self.pieces if self.rng.random() < self.broken else self.tokenizer
        text = drill(self.rng) if kind == "d" else document(self.rng)
        return [*tokenizer.encode(text).ids, self.end]

    def row(self, kind, length):
        row = self.rest.get(kind, []) if self.rng.random() < 0.5 else []
        while len(row) < length:
            row = row + self.document(kind)
        self.rest[kind] = row[length:]
        return row[:length]

    def batch(self, kind, rows, length):
        """Rows of drills (kind `d`) or of stories, one token longer than `length`."""
        return np.array([self.row(kind, length + 1) for _ in range(rows)])


def names_who_and_what(tokenizer):
    """For each token, 1 if it says who or what: it has the name of a character, a kind, a thing."""
    found = np.zeros(tokenizer.get_vocab_size(), np.float32)
    for word in NAMED:
        for token in (*tokenizer.encode(" " + word).ids, *tokenizer.encode(word).ids):
            found[token] = len(tokenizer.id_to_token(token)) > 2
    return found


def held_out_documents(tokenizer, seed, count):
    """Documents about pairs of a character and a thing that no training document has."""
    rng = random.Random(seed)
    end = tokenizer.token_to_id(END)
    texts = [document(rng, held_out=True) for _ in range(count)]
    return texts, [[*tokenizer.encode(text).ids, end] for text in texts]
