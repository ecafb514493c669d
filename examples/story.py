#!/usr/bin/env python3
"""Streams a story with the official client of OpenAI's API:  python examples/story.py [WISH] [HOST:PORT]"""
import sys
from openai import OpenAI

wish = sys.argv[1] if len(sys.argv) > 1 else "Tell me a story about a fox and a lantern."
server = sys.argv[2] if len(sys.argv) > 2 else "localhost:8000"
client = OpenAI(base_url=f"http://{server}/v1", api_key="not needed")
for event in client.chat.completions.create(
    model="tales", messages=[{"role": "user", "content": wish}], temperature=0.7, stream=True
):
    print(event.choices[0].delta.content or "" if event.choices else "", end="", flush=True)
print()
