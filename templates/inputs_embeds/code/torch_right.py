import torch
from transformers import AutoTokenizer, BertModel

name = "sentence-transformers/all-MiniLM-L6-v2"
tokenizer = AutoTokenizer.from_pretrained(name)
model = BertModel.from_pretrained(name).eval()

inputs = tokenizer("Hello, my dog is cute", return_tensors="pt")
mask = inputs["attention_mask"]
with torch.no_grad():
    by_ids = model(**inputs)
    # Right: the word embeddings alone.
    embeds = model.get_input_embeddings()(inputs["input_ids"])
    by_embeds = model(inputs_embeds=embeds, attention_mask=mask)

change = by_ids.last_hidden_state - by_embeds.last_hidden_state
print(change.abs().sum().item())
