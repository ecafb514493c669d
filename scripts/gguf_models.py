"""Tiny GGUF models with random weights for the tests of the llama engine.

`make_test_models.py` writes them. The bytes are the same on every run: every weight comes from a
fixed seed. The decoder has the shape of a Llama and a byte-level vocabulary; the encoder is a BERT
whose words are single letters.
"""

import gguf
import numpy

# The way of ChatML and Hermes: roles between markers, tools as JSON in the system message, calls
# between tags. llama.cpp derives from it how to read the model's answers.
CHAT_TEMPLATE = """\
{%- if tools %}
{{- '<|im_start|>system\\n' }}
{%- if messages[0].role == 'system' %}{{- messages[0].content + '\\n\\n' }}{%- endif %}
{{- '# Tools\\n<tools>' }}
{%- for tool in tools %}{{- '\\n' }}{{- tool | tojson }}{%- endfor %}
{{- '\\n</tools>\\nCall a tool with <tool_call>\\n{"name": <name>, "arguments": <object>}\\n</tool_call>' }}
{{- '<|im_end|>\\n' }}
{%- elif messages[0].role == 'system' %}
{{- '<|im_start|>system\\n' + messages[0].content + '<|im_end|>\\n' }}
{%- endif %}
{%- for message in messages %}
{%- if message.role == 'user' %}
{{- '<|im_start|>user\\n' + message.content + '<|im_end|>\\n' }}
{%- elif message.role == 'assistant' %}
{{- '<|im_start|>assistant\\n' }}
{%- if message.content %}{{- message.content }}{%- endif %}
{%- if message.tool_calls %}
{%- for call in message.tool_calls %}
{{- '\\n<tool_call>\\n{"name": "' + call.function.name + '", "arguments": ' }}
{{- call.function.arguments | tojson }}
{{- '}\\n</tool_call>' }}
{%- endfor %}
{%- endif %}
{{- '<|im_end|>\\n' }}
{%- elif message.role == 'tool' %}
{{- '<|im_start|>user\\n<tool_response>\\n' + message.content + '\\n</tool_response><|im_end|>\\n' }}
{%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}{{- '<|im_start|>assistant\\n' }}{%- endif %}
"""

# Pairs that the vocabulary joins, in this order.
MERGES = ["t h", "th e", "i n", "a n", "an d", "o n", "Ġ t", "Ġt he", "e r", "r e", "Ġ a", "Ġ s"]
CONTROL = ["<|end|>", "<|im_start|>", "<|im_end|>", "<tool_call>", "</tool_call>"]


def byte_letters():
    """The letter that stands for each byte in byte-level vocabularies: GPT-2's table."""
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    letters = {byte: chr(byte) for byte in plain}
    others = [byte for byte in range(256) if byte not in letters]
    return letters | {byte: chr(256 + place) for place, byte in enumerate(others)}


class Weights:
    """Random numbers of a fixed seed, as tensors of a file."""

    def __init__(self, writer, seed):
        self.writer = writer
        self.random = numpy.random.RandomState(seed)

    def matrix(self, name, rows, columns, scale=1.0):
        values = self.random.standard_normal((rows, columns)) * scale / numpy.sqrt(columns)
        self.writer.add_tensor(name, values.astype(numpy.float32))

    def vector(self, name, size, middle):
        values = middle + self.random.standard_normal(size) / 16
        self.writer.add_tensor(name, values.astype(numpy.float32))


def finish(writer):
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def add_byte_vocabulary(writer):
    """Bytes, joined pairs and control tokens; returns how many."""
    letters = byte_letters()
    tokens = [letters[byte] for byte in range(256)]
    tokens += [merge.replace(" ", "") for merge in MERGES]
    kinds = [gguf.TokenType.NORMAL] * len(tokens) + [gguf.TokenType.CONTROL] * len(CONTROL)
    end = len(tokens)
    tokens += CONTROL
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list(tokens)
    writer.add_token_types(kinds)
    writer.add_token_merges(MERGES)
    writer.add_bos_token_id(end)
    writer.add_eos_token_id(end)
    writer.add_eot_token_id(end + 2)
    writer.add_add_bos_token(False)
    return len(tokens)


