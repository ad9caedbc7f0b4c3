import keras
import keras_hub
import numpy as np

name = "bert_base_en_uncased"
model = keras_hub.models.BertBackbone.from_preset(name)
ids = np.array([[101, 7592, 1010, 2026, 3899, 2003, 10140, 102]])
mask, segments = np.ones_like(ids), np.zeros_like(ids)
rest = {"segment_ids": segments, "padding_mask": mask}
by_ids = model({"token_ids": ids, **rest})

# Right: the model from behind its look-up, fed word embeddings alone.
inputs = {tensor.name: tensor for tensor in model.inputs}
table = model.get_layer("token_embedding")
behind = keras.Model(
    [table.output, inputs["segment_ids"], inputs["padding_mask"]],
    model.output,
)
by_embeds = behind([np.array(table(ids)), segments, mask])

last = "sequence_output"
print(np.abs(by_ids[last] - by_embeds[last]).sum())
