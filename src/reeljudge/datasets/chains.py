"""One chain of reasoning: GRADEO's way, stage by stage, and VideoScore2's way, without sight of the scores.

GRADEO (arXiv 2503.02341, section 3.2): what is seen (or what the prompt asks for, or what common sense
expects) is written first, then the analysis from people's reasons under the rubric; the model is never told
the label, and a chain whose own score is another one is discarded and asked for again.

VideoScore2 (arXiv 2509.22799, section 3.3): the model sees people's comments but not their scores, reasons,
and gives its own scores, which `reconcile` then compares with theirs.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from reeljudge.datasets.calls import Asker, Said
from reeljudge.datasets.items import Item
from reeljudge.datasets.leaks import leaks_in
from reeljudge.datasets.prompts import Prompts
from reeljudge.datasets.replies import compose_reply, faults_of_reply
from reeljudge.rubrics import Question, Rubric, Stage, ask, read_reply
from reeljudge.rubrics.ask import variables_of
from reeljudge.rubrics.views import view_of_stage
from reeljudge.texts.words import words_of

Method = Literal["gradeo", "videoscore2"]
METHODS: tuple[Method, ...] = ("gradeo", "videoscore2")

LEAST_WORDS = 5
"""A stage with fewer words says nothing."""


@dataclass(frozen=True)
class ChainSettings:
    """How a chain is written.

    Attributes:
        method: `gradeo` or `videoscore2`.
        attempts: how often each part is asked for before a chain goes to people.
        language: of what is written.
        words: about how many a part should have.
    """

    method: Method
    attempts: int = 3
    language: str = "English"
    words: int = 150


@dataclass(frozen=True)
class Chain:
    """What came of an item.

    Attributes:
        status: `done`, `unreconciled` (VideoScore2's way: its scores are the model's own) or `manual`.
        scores: dimension -> score that the reply states; for `manual`, what it must state.
        reply: the text to learn; for `manual`, the best that there is.
        stages, rationale: its parts.
        model_scores: what the model gave by itself.
        tries: what was wrong with each discarded attempt, in order.
        calls: (template, key of the call) of the parts that were used.
        model: identity of what answered last.
    """

    status: Literal["done", "unreconciled", "manual"]
    scores: Mapping[str, int]
    reply: str
    stages: Mapping[str, str] | None = None
    rationale: str | None = None
    model_scores: Mapping[str, int] | None = None
    tries: tuple[str, ...] = ()
    calls: tuple[tuple[str, str], ...] = ()
    model: Mapping[str, Any] = field(default_factory=dict)


class Writer:
    """Writes chains with an asker. Holds no state of an item: safe to use from many threads."""

    def __init__(self, asker: Asker, rubric: Rubric, prompts: Prompts, settings: ChainSettings):
        self.asker, self.rubric, self.prompts, self.settings = asker, rubric, prompts, settings

    def write(self, item: Item) -> Chain:
        """The chain of an item.

        Raises:
            JudgeError: no answer. ClipError: the video cannot be shown.
        """
        return self.staged(item) if self.settings.method == "gradeo" else self.semi_blind(item)

    # GRADEO's way

    def parts_of(self, item: Item) -> tuple[list[Stage], list[Stage]]:
        """Stages that are asked for one by one, before; and those that the last call writes, in order.

        Of overview, description, analysis: the description comes before, as it must not know what it is for.
        """
        about = None if item.dimension is None else self.rubric.dimension(item.dimension)
        stages = [s for s in self.rubric.stages_of(about) if s.name != self.rubric.answer_stage]
        if len(stages) < 2:
            return [], stages
        before = stages[1:-1] if len(stages) > 2 else stages[:1]
        return before, [stage for stage in stages if stage not in before]

    def staged(self, item: Item) -> Chain:
        before, written = self.parts_of(item)
        texts: dict[str, str] = {}
        calls: list[tuple[str, str]] = []
        tries: list[str] = []
        for stage in before:
            template = self.prompts.for_stage(stage.name)
            question = self.stage_question(item, stage)
            for attempt in range(1, self.settings.attempts + 1):
                said = self.asker.ask(item.clip, question, template, item.dimension, attempt)
                text = spoken(said.text, self.rubric, stage)
                wrong = self._wrong_with(text, said, item)
                if wrong is None:
                    texts[stage.name] = text
                    calls.append((template, said.key))
                    break
                tries.append(f"{stage.name}, attempt {attempt}: {wrong}")
            else:
                return self._manual(item, texts, tries, calls, said.model)
        question = self.analysis_question(item, texts)
        best = texts
        for attempt in range(1, self.settings.attempts + 1):
            said = self.asker.ask(item.clip, question, "analysis", item.dimension, attempt)
            chain, wrong, parts = self._read_analysis(item, said, question, texts, written)
            if chain is not None:
                done = (*calls, ("analysis", said.key))
                return Chain(**{**vars(chain), "tries": tuple(tries), "calls": done, "model": said.model})
            tries.append(f"analysis, attempt {attempt}: {wrong}")
            best = parts if len(parts) >= len(best) else best
        return self._manual(item, best, tries, calls, said.model)

    def stage_question(self, item: Item, stage: Stage) -> str:
        about = None if item.dimension is None else self.rubric.dimension(item.dimension)
        variables = variables_of(self.rubric, about, item.clip.prompt, item.clip.theme)
        return self.prompts.render(
            self.prompts.for_stage(stage.name),
            {**variables, "stage": self._instruction(item, stage), **self.style()},
        )

    def analysis_question(self, item: Item, texts: Mapping[str, str]) -> str:
        assert item.dimension is not None
        about = self.rubric.dimension(item.dimension)
        before, written = self.parts_of(item)
        answer = next((s for s in self.rubric.stages_of(about) if s.name == self.rubric.answer_stage), None)
        return self.prompts.render(
            "analysis",
            {
                **variables_of(self.rubric, about, item.clip.prompt, item.clip.theme),
                "ground": [{"stage": stage, "text": texts[stage.name]} for stage in before],
                "reasons": list(item.reasons.get(item.dimension, ())),
                "written": [self._instruction(item, stage) for stage in written]
                or [{"tag": self.tag, "instruction": "reason step by step under the levels above"}],
                "answer": answer or {"tag": "ANSWER"},
                **self.style(),
            },
        )

    def _instruction(self, item: Item, stage: Stage) -> Any:
        """The stage with its instruction rendered, as the rubric's own question has it."""
        assert item.dimension is not None
        question = ask(self.rubric, item.clip.prompt, item.clip.theme, [item.dimension])[0].text
        found = re.search(rf"<{re.escape(stage.tag)}>(.*?)</{re.escape(stage.tag)}>", question, re.DOTALL)
        # A template that does not print its stages leaves the instruction as the file has it.
        return view_of_stage(
            stage, found[1].strip() if found else re.sub(r"\{\{.*?\}\}", "it", stage.instruction)
        )

    def style(self) -> dict[str, Any]:
        """What every template may use besides the rubric."""
        return {"language": self.settings.language, "words": self.settings.words, "tag": self.tag}

    @property
    def tag(self) -> str:
        """What reasoning without stages stands between."""
        return self.rubric.reasoning_tags[0] if self.rubric.reasoning_tags else "think"

    def _read_analysis(
        self, item: Item, said: Said, question: str, texts: Mapping[str, str], written: list[Stage]
    ) -> tuple[Chain | None, str, dict[str, str]]:
        """The chain, or what is wrong with it and the parts that can be saved for people to mend."""
        assert item.dimension is not None
        name = item.dimension
        if said.finish == "length":
            return None, "cut off at the limit of tokens (raise --max-tokens)", dict(texts)
        text = without_reasoning(said.text, self.rubric) if written else said.text
        reading = read_reply(
            text, self.rubric, name, "stop", Question(name, question, prompt=item.clip.prompt)
        )
        parts = dict(texts)
        for stage in written:
            if len(words_of(reading.stages.get(stage.name, ""))) >= LEAST_WORDS:
                parts[stage.name] = reading.stages[stage.name]
        read = reading.scores[name]
        if read.value is None:
            return None, f"no score ({read.reason})", parts
        if read.value != item.labels[name]:
            return None, f"score {read.value}", parts
        missing = [stage.name for stage in written if stage.name not in parts]
        if missing:
            return None, f"no {missing[0]}", parts
        rationale = None if written else reading.rationale
        if not written and len(words_of(rationale or "")) < LEAST_WORDS:
            return None, "no reasoning", parts
        reply = compose_reply(self.rubric, name, item.labels, stages=parts, rationale=rationale)
        wrong = self.faults(item, reply)
        if wrong:
            return None, wrong, parts
        ordered = {
            s.name: parts[s.name]
            for s in self.rubric.stages_of(self.rubric.dimension(name))
            if s.name in parts
        }
        chain = Chain("done", dict(item.labels), reply, ordered or None, rationale, {name: read.value})
        return chain, "", parts

    def _wrong_with(self, text: str, said: Said, item: Item) -> str | None:
        if said.finish == "length":
            return "cut off at the limit of tokens (raise --max-tokens)"
        if len(words_of(text)) < LEAST_WORDS:
            return "says nothing"
        # A stage that is all there is to read counts as an answer: a refusal is told as such.
        if item.dimension is not None:
            asked = Question(item.dimension, "", prompt=item.clip.prompt)
            if (
                read_reply(text, self.rubric, item.dimension, "stop", asked).scores[item.dimension].reason
                == "refusal"
            ):
                return "a refusal"
        leaks = leaks_in(text, item.clip.prompt)
        return f"leaks {leaks[0][1]!r}" if leaks else None

    def faults(self, item: Item, reply: str, scores: Mapping[str, int] | None = None) -> str:
        """What is wrong with a finished reply; empty where it is sound."""
        names = None if item.dimension is None else [item.dimension]
        question = ask(self.rubric, item.clip.prompt, item.clip.theme, names)[0]
        found = faults_of_reply(reply, self.rubric, scores or item.labels, question)
        found += [f"leaks {said!r}" for _, said in leaks_in(reply, item.clip.prompt)]
        return "; ".join(dict.fromkeys(found))

    def _manual(
        self,
        item: Item,
        parts: Mapping[str, str],
        tries: list[str],
        calls: list[tuple[str, str]],
        model: Mapping[str, Any],
    ) -> Chain:
        """For people: the parts that are sound, the answer that it must give, and gaps."""
        about = None if item.dimension is None else self.rubric.dimension(item.dimension)
        wanted = [s for s in self.rubric.stages_of(about) if s.name != self.rubric.answer_stage]
        stages = {stage.name: parts.get(stage.name, "...") for stage in wanted}
        reply = compose_reply(
            self.rubric, item.dimension, item.labels, stages=stages, rationale=None if wanted else "..."
        )
        return Chain(
            "manual", dict(item.labels), reply, stages or None, None, None, tuple(tries), tuple(calls), model
        )

    # VideoScore2's way

    def semi_blind(self, item: Item, offset: int = 0) -> Chain:
        """The model's own reasoning and scores.

        Args:
            offset: attempts that were made before, so that an entry that is elicited again gets new ones.
        """
        question = self.semi_blind_question(item)
        tries: list[str] = []
        for attempt in range(offset + 1, offset + self.settings.attempts + 1):
            said = self.asker.ask(item.clip, question, "semi-blind", item.dimension, attempt)
            chain, wrong = self._read_semi_blind(item, said, question)
            if chain is not None:
                calls = (("semi-blind", said.key),)
                return Chain(**{**vars(chain), "tries": tuple(tries), "calls": calls, "model": said.model})
            tries.append(f"semi-blind, attempt {attempt}: {wrong}")
        return self._manual(item, {}, tries, [], said.model)

    def semi_blind_question(self, item: Item) -> str:
        variables = variables_of(self.rubric, None, item.clip.prompt, item.clip.theme)
        noticed = [
            (dimension.title, item.reasons[dimension.name])
            for dimension in self.rubric.dimensions
            if item.reasons.get(dimension.name)
        ]
        return self.prompts.render("semi-blind", {**variables, "noticed": noticed, **self.style()})

    def _read_semi_blind(self, item: Item, said: Said, question: str) -> tuple[Chain | None, str]:
        if said.finish == "length":
            return None, "cut off at the limit of tokens (raise --max-tokens)"
        asked = Question(item.dimension, question, prompt=item.clip.prompt)
        text = own_reasoning(said.text, self.rubric)
        reading = read_reply(text, self.rubric, item.dimension, "stop", asked)
        scores: dict[str, int] = {}
        for name, read in reading.scores.items():
            if read.value is None:
                return None, f"{name}: no score ({read.reason})"
            scores[name] = read.value
        rationale = (reading.rationale or "").strip()
        if len(words_of(rationale)) < LEAST_WORDS:
            return None, "no reasoning"
        reply = compose_reply(self.rubric, item.dimension, scores, rationale=rationale)
        wrong = self.faults(item, reply, scores)
        if wrong:
            return None, wrong
        return Chain("unreconciled", scores, reply, None, rationale, scores), ""


