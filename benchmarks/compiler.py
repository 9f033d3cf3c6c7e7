"""Everything that the compiler and the viewer are measured by, in one command, as Markdown and plots.

    python -m benchmarks.compiler [SECTION ...] [--cases CASE ...] [--quick] [--out build/benchmarks | --keep]

Each section is a script of this folder, run as a process of its own. --quick: small grids and few rounds, to see
that all works. --out: where NAME.md and pictures/ go, beside the printed text. --keep: into README.md, between the
marks of the section, and pictures/, instead.
"""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import cases
import contest

FOLDER = Path(__file__).parent
README = FOLDER / "README.md"


@dataclass(frozen=True)
class Section:
    """quick: the script's arguments for a quick look. pictures: what it draws with --pictures."""

    title: str
    script: str
    quick: str
    pictures: tuple[str, ...] = ()


SECTIONS = {
    "table": Section("The cases, beside JAX", "table", "--resolution 16 --rounds 2"),
    "training": Section("Training, beside JAX", "training_speed", "--epochs 200 --repeat 2"),
    "engines": Section("Other engines", "engines", "--resolution 32 --rounds 2 --points 50"),
    "growth": Section(
        "How time grows", "growth", "--scale 0.25 --rounds 1", ("grid", "samples", "width", "depth", "threads")
    ),
    "memory": Section("Peak memory", "memory", "--resolution 512"),
    "texts": Section("Generated texts", "random_texts", "--texts 3 --resolution 64 --rounds 2", ("texts",)),
    "start": Section("From nothing to a surface on disk", "start", "--resolution 64 --rounds 1"),
    "compile_time": Section("Compile time", "compile_time", "--runs 1"),
    "viewer": Section("The viewer", "viewer", "--sizes 512"),
}


def machine() -> str:
    """The machine and the versions, in a line."""
    versions = ", ".join(f"{name} {version(name)}" for name in ("numpy", "llvmlite", "jax"))
    return (
        f"{os.cpu_count()} cores of {processor()} with {contest.vector_bits()}-bit vectors; "
        f"Python {platform.python_version()}, {versions}."
    )


def processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def measure(name: str, arguments: list[str], pictures: Path) -> str:
    """Run a section's script; its Markdown, with the command and the machine. Raises CalledProcessError."""
    section = SECTIONS[name]
    drawn = ["--pictures", str(pictures)] if section.pictures else []
    command = [sys.executable, str(FOLDER / f"{section.script}.py"), *arguments, *drawn]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    said = " ".join(["python -m benchmarks." + section.script, *arguments])
    parts = [f"`{said}` on {machine()}", done.stdout.strip()]
    parts += [" ".join(f"![{picture}]({pictures.name}/{picture}.png)" for picture in section.pictures)]
    return "\n\n".join(part for part in parts if part) + "\n"


def spliced(page: str, name: str, text: str) -> str:
    """The page with what stands between a section's marks replaced. Raises ValueError where a mark is missing."""
    begin, end = f"<!-- {name} -->\n", f"<!-- end of {name} -->"
    before, found, rest = page.partition(begin)
    _, closed, after = rest.partition(end)
    if not found or not closed:
        raise ValueError(f"{README.name} has no marks {begin.strip()} and {end}")
    return f"{before}{begin}{text}{end}{after}"


def main() -> None:
    parser = argparse.ArgumentParser(description="all that the compiler and the viewer are measured by")
    parser.add_argument("sections", nargs="*", metavar="SECTION", help=f"default: all of {', '.join(SECTIONS)}")
    parser.add_argument("--cases", nargs="*", default=[], choices=list(cases.CASES), metavar="CASE")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--out", type=Path, default=Path("build/benchmarks"))
    parser.add_argument("--keep", action="store_true", help="write into benchmarks/README.md")
    chosen = parser.parse_args()
    unknown = [name for name in chosen.sections if name not in SECTIONS]
    if unknown:
        parser.error(f"there is no section {unknown[0]}: there are {', '.join(SECTIONS)}")
    out = FOLDER if chosen.keep else chosen.out
    out.mkdir(parents=True, exist_ok=True)
    failed = []
    for name in chosen.sections or SECTIONS:
        arguments = SECTIONS[name].quick.split() if chosen.quick else []
        try:
            text = measure(name, [*(chosen.cases if name == "table" else []), *arguments], out / "pictures")
        except subprocess.CalledProcessError as error:
            failed.append(name)
            print(f"{name} failed with exit status {error.returncode}", file=sys.stderr)
            continue
        print(f"## {SECTIONS[name].title}\n\n{text}", flush=True)
        if chosen.keep:
            README.write_text(spliced(README.read_text(encoding="utf-8"), name, text), encoding="utf-8")
        else:
            (out / f"{name}.md").write_text(f"## {SECTIONS[name].title}\n\n{text}", encoding="utf-8")
    if failed:
        sys.exit(f"failed: {', '.join(failed)}")


if __name__ == "__main__":
    main()
