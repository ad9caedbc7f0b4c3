import torch
from transformers import AutoTokenizer, BertModel

name = "sentence-transformers/all-MiniLM-L6-v2"
tokenizer = AutoTokenizer.from_pretrained(name)
model = BertModel.from_pretrained(name).eval()

inputs = tokenizer("Hello, my dog is cute", return_tensors="pt")
mask = inputs["attention_mask"]
with torch.no_grad():
    by_ids = model(**inputs, output_hidden_states=True)
    # Wrong: position, segment and LayerNorm are in there already.
    embeds = by_ids.hidden_states[0]
    by_embeds = model(inputs_embeds=embeds, attention_mask=mask)

change = by_ids.last_hidden_state - by_embeds.last_hidden_state
print(change.abs().sum().item())
