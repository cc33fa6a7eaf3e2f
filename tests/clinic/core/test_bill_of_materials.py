"""The bill of materials lists exactly what the lock files pin, and says who wants what."""

import json
import re

from clinic.core import bill_of_materials
from clinic.core.bill_of_materials import FRONTEND, LOCKED, bill, locked

LOCK = """\
argon2-cffi==25.1.0 \\
    --hash=sha256:{a} \\
    --hash=sha256:{b}
    # via -r requirements.in
argon2_CFFI.bindings==26.2.0 ; sys_platform == 'linux' \\
    --hash=sha256:{a}
    # via
    #   argon2-cffi
    #   other
other==1.0 \\
    --hash=sha256:{b}
    # via
    #   -r requirements.in
""".format(a="a" * 64, b="b" * 64)
FONT = {"version": "5.3.0", "integrity": "sha512-AAEC"}
NODE = {"packages": {f"node_modules/{name}": FONT for name in bill_of_materials.SERVED}}


def test_it_lists_exactly_the_locked_packages() -> None:
    made = bill(LOCKED.read_text(), json.loads(FRONTEND.read_text()), version="1.0.0")
    listed = [
        f"{item['name']}=={item['version']}" for item in made["components"] if item["purl"].startswith("pkg:pypi/")
    ]
    pinned = re.findall(r"(?m)^([a-z0-9-]+==[^\s;\\]+)", LOCKED.read_text())
    assert listed == pinned
    assert len(listed) > 20
    assert all(item["hashes"] for item in made["components"])
    assert len([item for item in made["components"] if item["purl"].startswith("pkg:npm/")]) == 3


def test_every_package_is_reached_from_the_product() -> None:
    made = bill(LOCKED.read_text(), json.loads(FRONTEND.read_text()), version="1.0.0")
    needs = {entry["ref"]: entry["dependsOn"] for entry in made["dependencies"]}
    reached, waiting = set(), ["clinic"]
    while waiting:
        ref = waiting.pop()
        if ref not in reached:
            reached.add(ref)
            waiting += needs.get(ref, [])
    assert reached == {"clinic", *(item["bom-ref"] for item in made["components"])}
    asked_for = re.findall(r"(?m)^([A-Za-z][\w-]*)", (LOCKED.parent / "requirements.in").read_text())
    direct = {ref.split("/")[1].split("@")[0] for ref in needs["clinic"] if ref.startswith("pkg:pypi/")}
    assert direct == {name.lower() for name in asked_for}


def test_names_markers_hashes_and_who_wants_it_are_read() -> None:
    assert [
        (item.name, item.version, len(item.hashes), item.wanted_by, item.is_asked_for) for item in locked(LOCK)
    ] == [
        ("argon2-cffi", "25.1.0", 2, (), True),
        ("argon2-cffi-bindings", "26.2.0", 1, ("argon2-cffi", "other"), False),
        ("other", "1.0", 1, (), True),
    ]


def test_the_same_lock_makes_the_same_bill_and_another_one_another() -> None:
    one, again, other = (bill(text, NODE, version="1") for text in (LOCK, LOCK, LOCK.replace("1.0", "1.1")))
    assert one == again
    assert one["serialNumber"] != other["serialNumber"]
    assert re.fullmatch(r"urn:uuid:[0-9a-f-]{36}", one["serialNumber"])
    assert (one["bomFormat"], one["specVersion"], one["version"]) == ("CycloneDX", "1.5", 1)


def test_the_names_of_served_packages_are_written_as_the_standard_wants() -> None:
    made = bill(LOCK, NODE, version="1")
    served = {item["purl"] for item in made["components"] if item["purl"].startswith("pkg:npm/")}
    assert "pkg:npm/%40fontsource-variable/newsreader@5.3.0" in served
