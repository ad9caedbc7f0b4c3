import os

os.environ["TF_USE_LEGACY_KERAS"] = "1"  # transformers speaks Keras 2

import tensorflow as tf
from transformers import AutoTokenizer, TFBertModel

name = "sentence-transformers/all-MiniLM-L6-v2"
tokenizer = AutoTokenizer.from_pretrained(name)
model = TFBertModel.from_pretrained(name, from_pt=True)

inputs = tokenizer("Hello, my dog is cute", return_tensors="tf")
mask = inputs["attention_mask"]
by_ids = model(inputs)
# Right: the word embeddings alone.
embeds = tf.gather(model.bert.embeddings.weight, inputs["input_ids"])
by_embeds = model({"inputs_embeds": embeds, "attention_mask": mask})

change = by_ids.last_hidden_state - by_embeds.last_hidden_state
print(tf.reduce_sum(tf.abs(change)).numpy())
