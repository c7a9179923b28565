#!/usr/bin/env python3
"""The files students start from are what tools/make_starters.py makes of the solutions, and nothing else lies in labs/.

Also that the tool refuses marks that do not fit, and says where: a lost LAB-END would hand out the solution.
"""
import pathlib
import sys

from sources import finish, root

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import make_starters  # noqa: E402

HANDWRITTEN = {"README.md", "lab.yaml"}

BROKEN = [
    ("begin without end", "/* LAB-BEGIN 1 */\nx\n", "a:1:"),
    ("no alternative", "x\n/* LAB-BEGIN 1 */\nx\n * LAB-END */\n", "a:4:"),
    ("nested", "/* LAB-BEGIN 1 */\n/* LAB-BEGIN 2 */\n", "a:2:"),
    ("end alone", " * LAB-END */\n", "a:1:"),
    ("a mark misspelt", "/* LAB-BEGIN one */\n", "a:1:"),
    ("code in the alternative", "/* LAB-BEGIN 1 */\n/* LAB-ELSE\nint x;\n * LAB-END */\n", "a:3:"),
]


def tool_errors():
    """Broken marks that the tool lets pass, or reports in the wrong place."""
    for name, text, where in BROKEN:
        try:
            make_starters.starter(text, make_starters.STYLES[".c"], "a")
            yield f"make_starters.py accepts broken marks: {name}"
        except make_starters.MarkError as error:
            if not str(error).startswith(where):
                yield f"make_starters.py: {name}: reported as \"{error}\", not at {where}"


def folder_errors(top):
    """Starters that differ from what would be made, and files that are neither starter nor written by hand."""
    made = {path: text for path, text, _ in make_starters.starters(top)}
    for path, text in made.items():
        name = path.relative_to(top)
        if not path.is_file():
            yield f"{name} is missing; run tools/make_starters.py"
        elif path.read_text(encoding="utf-8") != text:
            yield f"{name} is not what its solution makes of it; run tools/make_starters.py"
    for path in sorted((top / "labs").glob("*/*")):
        if path not in made and path.name not in HANDWRITTEN:
            yield f"{path.relative_to(top)} has no solution: a lab holds only starters, README.md and lab.yaml"
    for folder in sorted((top / "labs").iterdir()):
        for name in sorted(HANDWRITTEN):
            if not (folder / name).is_file():
                yield f"{folder.relative_to(top)} has no {name}"


finish("starters", [*tool_errors(), *folder_errors(root())])
