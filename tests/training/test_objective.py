"""The GRPO objective: hand-computed values, and TRL's loss on the same batch."""

import math

import pytest
import torch

from reeljudge.training.objective import advantages, grpo_loss, kl_k3


def test_advantages_use_the_unbiased_spread_of_the_group() -> None:
    rewards = torch.tensor([[1.0, 0.0, 0.0, 0.0], [0.4, 0.4, 0.4, 0.4]])
    # mean 1/4, unbiased std sqrt((9/16 + 3/16) / 3) = 0.5
    expected = [0.75 / 0.5001, -0.25 / 0.5001, -0.25 / 0.5001, -0.25 / 0.5001]
    found = advantages(rewards)
    assert found[0].tolist() == pytest.approx(expected)
    assert found[1].tolist() == [0.0] * 4  # where all earn the same there is nothing to learn


def test_kl_is_the_clamped_k3_estimate() -> None:
    new, old = torch.tensor([0.0, -1.0, -30.0]), torch.tensor([0.0, -2.0, 0.0])
    expected = [0.0, math.exp(-1) + 1 - 1, math.exp(10) - 10 - 1]
    assert kl_k3(new, old).tolist() == pytest.approx(expected)
    assert (kl_k3(torch.randn(100), torch.randn(100)) >= 0).all()


def test_the_loss_is_a_mean_over_tokens_and_then_over_replies() -> None:
    new = torch.tensor([[-1.0, -1.0], [-2.0, 0.0]], requires_grad=True)
    mask = torch.tensor([[1.0, 1.0], [1.0, 0.0]])
    advantage = torch.tensor([2.0, -1.0])
    loss = grpo_loss(new, new.detach(), advantage, mask, beta=0.04)
    assert loss.item() == pytest.approx(-(2.0 + -1.0) / 2)
    loss.backward()
    # d/dlp of exp(lp - lp') * A is A; a token counts 1/tokens of its reply, a reply 1/replies
    assert new.grad is not None
    assert new.grad.tolist() == [
        pytest.approx([-2.0 / 2 / 2, -2.0 / 2 / 2]),
        pytest.approx([1.0 / 2, 0.0]),
    ]


def test_a_network_that_strays_is_pulled_back() -> None:
    new = torch.tensor([[-0.5]], requires_grad=True)
    loss = grpo_loss(new, torch.tensor([[-1.5]]), torch.zeros(1), torch.ones(1, 1), beta=0.1)
    assert loss.item() == pytest.approx(0.1 * (math.exp(-1) + 1 - 1))
    loss.backward()
    assert new.grad is not None
    assert new.grad.item() == pytest.approx(0.1 * (1 - math.exp(-1)))  # descent makes the token less likely


def test_the_loss_equals_trl_on_the_same_batch() -> None:
    """TRL's own loss function on our log-probabilities: one update per batch, loss type `grpo`."""
    trl = pytest.importorskip("trl", reason="TRL is not installed: its loss is not compared with ours")
    from trl import GRPOTrainer

    torch.manual_seed(0)
    new = -torch.rand(4, 7)
    reference = new + 0.3 * torch.randn(4, 7)
    advantage = torch.randn(4)
    mask = (torch.arange(7)[None] < torch.tensor([7, 3, 5, 1])[:, None]).float()
    ours = new.clone().requires_grad_()
    loss = grpo_loss(ours, reference, advantage, mask, beta=0.04)
    loss.backward()

    theirs = new.clone().requires_grad_()
    trainer = _bare_trainer(GRPOTrainer, theirs)
    inputs = {
        "prompt_ids": torch.zeros(4, 2, dtype=torch.long),
        "prompt_mask": torch.ones(4, 2, dtype=torch.long),
        "completion_ids": torch.ones(4, 7, dtype=torch.long),
        "completion_mask": mask.long(),
        "advantages": advantage,
        "ref_per_token_logps": reference,
        "num_items_in_batch": mask.sum(),
    }
    wanted = trainer._compute_loss(torch.nn.Identity(), inputs)
    wanted.backward()
    assert trl.__version__
    assert loss.item() == pytest.approx(wanted.item(), abs=1e-6)
    assert torch.allclose(ours.grad, theirs.grad, atol=1e-6)  # type: ignore[arg-type]


def _bare_trainer(kind: type, log_probabilities: torch.Tensor) -> object:
    """TRL's trainer without a model: only its loss function is wanted, given log-probabilities."""
    from collections import defaultdict
    from types import SimpleNamespace
    from unittest.mock import MagicMock

    trainer = MagicMock(spec=kind)
    trainer._compute_loss = kind._compute_loss.__get__(trainer)  # type: ignore[attr-defined]
    entropies = torch.zeros_like(log_probabilities)
    trainer._get_per_token_logps_and_entropies = lambda *_, **__: (log_probabilities, entropies, None)
    trainer.aux_loss_enabled = trainer._entropy_bonus_enabled = False
    trainer.args = SimpleNamespace(delta=None, use_bias_correction_kl=False)
    trainer.beta, trainer.epsilon_low, trainer.epsilon_high = 0.04, 1e9, 1e9
    trainer.loss_type, trainer.importance_sampling_level = "grpo", "token"
    trainer.top_entropy_quantile, trainer.use_vllm, trainer.tools = 1.0, False, None
    trainer.current_gradient_accumulation_steps = 1
    trainer.model = SimpleNamespace(training=True)
    trainer._metrics = {"train": defaultdict(list), "eval": defaultdict(list)}
    trainer.accelerator = SimpleNamespace(
        gather=lambda x: x, reduce=lambda x, reduction: x, num_processes=1, sync_gradients=False
    )
    for name in (
        "off_policy_mask_threshold",
        "mask_truncated_completions",
        "vllm_importance_sampling_correction",
    ):
        setattr(trainer, name, None)
    return trainer
