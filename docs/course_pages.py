"""Pages of the course, made from its sources when the documentation is built.

Each source is run once; the pages of both languages show what it printed and drew.
"""

import html
import json
import posixpath
import re
from pathlib import Path

from course_checks import faults
from course_running import run
from markdown_it import MarkdownIt
from mathml import formula
from mdit_py_plugins.dollarmath import dollarmath_plugin

from textvec.course.links import plain, resolve
from textvec.course.notebooks import notebook
from textvec.course.sources import LANGUAGES, pages, units
from textvec.show.pages import policy_of

WORDS = {
    "en": {
        "other": "中文",
        "notebook": "Open as notebook",
        "slides": "Slides",
        "solutions": "Solutions",
        "solutions of": "Solutions of unit {}",
        "back": "Back to unit {}",
        "figure": "What the code above draws",
    },
    "zh": {
        "other": "English",
        "notebook": "下载为笔记本",
        "slides": "幻灯片",
        "solutions": "练习解答",
        "solutions of": "第 {} 单元练习解答",
        "back": "回到第 {} 单元",
        "figure": "上面的代码画出的图",
    },
}
OTHER = {"en": "zh", "zh": "en"}


def write(app):
    """Run the sources, check what came out, and write the pages, notebooks, figures and slides."""
    folder = Path(app.srcdir) / "course"
    for name in ("figures", "notebooks/en", "notebooks/zh", "slides"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    for source in [*units(), *pages()]:
        outputs = run(source)
        if found := faults(source, outputs):
            raise RuntimeError("\n".join(found))
        for i, output in outputs.items():
            for n, image in enumerate(output.figures):
                (folder / "figures" / f"{source.name}-{i}-{n}.png").write_bytes(image)
        for language in LANGUAGES:
            write_pages(folder, source, outputs, language)
            name = f"{source.name}.{language}.html"
            (folder / "slides" / name).write_text(
                slides(source, outputs, language), encoding="utf-8"
            )


def write_pages(folder, source, outputs, language):
    """Write the page of a unit, of its solutions, and its notebook."""
    words = WORDS[language]
    has_solutions = any(cell.part == "solution" for cell in source.cells)
    links = ""
    if source.number:
        path = folder / "notebooks" / language / f"{source.name}.ipynb"
        text = json.dumps(notebook(source, language), ensure_ascii=False, indent=1)
        path.write_text(text, encoding="utf-8")
        links = f"{{download}}`{words['notebook']} <../notebooks/{language}/{path.name}>`"
        slides_page = f"../slides/{source.name}.{language}.html"
        links += f' · <a href="{slides_page}">{words["slides"]}</a>'
    if has_solutions:
        links += f" · [{words['solutions']}](s{source.name}.md)"
    text = page(source, outputs, language, ("unit", "exercise"))
    title, _, rest = text.partition("\n")
    box = f"\n:::{{container}} course-links\n{links}\n:::\n" if links else ""
    (folder / language / f"{source.name}.md").write_text(f"{title}\n{box}{rest}", "utf-8")
    if has_solutions:
        title = f"# {words['solutions of'].format(source.number)}\n\n"
        back = f"[{words['back'].format(source.number)}]({source.name}.md)"
        title += f":::{{container}} course-links\n{back}\n:::\n\n"
        text = title + page(source, outputs, language, ("solution",)).replace("\n### ", "\n## ")
        (folder / language / f"s{source.name}.md").write_text(text, "utf-8")


def page(source, outputs, language, parts):
    """Return the Markdown of a page: texts, code, and what the code put out."""
    found = [""]
    sections = 0
    for i, kind, text in source.blocks(language, parts):
        if kind == "text":
            lines = []
            for line in text.split("\n"):
                if re.match("##+ ", line):  # the same place in both languages
                    sections += 1
                    lines.append(f'<span class="section-mark" id="place-{sections}"></span>\n')
                lines.append(line)
            found.append("\n".join(lines))
            continue
        found.append(fenced(text, "python"))
        if outputs[i].text:
            shown = fenced(outputs[i].text.rstrip(), "text")
            found.append(f":::{{container}} output\n{shown}\n:::")
        found += [
            f"![{WORDS[language]['figure']}](../figures/{source.name}-{i}-{n}.png)"
            for n in range(len(outputs[i].figures))
        ]
    return "\n\n".join(found).lstrip() + "\n"


def fenced(text, kind):
    """Return a block of code or output, in a fence that nothing in it ends."""
    longest = max(map(len, re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{kind}\n{text}\n{fence}"


def finish(app, docname, source):
    """Give a page of the course its switch of languages, and turn its own links into Sphinx's."""
    place = re.fullmatch("course/(en|zh)/(.+)", docname)
    if not place:
        return
    language, name = place.groups()
    names = {unit.number: unit.name for unit in units()}

    def turn(words, kind, target):
        if kind == "api":
            return f"{{py:obj}}`{words.strip('`')} <{target}>`"
        if kind == "unit" and int(target) in names:
            return f"[{words}]({names[int(target)]}.md)"
        if kind == "doc":
            return f"{{doc}}`{words} </{target}>`"
        return plain(words, kind, target)

    text = resolve(source[0], turn)
    other = f"../{OTHER[language]}/{name}"
    if other_page(app, docname).exists():
        switch = f":::{{container}} course-switch\n[{WORDS[language]['other']}]({other}.md)\n:::\n"
        title, _, rest = text.partition("\n")
        text = f"{title}\n\n{switch}\n{rest}"
    source[0] = text


def other_page(app, docname):
    """Return the file of the same page in the other language."""
    _, language, name = docname.split("/", 2)
    return Path(app.srcdir) / "course" / OTHER[language] / f"{name}.md"


def tell_language(app, docname, template, context, doctree):
    """Tell browsers and readers which language a page is in."""
    if docname.startswith("course/zh/"):
        context["language"] = "zh-CN"


def copy_slides(app, exception):
    """Put the slides and their figures where the pages link to."""
    if exception is None and app.builder.format == "html":
        for name in ("slides", "figures"):
            target = Path(app.outdir) / "course" / name
            target.mkdir(parents=True, exist_ok=True)
            for file in sorted((Path(app.srcdir) / "course" / name).iterdir()):
                (target / file.name).write_bytes(file.read_bytes())


# Slides.

_MARKDOWN = MarkdownIt("commonmark", {"html": False}).enable("table").use(dollarmath_plugin)
_SENTENCE = re.compile(r"(?<=[.?!])(?<!e\.g\.)(?<!i\.e\.)\s+(?=[A-Z*\[`$\"])|(?<=[。？！])")


def first_sentence(text):
    """Return the first sentence of a paragraph, with its bold beginning; formulas are never cut."""
    lead = re.match(r"(?:[-*] |\d+\. )?\*\*.+?\*\*", text)
    start = lead.end() if lead else 0
    hidden = re.sub(r"\$[^$]*\$|`[^`]*`|\([^()]*\)", lambda found: "x" * len(found[0]), text)
    match = _SENTENCE.search(hidden, start + 1)
    return text[: match.start()].strip() if match else text.strip()


def points(text):
    """Return what of a text stands on a slide: headings, first sentences, formulas, tables."""
    found = []
    for block in re.split(r"(?m)(^```[^`]*^```)|\n\s*\n", text):
        block = (block or "").strip()
        if not block:
            continue
        if block.startswith(("#", "|", "$$", "```")):
            found.append(block)
        elif re.match(r"[-*] |\d+\. ", block):
            items = re.split(r"\n(?=[-*] |\d+\. )", block)
            found.append("\n".join(first_sentence(item) for item in items))
        else:
            found.append(f"- {first_sentence(' '.join(block.splitlines()))}")
    return found


def to_html(markdown):
    """Return the HTML of a piece of Markdown with formulas."""
    tokens = _MARKDOWN.parse(resolve(markdown, plain))
    for token in tokens:
        for one in [token, *(token.children or [])]:
            if one.type in ("math_inline", "math_block"):
                one.content = formula(one.content, as_block=one.type == "math_block")
                one.type = "html_block" if one.type == "math_block" else "html_inline"
    return _MARKDOWN.renderer.render(tokens, _MARKDOWN.options, {})


def slides(source, outputs, language):
    """Return one page of slides: a slide for each section and each output."""
    decks = []
    for i, kind, text in source.blocks(language, ("unit", "exercise")):
        if kind == "code":
            output = outputs[i]
            shown = f"<pre>{html.escape(output.text.rstrip())}</pre>" if output.text else ""
            for n in range(len(output.figures)):
                place = posixpath.join("..", "figures", f"{source.name}-{i}-{n}.png")
                shown += f'<img src="{place}" alt="{WORDS[language]["figure"]}">'
            if shown and decks:
                code = f"<details><summary>Python</summary><pre>{html.escape(text)}</pre></details>"
                decks[-1].append(shown + code)
            continue
        for point in points(text):
            if point.startswith("#") or not decks:
                decks.append([])
            decks[-1].append(to_html(point))
    body = "".join(f"<section>{''.join(parts)}</section>\n" for parts in decks)
    title = html.escape(source.heading(language))
    lang = {"en": "en", "zh": "zh-CN"}[language]
    style = (Path(__file__).parent / "_static" / "slides.css").read_text(encoding="utf-8")
    script = (Path(__file__).parent / "_static" / "slides.js").read_text(encoding="utf-8")
    policy = policy_of(f"\n{script}", "img-src 'self' file:")
    return (
        f'<!doctype html>\n<html lang="{lang}">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        f'<meta name="viewport" content="width=device-width">\n<title>{title}</title>\n'
        f"<style>\n{style}</style>\n</head>\n<body>\n{body}<script>\n{script}</script>\n"
        "</body>\n</html>\n"
    )


def setup(app):
    """Connect to the build."""
    app.connect("builder-inited", write)
    app.connect("source-read", finish)
    app.connect("html-page-context", tell_language)
    app.connect("build-finished", copy_slides)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
