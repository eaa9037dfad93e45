"""The parts that make the local judge fast give the numbers of the plain ones."""

from collections.abc import Callable
from types import SimpleNamespace

import pytest
import torch
from conftest import make_frames, make_request
from torch import nn
from torch.nn.functional import scaled_dot_product_attention

from reeljudge.judges.local.attention import Layout, attend, attend_in_windows, can_share, causal
from reeljudge.judges.local.cache import Slots
from reeljudge.judges.local.judge import LocalJudge
from reeljudge.judges.local.packing import PackedLinear, PackedPatches, can_pack, pack
from reeljudge.rubrics import Rubric

CPU = torch.device("cpu")
needs_sharing = pytest.mark.skipif(not can_share(CPU), reason="this build of torch has no such kernel")
needs_packing = pytest.mark.skipif(not can_pack(CPU, torch.float32), reason="no oneDNN on this machine")


def plain(query, keys, values, scale):
    """One row, one new token: heads of a group share keys and values."""
    groups = query.shape[1] // keys.shape[1]
    repeated = [one.repeat_interleave(groups, dim=1) for one in (keys, values)]
    return scaled_dot_product_attention(query, *repeated, scale=scale)[0, :, 0]


@needs_sharing
@pytest.mark.parametrize("shared_rows", [(), (0, 2), (0, 1, 2, 3)])
def test_shared_and_own_keys_together_are_one_softmax(shared_rows: tuple[int, ...]) -> None:
    torch.manual_seed(0)
    rows, heads, kv, size, slots, before = 4, 6, 2, 16, 9, 13
    query = torch.randn(rows, heads, 1, size)
    key, value = torch.randn(2, rows, kv, slots, size)
    common = [tuple(torch.randn(2, 1, kv, before, size))]
    lengths = torch.tensor([1, 9, 4, 7])
    numbers = torch.tensor(shared_rows)
    layout = Layout(lengths, [(numbers, common)] if shared_rows else ())
    out, _ = attend(SimpleNamespace(layer_idx=0), query, key, value, None, scaling=0.25, layout=layout)
    assert out.shape == (rows, 1, heads, size)
    for row in range(rows):
        keys, values = key[row : row + 1, :, : lengths[row]], value[row : row + 1, :, : lengths[row]]
        if row in shared_rows:
            keys, values = torch.cat([common[0][0], keys], dim=2), torch.cat([common[0][1], values], dim=2)
        expected = plain(query[row : row + 1], keys, values, 0.25)
        assert torch.allclose(out[row, 0], expected, atol=1e-6)


def test_a_window_hides_what_lies_before_it() -> None:
    layout = Layout(torch.tensor([2, 5]))
    seen = torch.isfinite(layout.bias(6, 3, torch.float32)).flatten(1).tolist()
    assert seen == [[True, True, False, False, False, False], [False, False, True, True, True, False]]
    # The same window while a text is read: token i sees itself and the two before it.
    seen = torch.isfinite(causal(2, 4, 3, torch.float32, CPU)).tolist()
    assert seen == [[True, True, True, False], [False, True, True, True]]
    seen = torch.isfinite(causal(2, 4, None, torch.float32, CPU)).tolist()
    assert seen == [[True, True, True, False], [True] * 4]


@pytest.mark.parametrize("lengths", [(4, 4, 4), (4, 2, 4, 3, 2)])
def test_windows_of_one_length_are_one_product(lengths: tuple[int, ...]) -> None:
    torch.manual_seed(1)
    query, key, value = torch.randn(3, 1, 2, sum(lengths), 8)
    bounds = torch.tensor([0, *lengths]).cumsum(0).int()
    out, _ = attend_in_windows(None, query, key, value, None, scaling=0.3, cu_seq_lens_q=bounds)
    parts = zip(*(one.split(lengths, dim=2) for one in (query, key, value)), strict=True)
    expected = torch.cat([scaled_dot_product_attention(*part, scale=0.3) for part in parts], dim=2)
    assert torch.allclose(out, expected.transpose(1, 2), atol=1e-6)


