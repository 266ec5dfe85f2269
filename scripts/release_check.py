"""Compares documents and migrations with those of a commit, and prints the notes of a release.

usage: release_check.py PREVIOUS

What callers and operators rely on may be taken away or be changed only by a line of CHANGELOG.md that names it.
"""

import json
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def git(*arguments):
    return subprocess.run(["git", *arguments], cwd=ROOT, check=True, capture_output=True, text=True).stdout


class Tree:
    """Files of a commit, or those that are here."""

    def __init__(self, commit=None):
        self.commit = commit
        listed = git("ls-tree", "-r", "--name-only", commit) if commit else git("ls-files")
        self.paths = set(listed.splitlines())

    def read(self, path):
        if path not in self.paths:
            return ""
        return git("show", f"{self.commit}:{path}") if self.commit else (ROOT / path).read_text()

    def migrations(self):
        return sorted(path for path in self.paths if path.startswith("migrations/"))

    def metrics(self):
        """Kind and labels of each metric."""
        rows = re.findall(r"^\| `(\w+)` \| (\w+) \| (.*?) ?\| ", self.read("docs/metrics.md"), re.MULTILINE)
        return {name: (kind, labels) for name, kind, labels in rows}

    def options(self):
        """Default of each option, by its variable; a test holds the file to the program. Examples have none."""
        found = {}
        for block in self.read("deploy/bulletin.env.example").split("\n\n"):
            has_defaults = "Example:" not in block
            for name, value in re.findall(r"^#(\w+)=(.*)$", block, re.MULTILINE):
                found[name] = value if has_defaults else None
        return found

    def alerts(self):
        """Alerts, on which people are called."""
        return dict.fromkeys(re.findall(r"- alert: (\w+)", self.read("deploy/monitoring/alerts.yaml")))

    def version(self):
        return re.search(r'^version = "(.+)"$', self.read("Cargo.toml"), re.MULTILINE)[1]

    def sections(self):
        """Parts of CHANGELOG.md by their headings, newest first."""
        parts = re.split(r"^## (.+)\n", self.read("CHANGELOG.md"), flags=re.MULTILINE)[1:]
        return dict(zip(parts[::2], parts[1::2]))


def changes(what, before, now, news):
    """What was added, taken away, or is different; the latter two must be in the news."""
    added = [f"{what} {name} is new" for name in now.keys() - before.keys()]
    other = [f"{what} {name} is gone" for name in before.keys() - now.keys()]
    silent = [name for name in before.keys() - now.keys() if name not in news]
    for name in before.keys() & now.keys():
        if before[name] != now[name]:
            other.append(f"{what} {name}: {before[name]}, now {now[name]}")
            if name not in news:
                silent.append(name)
    faults = [f"{what} {name} is gone or changed, and CHANGELOG.md does not name it" for name in silent]
    return sorted(added + other), sorted(faults)


def migration_faults(before, now):
    faults = []
    for path in before.migrations():
        if now.read(path) != before.read(path):
            faults.append(f"{path} was edited or removed: databases that ran it would refuse the release")
    last = max(before.migrations(), default="")
    for path in sorted(set(now.migrations()) - set(before.migrations())):
        if path < last:
            faults.append(f"{path} is new and comes before {last}")
    return faults


def version_faults(now):
    """One version, wherever it stands."""
    version = now.version()
    lock = json.loads(now.read("sdk/typescript/package-lock.json"))
    found = {
        "Cargo.lock": re.search(r'name = "bulletin"\nversion = "(.+)"', now.read("Cargo.lock")),
        "sdk/python/pyproject.toml": re.search(r'^version = "(.+)"$', now.read("sdk/python/pyproject.toml"), re.MULTILINE),
        "deploy/kubernetes/overlays/production": re.search(
            r"newTag: (\S+)", now.read("deploy/kubernetes/overlays/production/kustomization.yaml")
        ),
        "docs/operations.md": re.search(r"image: bulletin:(\S+)", now.read("docs/operations.md")),
    }
    found = {path: match and match[1] for path, match in found.items()} | {
        "sdk/typescript/package.json": json.loads(now.read("sdk/typescript/package.json"))["version"],
        "sdk/typescript/package-lock.json": lock["version"],
        "sdk/typescript/package-lock.json, packages": lock["packages"][""]["version"],
    }
    return [f"{path}: {other}, Cargo.toml has {version}" for path, other in found.items() if other != version]


def main():
    before, now = Tree(sys.argv[1]), Tree()
    sections = now.sections()
    heading, notes = next(iter(sections.items()))
    faults = version_faults(now) + migration_faults(before, now)
    is_release = before.version() != now.version()
    if is_release and not heading.startswith(now.version()):
        faults.append(f"CHANGELOG.md: the first section is {heading!r}, not {now.version()} with its date")
    if not re.search(r"^- ", notes, re.MULTILINE):
        faults.append(f"CHANGELOG.md: {heading} has no entry")
    lines = [f"migration {path} is new" for path in now.migrations() if path not in before.paths]
    for what, of in (("metric", Tree.metrics), ("option", Tree.options), ("alert", Tree.alerts)):
        changed, silent = changes(what, of(before), of(now), notes)
        lines, faults = lines + changed, faults + silent
    if lines and now.read("CHANGELOG.md") == before.read("CHANGELOG.md"):
        faults.append("CHANGELOG.md: says nothing of " + "; ".join(lines))
    if faults:
        print(*faults, sep="\n", file=sys.stderr)
        sys.exit(1)
    print(f"\nBulletin {now.version()}" + ("" if is_release else ", not released yet") + f"\n\n{notes.strip()}")
    if lines:
        print("\nFor operators:", *(f"- {line}" for line in lines), sep="\n")


main()
