"""Replies that are made to take long: each is a function of its length."""

from collections.abc import Callable

BLOCK = "(1) visual quality: 4\n(2) text-to-video alignment: 3\n(3) physical/common-sense consistency: 5\n"


def _repeated(piece: str) -> Callable[[int], str]:
    return lambda length: (piece * (length // len(piece) + 1))[:length]


def _between(start: str, piece: str, end: str) -> Callable[[int], str]:
    return lambda length: start + (piece * (length // len(piece) + 1))[:length] + end


HOSTILE: dict[str, Callable[[int], str]] = {
    "letters": _repeated("a"),
    "spaces": _repeated(" "),
    "line breaks": _repeated("\n"),
    "digits": _repeated("7"),
    "label and digits": lambda length: "visual quality: " + "7" * length,
    "numbers": _repeated("4 "),
    "numbers with dots": _repeated("4. "),
    "numbers with commas": _repeated("4, "),
    "slashes": _repeated("4/"),
    "dashes": _repeated("-"),
    "labels": _repeated("visual quality "),
    "labels with colons": _repeated("visual quality: "),
    "labels in one line": _repeated("visual quality: 4; "),
    "labels in sentences": _repeated("and so the visual quality: 4 frames, "),
    "labels with dashes": _repeated("visual quality - "),
    "labels in brackets": _repeated("visual quality ("),
    "half labels": _repeated("visual text-to-video physical/common-sense "),
    "first words of labels": _repeated("visual "),
    "blocks": _repeated(BLOCK),
    "blocks in one line": _repeated(BLOCK.replace("\n", " ")),
    "headed sections": _repeated("### Visual quality\nfine.\nScore: 3\n"),
    "one long section": _between("### Visual quality\n", "Score: 3\n", "### Text-to-video alignment\n"),
    "scores without labels": _repeated("Score: 3. I would give it a 4. "),
    "opening tags": _repeated("<think>"),
    "closing tags": _repeated("</think>"),
    "open and close": _repeated("<think></think>"),
    "close after answers": _repeated("<think></think>" + BLOCK + "</think>"),
    "reasoning in reasoning": _between("<think>", "<reasoning>", "</reasoning>" * 1000),
    "half tags": _repeated("<"),
    "half tags with spaces": _repeated("<   "),
    "answer tags": _repeated("<answer>4"),
    "stage tags": _repeated("<OVERVIEW>"),
    "stages": _repeated("<ANALYSIS>an</ANALYSIS><ASSESSMENT>Rating Score: 4</ASSESSMENT>"),
    "nested stages": _repeated("<ANALYSIS><ASSESSMENT>Rating Score: 4"),
    "closing stages": _repeated("</ASSESSMENT></ANALYSIS>"),
    "double quotes": _repeated('"'),
    "double quotes with labels": _repeated('"visual quality: 4" '),
    "one quote per line": _repeated('"visual quality: 4\n'),
    "single quotes": _repeated(" '"),
    "backticks": _repeated("`a1"),
    "braces": _repeated("{"),
    "labels with braces": _repeated('"visual quality": {"a": 1, '),
    "deep JSON": _repeated('{"visual quality": {"score": 4},'),
    "table bars": _repeated("|"),
    "table rows": _repeated("| visual quality | fine | 4 |\n"),
    "one long row": _repeated("| visual quality | fine "),
    "asterisks": _repeated("*"),
    "underscores": _repeated("_"),
    "underscores and letters": _repeated("_a"),
    "HTML": _repeated("<br><b>"),
    "HTML with attributes": _repeated("<span a "),
    "echo": _repeated("the video was generated from this prompt "),
    "refusals": _repeated("I am sorry, I cannot "),
    "i": _repeated("I "),
    "ground truth": _repeated("ground truth score given "),
    "scores in chain": _between("<think>", "visual quality (score 3) rated 4 ", "</think>" + BLOCK),
    "combining marks": _repeated("a\u0308"),
    "combining marks on one letter": lambda length: "a" + "\u0301" * length,
    "zero width": _repeated("4\u200d"),
    "astral": _repeated("🎬4"),
    "surrogates": _repeated("\ud83c4"),
    "carriage returns": _repeated("\r"),
    "boxed": _repeated("\\boxed{"),
    "list marks": _repeated("(1) "),
    "options": _repeated("visual quality: 1, 2, 3, 4, 5, "),
    "ranges": _repeated("visual quality: 3-"),
    "full stops": _repeated("."),
    "sentences": _repeated("I would give this video a "),
}
