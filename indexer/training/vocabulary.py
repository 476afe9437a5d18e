"""The tokenizer: words of Chinese worth a vector each, single characters and Latin pieces for the rest.

The words are those jieba finds in the training texts, with the frequency they have there; a unigram model then cuts a text into
the most probable sequence of them, as jieba does with its own dictionary. So the folder needs nothing but `tokenizers` to be
read, and its words are words: a vocabulary that `tokenizers` learns by itself takes ten times as long and holds 的非.
"""

import math
from collections import Counter
from collections.abc import Callable, Sequence

from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers

Progress = Callable[[str, int, int], None]
"""Told on the way: the stage, how much of it is done, how much there is."""

UNKNOWN = "[UNK]"
LONGEST_WORD = 4
"""Chinese characters; what is longer is a phrase whose words are vectors already."""
LONGEST_LATIN = 12
RAREST_CHARACTER = 5
"""Occurrences; a character that is rarer is unknown."""


def train_tokenizer(texts: Sequence[str], size: int, cut: Callable[[str], list[str]], progress: Progress) -> Tokenizer:
    """A tokenizer of at most `size` words; `cut` segments a run of Chinese characters in jieba's search mode."""
    words, characters = count_words(texts, cut, progress)
    kept = {character for character, count in characters.items() if count >= RAREST_CHARACTER}
    longer = (word for word in sorted(words, key=lambda word: (-words[word], word)) if is_word(word))
    for word in longer:
        if len(kept) >= size - 1:
            break
        kept.add(word)
    return unigram_tokenizer({word: words[word] for word in kept})


def count_words(
    texts: Sequence[str], cut: Callable[[str], list[str]], progress: Progress
) -> tuple[Counter[str], Counter[str]]:
    """How often each word, and each character, occurs in the texts."""
    words: Counter[str] = Counter()
    characters: Counter[str] = Counter()
    rules = unigram_tokenizer({})
    for done, text in enumerate(texts, start=1):
        for run, _ in rules.pre_tokenizer.pre_tokenize_str(rules.normalizer.normalize_str(text)):
            characters.update(run)
            words.update(cut(run) if is_chinese(run) else [run])
        if done % 1000 == 0 or done == len(texts):
            progress("counting words", done, len(texts))
    return words, characters


def unigram_tokenizer(counts: dict[str, int]) -> Tokenizer:
    """Cuts a text into the most probable sequence of words by these counts; drops punctuation, digits stand alone."""
    total = max(1, sum(counts.values()))
    # A character that never stands alone still has to be readable, at a price.
    scored = [(word, math.log(max(count, 0.1) / total)) for word, count in counts.items()]
    scored.sort(key=lambda entry: (-entry[1], entry[0]))
    tokenizer = Tokenizer(models.Unigram([(UNKNOWN, -100.0), *scored], unk_id=0, byte_fallback=False))
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Lowercase()])
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(r"[^\p{L}\p{N}]+"), "removed"),
            pre_tokenizers.Split(Regex(r"\p{Han}+|[a-z]+|[0-9]"), "isolated"),
        ]
    )
    return tokenizer


def is_word(run: str) -> bool:
    """Whether a run is more than a character, and short enough to be seen again."""
    return 2 <= len(run) <= (LONGEST_WORD if is_chinese(run) else LONGEST_LATIN)


def is_chinese(run: str) -> bool:
    return "\u3400" <= run[0] <= "\u9fff"
