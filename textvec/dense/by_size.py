"""What "auto" stands for: how long to train, and in what steps, on how much text."""

_ENOUGH = 4_000_000  # words to be trained on in all
_FEWEST, _MOST = 5, 30  # passes
_SCALES = {"skipgram": (3, 0.025), "cbow": (6, 0.05)}  # and the least learning rate
_LARGEST = 0.15
_LARGEST_WITH_PARTS = 0.1  # of words with n-grams: .15 diverged on a million words
STEPS = 6 * 6  # of skip-gram for a word: 6 neighbours in a shrinking window of 5, 5 noise words


def passes(n_words):
    """Return how many times to go over a text: five times, and more often over a short one.

    ``4,000,000 / n_words``, rounded up, from 5 to 30.

    Parameters
    ----------
    n_words : int
        The words of the text.

    Returns
    -------
    int

    Examples
    --------
    >>> [passes(n_words) for n_words in (1_000, 200_000, 500_000, 10_000_000)]
    [30, 20, 8, 5]
    """
    return min(_MOST, max(_FEWEST, -(-_ENOUGH // max(1, n_words))))


def learning_rate(architecture, times, added=1, pairs=1, has_parts=False):
    """Return the learning rate to begin with: smaller steps, the more of them a word takes.

    ``sqrt(3 / times)`` for skip-gram, from 0.025 to 0.15, and ``sqrt(6 / times)`` for CBOW, from
    0.05 to 0.15. A sum of ``n`` words is longer than their mean, and moves all of them: the rate of
    a mean over ``sqrt(n)``. And skip-gram takes so many steps for each word as its window and its
    noise have it: where they are more than a window of 5 and 5 noise words make, each is shorter.
    Words that share n-grams move together: with these it is at most 0.1.

    Parameters
    ----------
    architecture : {"skipgram", "cbow"}
        What is trained.
    times : float
        How often a word is met in training, on average: the words of the text, times the passes
        over it, by the size of the vocabulary.
    added : float >= 1, default=1
        How many words an input is the sum of.
    pairs : float, default=1
        How many steps are taken for a word of the text, by those of the default settings.
    has_parts : bool, default=False
        Whether words are made of n-grams, too.

    Returns
    -------
    float

    Examples
    --------
    >>> [round(learning_rate("skipgram", times), 3) for times in (100, 300, 1_000, 10_000)]
    [0.15, 0.1, 0.055, 0.025]
    >>> [round(learning_rate("cbow", times), 3) for times in (100, 300, 1_000, 10_000)]
    [0.15, 0.141, 0.077, 0.05]
    >>> [round(learning_rate("cbow", times, has_parts=True), 3) for times in (100, 300, 1_000)]
    [0.1, 0.1, 0.077]
    """
    scale, least = _SCALES[architecture]
    rate = min(_LARGEST, max(least, (scale / times) ** 0.5)) / added**0.5
    rate = max(least, rate / pairs) if pairs > 1 else rate
    return min(rate, _LARGEST_WITH_PARTS) if has_parts else rate
