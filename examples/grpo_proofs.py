"""Reinforces valid proofs with TRL's `GRPOTrainer`: the reward is a program that checks them.

    pip install 'hf-causal[finetune]'
    python examples/grpo_proofs.py ORGANIZATION/NAME runs/grpo

`hf-causal finetune MODEL --method grpo --answers proof` does the same with scores before and after; this script is for
your own training code. A model that never writes a valid proof learns nothing: fine-tune it on proofs first.
"""

import sys

import torch
from trl import GRPOConfig, GRPOTrainer

import hf_causal
from hf_causal.posttraining.rewards import proof_reward, reward_rows


def main(model: str, folder: str, rows: int = 500, steps: int = 100, generations: int = 8, tokens: int = 96) -> None:
    """Samples answers to each question, rewards those whose proofs hold, and saves the model."""
    data = reward_rows(hf_causal.create("transitivity", rows=rows, seed=0), form="proof")
    trainer = GRPOTrainer(
        model=model,
        reward_funcs=proof_reward,
        train_dataset=data,
        args=GRPOConfig(
            output_dir=folder,
            max_steps=steps,
            per_device_train_batch_size=generations,
            num_generations=generations,
            max_completion_length=tokens,
            learning_rate=1e-6,
            logging_steps=1,
            bf16=torch.cuda.is_available(),
            use_cpu=not torch.cuda.is_available(),
            report_to="none",
        ),
    )
    trainer.train()
    trainer.save_model(folder)


if __name__ == "__main__":
    main(*sys.argv[1:3])
