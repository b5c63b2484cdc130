"""Configuration of the documentation. Build it with: sphinx-build -W docs docs/_build."""

import re
from importlib import import_module
from pathlib import Path

from matplotlib.figure import Figure
from sphinx_gallery.scrapers import figure_rst, matplotlib_scraper

import textvec

project = "textvec"
author = "the textvec developers"
release = version = textvec.__version__
extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.mathjax",
    "numpydoc",
    "sphinx_gallery.gen_gallery",
]
exclude_patterns = ["_build", "sg_execution_times.rst", "gallery/sg_execution_times.rst"]
suppress_warnings = ["config.cache"]  # the gallery's settings hold functions: built anew each time
templates_path = ["_templates"]
html_theme = "pydata_sphinx_theme"
html_title = f"textvec {release}"
html_theme_options = {"show_prev_next": False}
html_static_path = ["_static"]
html_css_files = ["textvec.css"]
html_sidebars = {"gallery/*": []}  # room for code; the page of all examples links them
html_copy_source = False
autodoc_typehints = "none"  # the docstrings name the types
numpydoc_show_class_members = False  # the template for classes lists them

# The order in which one reads them.
EXAMPLES = [
    "two_sentences.py",
    "plot_toy_skipgram.py",
    "sparse_vs_dense_english.py",
    "sparse_vs_dense_chinese.py",
    "hotel_recommender.py",
    "journey_to_the_west.py",
]


def scrape_figures(block, block_vars, gallery_conf):
    """Save what pyplot shows, and a figure that is the value of a cell, as notebooks show it."""
    text = matplotlib_scraper(block, block_vars, gallery_conf)
    figure = block_vars["example_globals"].get("___")
    is_new = isinstance(figure, Figure) and not hasattr(figure, "number") and figure not in _SEEN
    if not is_new:  # pyplot's own figures have numbers, and are in the text already
        return text
    _SEEN.append(figure)
    path = next(block_vars["image_path_iterator"])
    figure.savefig(path, dpi=100)
    return text + figure_rst([path], gallery_conf["src_dir"])


_SEEN: list[Figure] = []
sphinx_gallery_conf = {
    "examples_dirs": "../examples",
    "gallery_dirs": "gallery",
    "filename_pattern": r"\.py$",  # all of them run, and one that fails fails the build
    "within_subsection_order": EXAMPLES.index,
    "image_scrapers": [scrape_figures],
    "capture_repr": ("_repr_html_",),
    "doc_module": ("textvec",),
    "backreferences_dir": "gallery/backreferences",
    "reference_url": {"textvec": None},
    "remove_config_comments": True,
    "show_signature": False,
    "download_all_examples": False,
    "min_reported_time": 0,
}

# Modules whose functions are public under the module's name.
MODULES = [
    "textvec.datasets",
    "textvec.text.csv_files",
    "textvec.text.splitters",
    "textvec.encoders.cache",
    "textvec.encoders.files",
    "textvec.encoders.multi_vector",
    "textvec.encoders.onnx_export",
    "textvec.encoders.pooling",
    "textvec.encoders.prompts",
    "textvec.evaluate",
    "textvec.evaluate.tasks",
    "textvec.evaluate.metrics",
    "textvec.evaluate.significance",
    "textvec.integrations.mteb",
]
ROOMS = {
    "sparse": "Sparse vectors",
    "dense": "Dense vectors",
    "encoders": "Pretrained encoders",
    "text": "Tokens",
    "search": "Search",
    "recommend": "Recommenders",
    "evaluate": "Evaluation",
    "persistence": "Saving and loading",
}


def functions_of(module):
    """Return the names that a module lists as its own, or of the public functions it defines."""
    if listed := getattr(import_module(module), "__all__", None):
        return [f"{module}.{name}" for name in listed]
    members = vars(import_module(module)).items()
    return [
        f"{module}.{name}"
        for name, value in members
        if not name.startswith("_") and getattr(value, "__module__", None) == module
    ]


def api_pages():
    """Return the reStructuredText that lists every public name, by room."""
    sections = {}
    for name, home in sorted(textvec._HOME.items()):
        title = ROOMS[home.split(".")[1]]
        sections.setdefault(title, []).append(f"textvec.{name}")
    for module in MODULES:
        sections[f"{module}"] = functions_of(module)
    text = "API\n===\n"
    for title in [title for title in [*ROOMS.values(), *MODULES] if title in sections]:
        names = "".join(f"   {name}\n" for name in sections[title])
        text += f"\n{title}\n{'-' * len(title)}\n\n.. autosummary::\n   :toctree:\n\n{names}"
    return text


def skip_generated(app, what, name, value, skip, options):
    """Leave out scikit-learn's generated set_fit_request and its like."""
    return True if re.fullmatch(r"set_\w+_request", name) else None


def setup(app):
    """Write the list of public names, from which autosummary makes the pages."""
    app.connect("autodoc-skip-member", skip_generated)
    folder = Path(app.srcdir) / "api"
    folder.mkdir(exist_ok=True)
    (folder / "index.rst").write_text(api_pages(), encoding="utf-8")
