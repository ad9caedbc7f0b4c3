import torch
from transformers import AutoTokenizer, BertModel

name = "sentence-transformers/all-MiniLM-L6-v2"
tokenizer = AutoTokenizer.from_pretrained(name)
model = BertModel.from_pretrained(name).eval()

inputs = tokenizer("Hello, my dog is cute", return_tensors="pt")
with torch.no_grad():
    made = model(**inputs, output_hidden_states=True)
    states = made.hidden_states[0][0]  # all that you have

    layer = model.embeddings
    words = layer.word_embeddings.weight
    positions = layer.position_embeddings.weight
    segment = layer.token_type_embeddings.weight[0]
    ids = []
    for position, state in enumerate(states):
        every = layer.LayerNorm(words + positions[position] + segment)
        ids.append((every - state).norm(dim=1).argmin().item())

    embeds = model.get_input_embeddings()(torch.tensor([ids]))

print(tokenizer.decode(ids))  # embeds is what inputs_embeds wants