def test_slots_keep_each_row_apart() -> None:
    def held(number: float, length: int):
        keys = torch.full((1, 2, length, 4), float(number))
        return [(keys, -keys)]

    slots = Slots(held(1, 3), rows=1, slots=3)
    for number, length in ((1.0, 3), (2.0, 5), (3.0, 1)):
        slots.append(held(number, length))
    assert slots.begin_step().tolist() == [4, 6, 2]
    new = torch.tensor([10.0, 20.0, 30.0]).reshape(3, 1, 1, 1).expand(3, 2, 1, 4)
    keys, values = slots.update(new, -new, 0)
    assert keys.shape == (3, 2, 6, 4)
    assert keys[:, 0, :, 0].tolist() == [[1, 1, 1, 10, 0, 0], [2, 2, 2, 2, 2, 20], [3, 30, 0, 0, 0, 0]]
    assert torch.equal(values, -keys)
    slots.remove(0)  # the last takes its place
    assert slots.begin_step().tolist() == [3, 7]
    keys, _ = slots.update(new[:2] + 1, new[:2], 0)
    assert keys[0, 0, :3, 0].tolist() == [3, 30, 11]
    assert keys[1, 0, :, 0].tolist() == [2, 2, 2, 2, 2, 20, 21]


@needs_packing
@pytest.mark.parametrize("bias", [True, False])
def test_packed_layers_multiply_alike(bias: bool) -> None:
    torch.manual_seed(2)
    linear = nn.Linear(96, 80, bias=bias)
    given = torch.randn(3, 7, 96)
    with torch.inference_mode():
        packed = PackedLinear(linear, kept=[5, 2])
        assert torch.allclose(packed(given), linear(given), atol=1e-5)
        assert torch.equal(packed.kept, linear.weight[[5, 2]])
        film = nn.Conv3d(3, 24, (2, 4, 4), stride=(2, 4, 4), bias=bias)
        windows = torch.randn(10, 3, 2, 4, 4)
        assert torch.allclose(PackedPatches(film)(windows), film(windows).flatten(1), atol=1e-5)


@needs_packing
def test_an_adapter_that_is_kept_apart_stays_as_it_is() -> None:
    layer = nn.Module()
    layer.base_layer, layer.lora_A = nn.Linear(128, 128), nn.ModuleDict({"default": nn.Linear(128, 128)})
    pack(nn.ModuleDict({"q": layer}), None, [])
    assert isinstance(layer.base_layer, PackedLinear)
    assert type(layer.lora_A["default"]) is nn.Linear


def test_a_budget_of_tokens_bounds_the_batch_and_changes_no_reply(
    judge: Callable[..., LocalJudge], rubric: Rubric, monkeypatch
) -> None:
    requests = [make_request(rubric, make_frames(seed), max_tokens=6) for seed in range(4)]
    expected = [answer.replies[0].text for answer in judge().answer(requests)]
    network, widths = judge()._network, []
    forward = network.forward
    monkeypatch.setattr(network, "forward", lambda t, *a: widths.append(len(t)) or forward(t, *a))
    each = 6 + len(judge()._prepare(requests[0], {}).prompt.ids)
    for budget, most in ((2 * each, 2), (3 * each - 1, 2), (1, 1)):
        monkeypatch.setattr(judge()._decoder, "most_tokens", budget)
        widths.clear()
        assert [answer.replies[0].text for answer in judge().answer(requests)] == expected
        assert max(widths) == most


def test_stages_are_timed(judge: Callable[..., LocalJudge], rubric: Rubric) -> None:
    before = judge().stage_seconds()
    judge().answer([make_request(rubric, make_frames(77))])
    after = judge().stage_seconds()
    assert {name for name in after if after[name] > before.get(name, 0)} == {
        "prepare",
        "vision",
        "prefill",
        "generation",
    }


def test_the_last_layer_reads_no_more_than_is_looked_at(
    judge: Callable[..., LocalJudge], rubric: Rubric
) -> None:
    """Replies equal to generate()'s (test_parity) say that nothing is missing; this says that it is saved."""
    request = make_request(rubric, make_frames(5), max_tokens=4)
    local = judge()
    read: list[int] = []
    last = local._network._language.layers[-1].mlp
    watch = last.register_forward_pre_hook(lambda _, given: read.append(given[0].shape[1]))
    try:
        (answer,) = local.answer([request])
        assert answer.replies[0].tokens == 4
        assert set(read) == {1}
        read.clear()
        local.score_reply(request, "four")  # probabilities at every place: all tokens are looked at
        assert min(read) > 4
    finally:
        watch.remove()


@pytest.mark.parametrize("window", [None, 3])
def test_the_end_of_a_text_attends_as_in_the_whole_of_it(window: int | None) -> None:
    torch.manual_seed(1)
    query, (key, value) = torch.randn(1, 6, 5, 16), torch.randn(2, 1, 2, 9, 16)
    layer = SimpleNamespace(layer_idx=3)
    whole, _ = attend(layer, query, key, value, None, scaling=0.25, sliding_window=window)
    end, _ = attend(layer, query, key, value, None, scaling=0.25, sliding_window=window, ends_at=3)
    assert end.shape == whole.shape
    assert torch.allclose(end[:, -1], whole[:, -1], atol=1e-6)
