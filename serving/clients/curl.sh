#!/bin/sh
# Asks for sentences over REST: serving/clients/curl.sh [HOST:PORT]
set -eu
curl --silent --show-error --fail-with-body --max-time 10 \
  --data '{"signature_name": "generate", "inputs": {"seed": [1, 2, 3], "temperature": [1, 1, 1], "top_p": [0.9, 0.9, 0.9]}}' \
  "http://${1:-127.0.0.1:8501}/v1/models/reviews:predict"