def without_reasoning(text: str, rubric: Rubric) -> str:
    """What a model says after its reasoning: hosted models reason in a field of its own, which the served
    judge puts back before the content in the rubric's first reasoning tag."""
    tags = "|".join(map(re.escape, rubric.reasoning_tags or ("think",)))
    found = re.match(rf"\s*<({tags})>.*?</\1>", text, re.DOTALL | re.IGNORECASE)
    return text[found.end() :] if found else text


def own_reasoning(text: str, rubric: Rubric) -> str:
    """The answer with one block of reasoning: where a model that reasons in a field of its own also wrote
    the block that it was asked for, that one alone."""
    rest = without_reasoning(text, rubric)
    tags = "|".join(map(re.escape, rubric.reasoning_tags or ("think",)))
    return rest if re.search(rf"<({tags})>", rest, re.IGNORECASE) else text


def spoken(text: str, rubric: Rubric, stage: Stage) -> str:
    """The text of a stage that was asked for alone, without reasoning, tags and headings around it."""
    text = without_reasoning(text, rubric).strip()
    inner = re.fullmatch(
        rf"<{re.escape(stage.tag)}>(.*?)(?:</{re.escape(stage.tag)}>)?", text, re.DOTALL | re.I
    )
    text = inner[1] if inner else text
    # Any tag that is left would open or close a stage of the reply.
    return re.sub(r"</?[A-Za-z][\w-]{0,30}>", "", text).strip()
