"""Made-up people, references and tokens. The same seed invents the same ones in the same order."""

import base64
import calendar
import dataclasses
import datetime
import random
from collections.abc import Iterable
from typing import Final

from django.conf import settings

from consultations.services.intake import REFERENCE_ALPHABET, Contact


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


GIVEN: Final = _words(
    "Abel Adela Agnes Aldo Alma Amara Anselm Arlo Astrid Aurel Bela Bertil Birgit Bruno Carla Celia Clemens Cosmo "
    "Dagny Dario Delia Dora Edda Edgar Eleni Elin Emil Enzo Esme Ewa Fabia Felix Fenna Flora Frida Gaston Gerda "
    "Gita Gustav Hanne Hedwig Hector Ida Ilse Imre Ines Iris Ivo Jarl Jette Jonna Jules Kaia Karel Kirsten Klara "
    "Lars Leona Levi Linnea Lorenz Lucia Magda Malik Mareike Milos Mina Nadia Nestor Nils Noemi Olaf Oriel Otis "
    "Paula Perry Pia Quentin Ragna Renzo Rosa Rufus Salma Selma Silas Sonja Sven Tamar Teodor Thea Tobias Ulla "
    "Vera Viggo Vilma Wanda Willem Xenia Yara Yusuf Zelda Zeno"
)
FAMILY: Final = _words(
    "Abbott Ackerman Alvarez Anders Ashby Bakker Baptiste Barlow Beckett Berg Birch Blum Bonnet Brandt Brook "
    "Calloway Castel Chandra Cole Corbin Crane Dahl Darby Delgado Dietz Drake Dufour Eklund Ellery Engel Farkas "
    "Fenwick Ferrer Fields Forsyth Frost Gallo Garnier Gill Granger Haas Hale Hartley Haugen Hollis Holm Ibsen "
    "Ingram Iyer Jansen Jarvis Jolly Kaplan Keller Kirk Koval Lambert Larkin Leclerc Lowell Lund Maddox Marlow "
    "Mercer Moreau Nakata Nash Navarro Nolan Norling Oakes Olsen Ortega Osei Palmer Parrish Pereira Pratt Prior "
    "Quist Ramsey Raven Reyes Rhodes Rossi Sandoval Savage Sharma Sloan Sorel Stroud Sutter Tanaka Thorne "
    "Tolliver Ueda Ulrich Vance Varga Vidal Wade Webster Wells Wolfe Yates Yoon Zeller Ziegler"
)
AREAS: Final = (202, 212, 312, 404, 503, 602, 617, 702, 713, 801, 816, 904)


@dataclasses.dataclass(frozen=True, slots=True)
class InventedPatient:
    contact: Contact
    reference: str


class Inventor:
    """Draws from one source of chance; `taken` are the references that exist already."""

    def __init__(self, seed: int | None, *, taken: Iterable[str] = ()) -> None:
        self.chance = _chance(seed, "people")
        self._references = _chance(seed, "references")
        self.taken = set(taken)

    def person(self, *, age: int, on: datetime.date) -> InventedPatient:
        """Somebody who was so old on that day."""
        given, family = self.chance.choice(GIVEN), self.chance.choice(FAMILY)
        reference = self.reference()
        number = f"({self.chance.choice(AREAS)}) 555-01{self.chance.randrange(100):02}"
        contact = Contact(
            name=f"{given} {family}",
            birth_on=self._birthday(age, on),
            email=f"{given}.{family}.{reference[-7:].replace('-', '')}@patients.example".lower(),
            phone=number,
        )
        return InventedPatient(contact, reference)

    def _birthday(self, age: int, on: datetime.date) -> datetime.date:
        year = on.year - age - 1
        leap = calendar.isleap(on.year) and (on.month, on.day) == (2, 29)
        last = datetime.date(year + 1, on.month, 28 if leap else on.day)
        return last - datetime.timedelta(days=self.chance.randrange(360))

    def reference(self) -> str:
        """The first one tells whether the set of a seed was made before."""
        while True:
            drawn = "".join(self._references.choices(REFERENCE_ALPHABET, k=6))
            reference = f"{settings.REFERENCE_PREFIX}-{drawn[:4]}-{drawn[4:]}"
            if reference not in self.taken:
                self.taken.add(reference)
                return reference

    def token(self) -> str:
        """In the form of `encryption.new_token`."""
        return base64.urlsafe_b64encode(self.chance.randbytes(32)).rstrip(b"=").decode()

    def hex(self) -> str:
        return self.chance.randbytes(16).hex()


def _chance(seed: int | None, stream: str) -> random.Random:
    return random.SystemRandom() if seed is None else random.Random(f"{seed} {stream}")  # noqa: S311 - of made-up people
