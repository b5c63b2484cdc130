"""What is fuzzed: a function and seeds for each reader of what others wrote, and what must hold.

A function takes the bytes of a file, or of several, and a folder to write them to. It raises
unless the reader either refuses them with a ValueError that names the file, or gives something
whole that comes back equal when it is saved and loaded. No fuzzer is needed here, so that the tests
run the seeds and damage of them, too.
"""

from readers.course import COURSE_READERS
from readers.documents import DOCUMENT_READERS
from readers.models import MODEL_READERS
from readers.reader import changed_tree
from readers.service import SERVICE_READERS
from readers.tables import TABLE_READERS
from readers.tuning import TUNING_READERS
from readers.vectors import VECTOR_READERS

__all__ = ["READERS", "changed_tree"]

READERS = VECTOR_READERS | MODEL_READERS | TABLE_READERS | DOCUMENT_READERS
READERS |= TUNING_READERS | SERVICE_READERS | COURSE_READERS
