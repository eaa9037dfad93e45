"""Training a judge: perceive, then sft, then grpo; recipes, rewards, and what they share."""
