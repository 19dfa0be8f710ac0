"""Asks for sentences over gRPC: pip install tensorflow-serving-api."""

import sys

import grpc
import tensorflow as tf
from tensorflow_serving.apis.predict_pb2 import PredictRequest
from tensorflow_serving.apis.prediction_service_pb2_grpc import PredictionServiceStub

address = sys.argv[1] if len(sys.argv) > 1 else "127.0.0.1:8500"
request = PredictRequest()
request.model_spec.name = "reviews"
request.model_spec.signature_name = "generate"
request.inputs["seed"].CopyFrom(tf.make_tensor_proto([1, 2, 3], tf.int64))
request.inputs["temperature"].CopyFrom(tf.make_tensor_proto([1.0, 1.0, 1.0], tf.float32))
request.inputs["top_p"].CopyFrom(tf.make_tensor_proto([0.9, 0.9, 0.9], tf.float32))
with grpc.insecure_channel(address) as channel:
    response = PredictionServiceStub(channel).Predict(request, timeout=10)
for text in tf.make_ndarray(response.outputs["text"]):
    print(text.decode())
