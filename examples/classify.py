#!/usr/bin/env python3
"""Classifies a picture of a digit:  python examples/classify.py [PICTURE] [HOST:PORT]"""
import sys
import numpy as np
import tritonclient.http as triton
from PIL import Image

picture = sys.argv[1] if len(sys.argv) > 1 else "examples/seven.png"
client = triton.InferenceServerClient(sys.argv[2] if len(sys.argv) > 2 else "localhost:8000")
pixels = np.asarray(Image.open(picture).convert("L").resize((8, 8), Image.Resampling.BOX))
image = triton.InferInput("image", [1, 8, 8], "FP32")
image.set_data_from_numpy((pixels / 255).astype(np.float32)[None])
probabilities = client.infer("digits", [image]).as_numpy("probabilities")[0]
print(f"{picture} is a {probabilities.argmax()} ({probabilities.max():.1%})")
