"""What the product is made of, as CycloneDX JSON: `python -m clinic.core.bill_of_materials`, or `make sbom`.

Read from the lock files alone, so that it says the same on every machine and lists what is installed by hash: nothing
more, nothing less. Of the packages that only build the style sheet, those whose files are served are listed.
"""

import base64
import json
import re
import sys
import uuid
from pathlib import Path
from typing import Any, Final, NamedTuple

from clinic.core import defaults

ROOT: Final = Path(__file__).resolve().parents[2]
LOCKED: Final = ROOT / "requirements.txt"
FRONTEND: Final = ROOT / "clinic" / "core" / "frontend" / "package-lock.json"
SERVED: Final = ("bootstrap", "@fontsource-variable/atkinson-hyperlegible-next", "@fontsource-variable/newsreader")
PINNED: Final = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]*)==([^\s;\\]+)")
HASH: Final = re.compile(r"--hash=sha256:([0-9a-f]{64})")
PRODUCT: Final = "clinic"


class Package(NamedTuple):
    name: str
    version: str
    hashes: tuple[str, ...]
    wanted_by: tuple[str, ...]
    """Other packages."""
    is_asked_for: bool
    """By ourselves, in requirements.in."""

    @property
    def ref(self) -> str:
        return f"pkg:pypi/{self.name}@{self.version}"


def locked(text: str) -> list[Package]:
    """The packages of a file that `uv pip compile` wrote, with the comments that say who wants each."""
    packages = []
    for block in re.split(r"(?m)^(?=[A-Za-z0-9])", text):
        if found := PINNED.match(block):
            comments = re.findall(r"(?m)^\s+#\s+(?:via )?(\S.*)$", block)
            wanted_by = tuple(line for line in comments if not line.startswith("-r ") and line != "via")
            name = re.sub(r"[-_.]+", "-", found[1]).lower()
            is_asked_for = any(line.startswith("-r ") for line in comments)
            packages.append(Package(name, found[2], tuple(HASH.findall(block)), wanted_by, is_asked_for))
    return packages


def bill(requirements: str, frontend: dict[str, Any], *, version: str) -> dict[str, Any]:
    packages = locked(requirements)
    served = [_served(name, frontend["packages"][f"node_modules/{name}"]) for name in SERVED]
    product = {"type": "application", "bom-ref": PRODUCT, "name": PRODUCT, "version": version}
    components = [_component(package) for package in packages] + served
    direct = [package.ref for package in packages if package.is_asked_for] + [item["bom-ref"] for item in served]
    needs = {package.ref: [other.ref for other in packages if package.name in other.wanted_by] for package in packages}
    contents = {
        "metadata": {"component": product},
        "components": components,
        "dependencies": [{"ref": ref, "dependsOn": on} for ref, on in {PRODUCT: direct, **needs}.items()],
    }
    # The same contents have the same number: two bills can be compared byte by byte.
    number = uuid.uuid5(uuid.NAMESPACE_OID, json.dumps(contents, sort_keys=True))
    return {
        "bomFormat": "CycloneDX", "specVersion": "1.5", "serialNumber": f"urn:uuid:{number}", "version": 1, **contents,
    }  # fmt: skip


def _component(package: Package) -> dict[str, Any]:
    """The hashes are those of the files that may be installed for it: a source archive, and one for each platform."""
    return {
        "type": "library",
        "bom-ref": package.ref,
        "name": package.name,
        "version": package.version,
        "purl": package.ref,
        "hashes": [{"alg": "SHA-256", "content": digest} for digest in package.hashes],
    }


def _served(name: str, entry: dict[str, str]) -> dict[str, Any]:
    ref = f"pkg:npm/{name.replace('@', '%40')}@{entry['version']}"
    digest = base64.b64decode(entry["integrity"].removeprefix("sha512-")).hex()
    return {
        "type": "library",
        "bom-ref": ref,
        "name": name,
        "version": entry["version"],
        "purl": ref,
        "hashes": [{"alg": "SHA-512", "content": digest}],
    }


def main() -> None:
    made = bill(LOCKED.read_text(), json.loads(FRONTEND.read_text()), version=defaults.APP_VERSION)
    json.dump(made, sys.stdout, indent=2)
    sys.stdout.write("\n")


if __name__ == "__main__":
    main()
