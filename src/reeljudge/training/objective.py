"""The GRPO objective, as pure functions of tensors.

VideoScore2 trains with Video-R1's trainer: one update per batch of samples, so the ratio of new to old
probabilities is 1 and there is nothing to clip; the KL term is the k3 estimate with clamped log-ratios.
"""

import torch

EPSILON = 1e-4


def advantages(rewards: torch.Tensor) -> torch.Tensor:
    """(r - mean) / (std + 1e-4) within each group.

    Args:
        rewards: (groups, replies). The standard deviation is the unbiased one.
    """
    mean = rewards.mean(dim=1, keepdim=True)
    return (rewards - mean) / (rewards.std(dim=1, keepdim=True) + EPSILON)


def kl_k3(new: torch.Tensor, reference: torch.Tensor, clamp: float = 10.0) -> torch.Tensor:
    """e^x - x - 1 with x = reference - new, clamped to +-`clamp`: per token, never negative."""
    x = (reference - new).clamp(-clamp, clamp)
    return x.exp() - x - 1


def grpo_loss(
    new: torch.Tensor,
    reference: torch.Tensor,
    advantage: torch.Tensor,
    mask: torch.Tensor,
    beta: float,
    clamp: float = 10.0,
) -> torch.Tensor:
    """The loss of replies: mean over the tokens of each, then the mean over replies.

    Args:
        new: log-probabilities of the sampled tokens under the network, with gradient (replies, tokens).
        reference: the same under the starting checkpoint; unused where `beta` is 0.
        advantage: one per reply (replies,).
        mask: 1 for tokens up to and including the end of the reply (replies, tokens).
    """
    gain = (new - new.detach()).exp() * advantage[:, None]
    if beta:
        gain = gain - beta * kl_k3(new, reference, clamp)
    per_reply = -(gain * mask).sum(dim=1) / mask.sum(dim=1).clamp(min=1)
    return per_reply.mean()
