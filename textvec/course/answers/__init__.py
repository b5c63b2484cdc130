"""What is right, computed: a module for each unit, a function for each exercise."""

from textvec.course.answers import u01, u02, u03, u04, u05, u06, u07, u08, u09, u10, u11, u12

UNITS = dict(enumerate((u01, u02, u03, u04, u05, u06, u07, u08, u09, u10, u11, u12), start=1))
