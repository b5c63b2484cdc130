"""Configuration of the documentation. Build it with: sphinx-build -W docs docs/_build."""

import re
import sys
from importlib import import_module
from pathlib import Path

from matplotlib.figure import Figure
from sphinx_gallery.scrapers import figure_rst, matplotlib_scraper

import textvec

sys.path.insert(0, str(Path(__file__).parent))  # our own extensions lie beside this file

project = "textvec"
author = "the textvec developers"
release = version = textvec.__version__
extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "bilingual_search",
    "course_pages",
    "mathml",
    "myst_parser",
    "numpydoc",
    "sphinx_copybutton",
    "sphinx_gallery.gen_gallery",
]
myst_enable_extensions = ["colon_fence", "dollarmath"]
myst_heading_anchors = 0
html_math_renderer = "mathml"
html_search_language = "bilingual"
copybutton_exclude = ".linenos, .gp, .go"  # of an example with prompts, what one would type
copybutton_selector = ":not(.output) > div:not(.sphx-glr-script-out) > div.highlight > pre"
exclude_patterns = ["_build", "sg_execution_times.rst", "gallery/sg_execution_times.rst"]
suppress_warnings = ["config.cache"]  # the gallery's settings hold functions: built anew each time
templates_path = ["_templates"]
html_theme = "pydata_sphinx_theme"
html_title = f"textvec {release}"
html_theme_options = {
    "show_prev_next": True,
    "secondary_sidebar_items": {page: ["page-toc"] for page in ("gallery/*", "api/*", "limits")},
}
html_static_path = ["_static"]
html_css_files = ["textvec.css"]
html_js_files = ["course.js"]
# Room for code and for tables: the pages of all examples and of all names link theirs.
html_sidebars = {"gallery/*": [], "api/index": []}
html_copy_source = False
toc_object_entries_show_parents = "hide"  # a class's page lists its methods by their own names
autodoc_typehints = "none"  # the docstrings name the types
numpydoc_show_class_members = False  # the template for classes lists them

# The order in which one reads them.
EXAMPLES = [
    "two_sentences.py",
    "plot_toy_skipgram.py",
    "sparse_vs_dense_english.py",
    "sparse_vs_dense_chinese.py",
    "hotel_recommender.py",
    "two_maps.py",
    "sessions_of_guests.py",
    "topics_of_hotels.py",
    "tune_an_encoder.py",
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


def scrape_pages(block, block_vars, gallery_conf):
    """Keep the page that an example has written, for the example links to it."""
    page = block_vars["example_globals"].get("page")
    if isinstance(page, Path) and page.suffix == ".html":
        folder = Path(gallery_conf["src_dir"]) / "gallery" / "pages"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / page.name).write_bytes(page.read_bytes())
    return ""


def copy_pages(app, exception):
    """Put what :func:`scrape_pages` kept beside the pages of the examples."""
    if exception is None and app.builder.format == "html":
        for page in (Path(app.srcdir) / "gallery" / "pages").glob("*.html"):
            (Path(app.outdir) / "gallery" / page.name).write_bytes(page.read_bytes())


sphinx_gallery_conf = {
    "examples_dirs": "../examples",
    "gallery_dirs": "gallery",
    "filename_pattern": r"\.py$",  # all of them run, and one that fails fails the build
    "within_subsection_order": EXAMPLES.index,
    "image_scrapers": [scrape_figures, scrape_pages],
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
    "textvec.course",
    "textvec.datasets",
    "textvec.show.csv_files",
    "textvec.show.plots",
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
    "textvec.finetune.losses",
    "textvec.integrations.chroma",
    "textvec.integrations.dask",
    "textvec.integrations.lancedb",
    "textvec.integrations.langchain",
    "textvec.integrations.llama_index",
    "textvec.integrations.milvus",
    "textvec.integrations.mteb",
    "textvec.integrations.passages",
    "textvec.integrations.pgvector",
    "textvec.integrations.qdrant",
    "textvec.integrations.sentence_transformers",
    "textvec.integrations.vectors",
    "textvec.serve",
    "textvec.serve.limits",
]
ROOMS = {
    "sparse": "Sparse vectors",
    "dense": "Dense vectors",
    "encoders": "Pretrained encoders",
    "text": "Tokens",
    "search": "Search",
    "finetune": "Tuning",
    "recommend": "Recommenders",
    "evaluate": "Evaluation",
    "persistence": "Saving and loading",
}

