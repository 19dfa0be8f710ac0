"""The methods of `keras.Model` that models of sentences override."""

import os
import threading
from typing import Any

import tensorflow as tf

from scale_vae_keras.allocator import keep_freed_memory
from scale_vae_keras.conditions.labelled_batches import number_array
from scale_vae_keras.data.input_checks import as_ids, batch_errors, checked_batches
from scale_vae_keras.errors import InputError
from scale_vae_keras.layers.portable_graphs import portable_graph
from scale_vae_keras.text.vocabulary import END_ID, START_ID
from scale_vae_keras.training.sample_weight import refuse_targets, weights_for

_BUILDING = threading.RLock()


class KerasDoors:
    """Mixin that stands before `keras.Model`: ids of any integer type, models built on demand."""

    def __call__(self, ids: Any, *args: Any, **kwargs: Any) -> Any:
        """As `keras.Model.__call__`, for ids of any integer type, also as lists.

        Args:
            ids: `[batch, time]`, see `as_ids`.
            *args: arguments of `call`.
            **kwargs: arguments of `call`.

        Raises:
            InputError: it is not a batch of sentences, or a label is unknown.
        """
        ids, label = as_ids(ids, self.vocabulary_size), kwargs.get("label")
        if label is not None:
            if not self.built:
                # Keras would hand `build` a shape for each tensor.
                self.ensure_built()
            if self.labels and tf.executing_eagerly():
                kwargs["label"] = tf.constant(number_array(self, label, len(ids)))
        return super().__call__(ids, *args, **kwargs)

    @property
    def input_dtype(self) -> str:
        """What Keras writes into the signature of a SavedModel; it would say float32."""
        return "int32"

    def ensure_built(self) -> None:
        """Creates the weights, and the optimizer's, of a model that is new."""
        keep_freed_memory()
        with _BUILDING, self.distribute_strategy.scope():
            if not self.built:
                self.build((None, None))
            if self.compiled and not self.optimizer.built:
                self.optimizer.build(self.trainable_variables)

    def train_on_batch(
        self,
        x: Any,
        y: Any = None,
        sample_weight: Any = None,
        class_weight: None = None,
        return_dict: bool = False,
    ) -> list[float] | dict[str, float]:
        """One update from a global batch, on all replicas of the model's strategy.

        Args:
            x: ids `[batch, time]`, see `as_ids`.
            y: the labels of a model with a condition, names or numbers; else None.
            sample_weight: one weight per sentence, `[batch]`.
            class_weight: must be None.
            return_dict: whether to name the values.

        Returns:
            Loss, reconstruction and KL, means over the sentences of the batch, in nats.

        Raises:
            InputError: there are targets or class weights, or it is not a batch.
        """
        self._ready(y, class_weight)
        self.make_train_function()
        return self._run_on_batch(self.train_function, x, y, sample_weight, return_dict)

    def test_on_batch(
        self, x: Any, y: Any = None, sample_weight: Any = None, return_dict: bool = False
    ) -> list[float] | dict[str, float]:
        """Evaluates a global batch; arguments as for `train_on_batch`."""
        self._ready(y)
        self.make_test_function()
        return self._run_on_batch(self.test_function, x, y, sample_weight, return_dict)

    def predict_on_batch(self, x: Any) -> Any:
        """As `keras.Model.predict_on_batch`, for ids as `call` takes them."""
        return self.predict(as_ids(x, self.vocabulary_size), batch_size=len(x), verbose=0)

    def predict(self, x: Any, *args: Any, **kwargs: Any) -> Any:
        """As `keras.Model.predict`: the terms of each sentence, with batches as for `fit`."""
        if self.labels:
            raise InputError("predict reads no labels: call the model, model(ids, label=labels)")
        with batch_errors():
            return super().predict(checked_batches(x, self.vocabulary_size), *args, **kwargs)

    def _ready(self, y, class_weight=None):
        refuse_targets(None if self.labels else y, class_weight)
        self._check_compiled()
        self.ensure_built()

    def _check_compiled(self):
        if not self.compiled:
            raise InputError("the model is not compiled: call compile(optimizer) first")

    def _run_on_batch(self, function, x, labels, sample_weight, return_dict):
        self.reset_metrics()
        ids = as_ids(x, self.vocabulary_size)
        label = tf.constant(number_array(self, labels, len(ids))) if self.labels else None
        batch = (ids, label) if self.labels else ids
        if sample_weight is not None:
            batch = (ids, label, weights_for(ids, sample_weight))
        logs = {name: float(value) for name, value in function(iter([batch])).items()}
        return logs if return_dict else list(logs.values())

    def summary(self, *args: Any, **kwargs: Any) -> None:
        """As `keras.Model.summary`; builds the model first."""
        self.ensure_built()
        super().summary(*args, **kwargs)

    def export(
        self,
        filepath: str | os.PathLike,
        format: str = "tf_saved_model",
        input_signature: Any = None,
        **kwargs: Any,
    ) -> None:
        """As `keras.Model.export`: the terms of the loss from int32 ids `[batch, time]`.

        For a server that takes and gives text, see `scale_vae_keras.serving.export`.

        Args:
            filepath: the folder to create.
            format: "tf_saved_model".
            input_signature: int32 ids by default.
            **kwargs: arguments of `keras.Model.export`.

        Raises:
            InputError: another format is asked for.
        """
        if format != "tf_saved_model":
            raise InputError(
                f"a model of sentences is exported as tf_saved_model, not as {format}; for "
                "TensorFlow Serving use sv.serving.export"
            )
        if self.labels:
            raise InputError("a model with a condition can only be exported by sv.serving.export")
        self.ensure_built()
        ids = tf.TensorSpec([None, None], tf.int32, "ids")
        # Keras refuses to export a loaded model that has not been called yet.
        self([[START_ID, END_ID]])
        with portable_graph():
            super().export(
                str(filepath), format, input_signature=input_signature or [ids], **kwargs
            )
