"""Tables as what JSON can hold."""

import math


def records(frame):
    """Return the rows of a DataFrame as objects of JSON.

    Parameters
    ----------
    frame : DataFrame
        Any.

    Returns
    -------
    list of dict
        A row each. Missing values, NaN and the infinities are None: JSON has none.

    Examples
    --------
    >>> import pandas as pd
    >>> records(pd.DataFrame({"id": ["a"], "score": [float("nan")]}))
    [{'id': 'a', 'score': None}]
    """
    rows = frame.astype(object).where(frame.notna(), None).to_dict("records")
    return _finite(rows)


def _finite(value):
    """Return a value with None for numbers that JSON does not have."""
    if isinstance(value, dict):
        return {name: _finite(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(one) for one in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