def write_decoder(path, template=CHAT_TEMPLATE, layers=2, width=64, context=1024):
    """A Llama of 4 heads and 2 key-value heads."""
    heads, key_value_heads, inner = 4, 2, 2 * width
    head = width // heads
    writer = gguf.GGUFWriter(str(path), "llama")
    writer.add_name("headway-test")
    writer.add_context_length(context)
    writer.add_embedding_length(width)
    writer.add_block_count(layers)
    writer.add_feed_forward_length(inner)
    writer.add_head_count(heads)
    writer.add_head_count_kv(key_value_heads)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_dimension_count(head)
    size = add_byte_vocabulary(writer)
    writer.add_vocab_size(size)
    if template is not None:
        writer.add_chat_template(template)
    weights = Weights(writer, 11)
    weights.matrix("token_embd.weight", size, width, scale=8)
    for layer in range(layers):
        block = f"blk.{layer}"
        weights.vector(f"{block}.attn_norm.weight", width, 1)
        weights.matrix(f"{block}.attn_q.weight", width, width, scale=2)
        weights.matrix(f"{block}.attn_k.weight", key_value_heads * head, width, scale=2)
        weights.matrix(f"{block}.attn_v.weight", key_value_heads * head, width)
        weights.matrix(f"{block}.attn_output.weight", width, width, scale=2)
        weights.vector(f"{block}.ffn_norm.weight", width, 1)
        weights.matrix(f"{block}.ffn_gate.weight", inner, width)
        weights.matrix(f"{block}.ffn_up.weight", inner, width)
        weights.matrix(f"{block}.ffn_down.weight", width, inner)
    weights.vector("output_norm.weight", width, 1)
    weights.matrix("output.weight", size, width, scale=3)
    finish(writer)


def write_encoder(path, layers=2, width=64, context=128):
    """A BERT whose output is the mean over the tokens."""
    heads, inner = 4, 2 * width
    tokens = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    letters = "abcdefghijklmnopqrstuvwxyz0123456789.,!?"
    # A word's first piece starts with the block that stands for a space.
    tokens += ["\u2581" + letter for letter in letters] + list(letters)
    writer = gguf.GGUFWriter(str(path), "bert")
    writer.add_name("headway-test-encoder")
    writer.add_context_length(context)
    writer.add_embedding_length(width)
    writer.add_block_count(layers)
    writer.add_feed_forward_length(inner)
    writer.add_head_count(heads)
    writer.add_layer_norm_eps(1e-12)
    writer.add_causal_attention(False)
    writer.add_pooling_type(gguf.PoolingType.MEAN)
    writer.add_tokenizer_model("bert")
    writer.add_token_list(tokens)
    writer.add_token_types(
        [gguf.TokenType.CONTROL] * 5 + [gguf.TokenType.NORMAL] * (len(tokens) - 5))
    writer.add_token_type_count(2)
    writer.add_pad_token_id(0)
    writer.add_unk_token_id(1)
    writer.add_bos_token_id(2)
    writer.add_sep_token_id(3)
    writer.add_mask_token_id(4)
    weights = Weights(writer, 12)
    weights.matrix("token_embd.weight", len(tokens), width, scale=8)
    weights.matrix("token_types.weight", 2, width)
    weights.matrix("position_embd.weight", context, width, scale=2)
    norms = ["token_embd_norm"]
    for layer in range(layers):
        block = f"blk.{layer}"
        for name in ("attn_q", "attn_k", "attn_v", "attn_output"):
            weights.matrix(f"{block}.{name}.weight", width, width)
            weights.vector(f"{block}.{name}.bias", width, 0)
        weights.matrix(f"{block}.ffn_up.weight", inner, width)
        weights.vector(f"{block}.ffn_up.bias", inner, 0)
        weights.matrix(f"{block}.ffn_down.weight", width, inner)
        weights.vector(f"{block}.ffn_down.bias", width, 0)
        norms += [f"{block}.attn_output_norm", f"{block}.layer_output_norm"]
    for name in norms:
        weights.vector(f"{name}.weight", width, 1)
        weights.vector(f"{name}.bias", width, 0)
    finish(writer)


def write_all(folder):
    """Writes every model into `folder`; returns how many files."""
    write_decoder(folder / "decoder.gguf")
    write_decoder(folder / "plain.gguf", template=None)
    write_decoder(folder / "bad_template.gguf", template="{% for message in %}")
    write_encoder(folder / "encoder.gguf")
    (folder / "corrupt.gguf").write_bytes(bytes((i * 37 + 11) % 256 for i in range(512)))
    whole = (folder / "decoder.gguf").read_bytes()
    (folder / "truncated.gguf").write_bytes(whole[: len(whole) // 2])
    return 6
