"""Fine-tunes adapters of a causal language model on causal questions, with TRL and PEFT.

    pip install 'hf-causal[finetune]'
    python examples/lora_on_my_model.py ORGANIZATION/NAME runs/lora

Rows have the columns `prompt` and `completion`, so TRL takes them as they are. `hf-causal finetune` does the same with
scores before and after; this script is for your own training code.
"""

import sys

import torch
from peft import LoraConfig
from trl import SFTConfig, SFTTrainer

import hf_causal


def main(model: str, folder: str, rows: int = 2000, steps: int = 200) -> None:
    """Trains adapters and saves them."""
    data = hf_causal.create("transitivity", rows=rows, seed=0).select_columns(["prompt", "completion"])
    # The completion has to be a word of its own after the question.
    data = data.map(lambda row: {"completion": f" {row['completion']}"})
    trainer = SFTTrainer(
        model=model,
        train_dataset=data,
        peft_config=LoraConfig(r=16, target_modules="all-linear", task_type="CAUSAL_LM"),
        args=SFTConfig(
            output_dir=folder,
            max_steps=steps,
            per_device_train_batch_size=8,
            learning_rate=2e-4,
            logging_steps=10,
            bf16=torch.cuda.is_available(),
            use_cpu=not torch.cuda.is_available(),
            report_to="none",
        ),
    )
    trainer.train()
    trainer.save_model(folder)


if __name__ == "__main__":
    main(*sys.argv[1:3])
