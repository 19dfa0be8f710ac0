"""A small server for laptops and CI with the interface of TensorFlow Serving.

It answers the same gRPC services and REST paths with TensorFlow's own runtime, and is never more
lenient than TensorFlow Serving. What it leaves out (classify, regress and multi-inference, a new
configuration) it answers with UNIMPLEMENTED or 501; it has no batching and no TLS.
"""
