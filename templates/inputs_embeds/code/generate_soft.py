import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

name = "Qwen/Qwen2.5-0.5B"
tokenizer = AutoTokenizer.from_pretrained(name)
model = AutoModelForCausalLM.from_pretrained(name).eval()

inputs = tokenizer("Hello, my dog is cute", return_tensors="pt")
with torch.no_grad():
    embeds = model.get_input_embeddings()(inputs["input_ids"])
    # Eight vectors that are no tokens, before the text.
    soft = torch.randn(1, 8, embeds.shape[-1]) * embeds.std()
    whole = torch.cat([soft, embeds], dim=1)
    mask = torch.ones(whole.shape[:2], dtype=torch.long)
    new = model.generate(
        inputs_embeds=whole,
        attention_mask=mask,
        max_new_tokens=20,
    )

print(tokenizer.decode(new[0]))  # without the prompt