# What else its users meet, by room.
ALSO = {
    "Dense vectors": [
        "textvec.dense.subwords.Subwords",
        "textvec.dense.unknown_words.UnknownWordError",
    ],
    "Tokens": [
        "textvec.text.clean_english",
        "textvec.text.documents.Passage",
        "textvec.text.stop_words.stop_words",
    ],
    "Search": ["textvec.search.minhash_lsh.choose_bands", "textvec.search.minhash_lsh.shingles"],
    "Tuning": [
        "textvec.finetune.chat.ChatModel",
        "textvec.finetune.generate.Generated",
        "textvec.finetune.positions.decomposed_positions",
        "textvec.finetune.retromae.Pretraining",
        "textvec.finetune.retromae.sampled_attention",
    ],
    "Recommenders": [
        "textvec.recommend.characters.Relation",
        "textvec.recommend.columns.Categories",
        "textvec.recommend.columns.ColumnVectorizer",
        "textvec.recommend.columns.Numbers",
        "textvec.recommend.columns.Vectors",
        "textvec.recommend.defaults.default_vectorizer",
        "textvec.recommend.defaults.default_vectorizers",
        "textvec.recommend.headings.titles_of",
        "textvec.recommend.maps.MapOptions",
        "textvec.recommend.names.cut_story",
        "textvec.recommend.names.find_names",
        "textvec.recommend.names.short_forms",
    ],
    "Evaluation": [
        "textvec.evaluate.compare.default_vectorizers",
        "textvec.evaluate.compare.measure_costs",
    ],
}


def functions_of(module):
    """Return the names that a module lists as its own, or of the public functions it defines."""
    if listed := getattr(import_module(module), "__all__", None):
        return list(listed)
    members = vars(import_module(module)).items()
    return [
        name
        for name, value in members
        if not name.startswith("_") and getattr(value, "__module__", None) == module
    ]


def section(title, names, module=None):
    """Return the reStructuredText of a section that lists names, of a module or full ones."""
    place = f".. module:: {module}\n\n" if module else ""
    names = "".join(f"   {name}\n" for name in names)
    line = "-" * len(title)
    return f"\n{title}\n{line}\n\n{place}.. autosummary::\n   :toctree:\n\n{names}"


def api_pages():
    """Return the reStructuredText that lists every public name, by room."""
    rooms = {title: [] for title in ROOMS.values()}
    for name, home in sorted(textvec._HOME.items()):
        rooms[ROOMS[home.split(".")[1]]].append(f"textvec.{name}")
    text = "API\n===\n"
    for title, names in rooms.items():
        text += section(title, names + ALSO.get(title, []))
    for module in MODULES:
        text += section(module, functions_of(module), module)
    return text


def others():
    """Return the classes that public ones extend, and that have no page of their own."""
    public = [getattr(textvec, name) for name in textvec._HOME]
    for module in MODULES:
        public += [getattr(import_module(module), name) for name in functions_of(module)]
    classes = {one for one in public if isinstance(one, type)}
    bases = {base for one in classes for base in one.__mro__} - classes
    return [("py:class", f"{base.__module__}.{base.__qualname__}") for base in bases]


# With -n, references that lead nowhere are told, but not those to other projects, or to bases.
nitpick_ignore = others()
nitpick_ignore_regex = [("py:.*", r"(numpy|pandas|scipy|sklearn|torch)\..*")]


def skip_generated(app, what, name, value, skip, options):
    """Leave out what all of scikit-learn's estimators have, set_fit_request and its like."""
    home = getattr(value, "__module__", None) or ""
    is_general = home.startswith(("sklearn.base", "sklearn.utils"))
    return True if is_general or re.fullmatch(r"set_\w+_request", name) else None


def setup(app):
    """Write the list of public names, from which autosummary makes the pages."""
    app.connect("autodoc-skip-member", skip_generated)
    app.connect("build-finished", copy_pages)
    folder = Path(app.srcdir) / "api"
    folder.mkdir(exist_ok=True)
    (folder / "index.rst").write_text(api_pages(), encoding="utf-8")
