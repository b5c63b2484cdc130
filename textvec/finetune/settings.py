"""Parameters that stand together: objects that grids reach into, as they do into estimators."""

from dataclasses import fields

from textvec.persistence.classes import Savable


class Settings(Savable):
    """The parameters of a dataclass, got and set as scikit-learn does those of estimators.

    An estimator that holds one has its parameters, too, by names such as ``training__epochs``.
    """

    def get_params(self, deep=True):
        """Return the parameters by name.

        Parameters
        ----------
        deep : bool, default=True
            Whether to return those of objects among them as well.

        Returns
        -------
        dict
        """
        found = {field.name: getattr(self, field.name) for field in fields(self)}
        if deep:
            for name, value in list(found.items()):
                if hasattr(value, "get_params") and not isinstance(value, type):
                    within = value.get_params().items()
                    found |= {f"{name}__{inner}": one for inner, one in within}
        return found

    def set_params(self, **parameters):
        """Set parameters by name.

        Parameters
        ----------
        **parameters : object
            The new values.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If there is no such parameter.
        """
        known = self.get_params(deep=False)
        for name, value in parameters.items():
            first, _, rest = name.partition("__")
            if first not in known:
                wanted = ", ".join(known)
                raise ValueError(
                    f"Invalid parameter {first!r} for {type(self).__name__}. "
                    f"Valid parameters are: {wanted}."
                )
            if rest:
                getattr(self, first).set_params(**{rest: value})
            else:
                setattr(self, first, value)
        return self
