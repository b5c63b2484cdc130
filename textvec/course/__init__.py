"""The course: twelve units in English and Chinese, with exercises that answer."""

from textvec.course.checking import Verdict, check
from textvec.course.notebooks import copy

__all__ = ["Verdict", "check", "copy"]
