"""Asks for sentences over REST, with the standard library alone."""

import json
import sys
from urllib.request import Request, urlopen

address = sys.argv[1] if len(sys.argv) > 1 else "127.0.0.1:8501"
rows = [{"seed": seed, "temperature": 1.0, "top_p": 0.9} for seed in (1, 2, 3)]
body = json.dumps({"signature_name": "generate", "instances": rows}).encode()
with urlopen(Request(f"http://{address}/v1/models/reviews:predict", body), timeout=10) as answer:
    for row in json.load(answer)["predictions"]:
        print(row["text"])
