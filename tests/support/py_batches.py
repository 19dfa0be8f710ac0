"""A `keras.utils.PyDataset` of batches that are there."""

import keras


class PyBatches(keras.utils.PyDataset):
    """The batches in their order."""

    def __init__(self, *batches, **arguments):
        super().__init__(**arguments)
        self.batches = batches

    def __len__(self):
        return len(self.batches)

    def __getitem__(self, index):
        return self.batches[index]
