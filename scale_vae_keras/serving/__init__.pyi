from scale_vae_keras.runs.export import export as export
from scale_vae_keras.serving.client import Client as Client
from scale_vae_keras.serving.client import ServingError as ServingError
from scale_vae_keras.serving.exporter import publish as publish
from scale_vae_keras.serving.launcher import serve as serve
