"""The model as a GGUF file, and back: the weights in Q8_0, the tokenizer, the chat template."""

import json

import gguf
import numpy as np
import torch
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

from .documents import END, END_TURN, START_TURN
from .network import Network, Shape

# Roles system, user and assistant, each message between <|im_start|> and <|im_end|>.
CHAT_TEMPLATE = """{%- for message in messages -%}
{%- if message['role'] not in ['system', 'user', 'assistant'] -%}
{{- raise_exception('tales knows the roles system, user and assistant, not ' + message['role']) -}}
{%- endif -%}
{{- '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>\\n' -}}
{%- endfor -%}
{%- if add_generation_prompt -%}
{{- '<|im_start|>assistant\\n' -}}
{%- endif -%}
"""

OUTER = {"embedding": "token_embd", "output_norm": "output_norm"}
INNER = {
    "attention_norm": "attn_norm",
    "q": "attn_q",
    "k": "attn_k",
    "v": "attn_v",
    "o": "attn_output",
    "feed_forward_norm": "ffn_norm",
    "gate": "ffn_gate",
    "up": "ffn_up",
    "down": "ffn_down",
}


def file_name(parameter):
    """The GGUF name of a parameter: `blocks.2.gate.weight` is `blk.2.ffn_gate.weight`."""
    parts = parameter.split(".")
    if parts[0] == "blocks":
        return f"blk.{parts[1]}.{INNER[parts[2]]}.weight"
    return f"{OUTER[parts[0]]}.weight"


def write(path, network, tokenizer, description):
    """Writes a file that llama.cpp runs as it is."""
    shape = network.shape
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_name("tales")
    writer.add_description(description)
    writer.add_license("apache-2.0")
    writer.add_file_type(gguf.LlamaFileType.MOSTLY_Q8_0)
    writer.add_vocab_size(shape.vocabulary)
    writer.add_context_length(shape.context)
    writer.add_embedding_length(shape.embedding)
    writer.add_block_count(shape.blocks)
    writer.add_feed_forward_length(shape.feed_forward)
    writer.add_head_count(shape.heads)
    writer.add_head_count_kv(shape.kv_heads)
    writer.add_rope_dimension_count(shape.head)
    writer.add_rope_freq_base(shape.rope_base)
    writer.add_layer_norm_rms_eps(shape.epsilon)

    special = {END, START_TURN, END_TURN}
    vocabulary = sorted(tokenizer.get_vocab().items(), key=lambda entry: entry[1])
    kinds = (gguf.TokenType.NORMAL, gguf.TokenType.CONTROL)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list([token for token, _ in vocabulary])
    writer.add_token_types([kinds[token in special] for token, _ in vocabulary])
    writer.add_token_merges(merges(tokenizer))
    writer.add_bos_token_id(tokenizer.token_to_id(END))
    writer.add_eos_token_id(tokenizer.token_to_id(END))
    writer.add_eot_token_id(tokenizer.token_to_id(END_TURN))
    writer.add_add_bos_token(False)
    writer.add_add_eos_token(False)
    writer.add_chat_template(CHAT_TEMPLATE)

    for name, weight in network.named_parameters():
        values = weight.detach().float().numpy()
        if values.ndim == 1:
            writer.add_tensor(file_name(name), values)
            continue
        kind = gguf.GGMLQuantizationType.Q8_0
        writer.add_tensor(file_name(name), gguf.quants.quantize(values, kind), raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def merges(tokenizer):
    pairs = json.loads(tokenizer.to_str())["model"]["merges"]
    return [pair if isinstance(pair, str) else " ".join(pair) for pair in pairs]


def read(path):
    """(network, tokenizer) of a file that `write` wrote; the weights as llama.cpp sees them."""
    reader = gguf.GGUFReader(path)
    value = lambda key: reader.fields[key].contents()  # noqa: E731
    llama = lambda key: value(f"llama.{key}")  # noqa: E731
    network = Network(
        Shape(
            vocabulary=llama("vocab_size"),
            embedding=llama("embedding_length"),
            blocks=llama("block_count"),
            heads=llama("attention.head_count"),
            kv_heads=llama("attention.head_count_kv"),
            feed_forward=llama("feed_forward_length"),
            context=llama("context_length"),
            rope_base=llama("rope.freq_base"),
            epsilon=llama("attention.layer_norm_rms_epsilon"),
        )
    )
    tensors = {tensor.name: tensor for tensor in reader.tensors}
    with torch.no_grad():
        for name, weight in network.named_parameters():
            tensor = tensors[file_name(name)]
            values = gguf.quants.dequantize(tensor.data, tensor.tensor_type)
            weight.copy_(torch.from_numpy(np.array(values)))

    vocabulary = {token: index for index, token in enumerate(value("tokenizer.ggml.tokens"))}
    pairs = [tuple(merge.split(" ")) for merge in value("tokenizer.ggml.merges")]
    tokenizer = Tokenizer(models.BPE(vocabulary, pairs))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens([AddedToken(t) for t in (END, START_TURN, END_TURN)])
    return network.eval(), tokenizer
