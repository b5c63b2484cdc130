"""Tasks by the name of their data set: what ships with textvec, and what can be fetched."""

from textvec._checks import check_choice, closest_names
from textvec.evaluate.tasks import Task, hotel_tasks, mini_benchmark_tasks

# Name of a data set -> its languages, and what makes its tasks in one of them.
_SETS = {
    "mini_benchmark": (("en", "zh"), mini_benchmark_tasks),
    "hotels": (("en", "zh"), hotel_tasks),
}


def tasks_of(name, language=None) -> list[Task]:
    """Return the tasks of a data set.

    Parameters
    ----------
    name : str
        "mini_benchmark" or "hotels", which ship with textvec.
    language : {"en", "zh"} or None, default=None
        Only the tasks of that language; None means all.

    Returns
    -------
    list of Task

    Raises
    ------
    ValueError
        If no data set with tasks has that name, or it has none in that language.

    Examples
    --------
    >>> from textvec.evaluate import tasks_of
    >>> [task.name for task in tasks_of("hotels", "zh")]
    ['hotel style (zh)', 'sister hotels (zh)', 'duplicate hotels (zh)']
    >>> len(tasks_of("mini_benchmark"))
    16
    """
    if name not in _SETS:
        near = ", ".join(closest_names(name, _SETS)) or ", ".join(_SETS)
        raise ValueError(
            "name must be that of a data set with tasks. "
            f"Got {name!r} instead. Close to it: {near}."
        )
    languages, make = _SETS[name]
    if language is not None:
        check_choice(f"language of {name}", language, languages)
        languages = (language,)
    return [task for one in languages for task in make(one)]
