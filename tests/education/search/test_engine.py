"""Search: what is found, in which order, shown how; what is never found; and what people may type."""

import re

import pytest
from django.db import connection
from django.test import Client

from clinic.accounts.models import User
from education import library
from education.content import shipped
from education.models import EvidenceStatement, GlossaryTerm, Page, SearchEntry, SearchVocabulary, Snapshot, Source
from education.search import engine, index, snippets
from education.search.spelling import Vocabulary, distance, units_of
from education.search.synonyms import MEANS_THE_SAME, fold, stem
from education.services import snapshot, versions
from tests.education.conftest import MakePage
from tests.education.performing import perform

REASON = "A trial that it rests on was taken back."


def hits(phrase: str, kind: str) -> list[engine.Hit]:
    """What was found of one kind, the best answers first, as they stand on the page."""
    results = engine.find(phrase)
    best = [hit for hit in results.best if hit.kind == kind]
    return best + [hit for group in results.groups if group.kind == kind for hit in group.hits]


def titles(phrase: str, kind: str = "page") -> list[str]:
    return [hit.title for hit in hits(phrase, kind)]


def paths(phrase: str, kind: str = "page") -> list[str]:
    return [hit.path.partition("#")[0] for hit in hits(phrase, kind)]


def said(phrase: str) -> str:
    """All snippets of a search, with the marks written as square brackets."""
    results = engine.find(phrase)
    result_list = [*results.best, *(hit for group in results.groups for hit in group.hits)]
    pieces = [piece for hit in result_list for piece in hit.snippet]
    return "".join(f"[{text}]" if is_marked else text for text, is_marked in pieces)


def show(make_page: MakePage, name: str, **fields: str) -> Page:
    """A page that readers see."""
    page = make_page(key=name, path=f"/{name}/", **fields)
    versions.publish_unreviewed(page=page, by="Somebody")
    snapshot.refresh_snapshot()
    return page


class TestFinding:
    @pytest.mark.parametrize("phrase", ["zebra", "zebras", "Zebra", "ZEBRA’S", "  zebra?  ", "the zebra"])
    def test_forms_of_a_word_are_one_word(self, make_page: MakePage, phrase: str) -> None:
        show(make_page, "stripes", title="Stripes", body="Two zebras graze.")

        assert titles(phrase) == ["Stripes"]

    @pytest.mark.parametrize("phrase", ["injected", "injecting", "injection", "injections"])
    def test_verbs_and_nouns_meet(self, content: shipped.Shipped, phrase: str) -> None:
        assert "epidural-injection" in {hit.rpartition("#")[2] for hit in _terms(phrase)}

    def test_accents_are_no_matter(self, make_page: MakePage) -> None:
        show(make_page, "method", title="The Zielińska method", body="By Zoë Zielińska.")

        assert titles("zielinska") == titles("Zielińska") == titles("zoe") == ["The Zielińska method"]

    def test_title_before_summary_before_heading_before_text(self, make_page: MakePage) -> None:
        show(make_page, "d", title="Four", body="## One\n\nSome words on a zebra here.\n")
        show(make_page, "c", title="Three", body="## Of a zebra\n\nSome other words on it here.\n")
        show(make_page, "b", title="Two", summary="About a zebra.", body="## One\n\nSome words are here on it.\n")
        show(make_page, "a", title="The zebra", body="## One\n\nSome other words on it here.\n")

        assert titles("zebra") == ["The zebra", "Two", "Three", "Four"]

    def test_the_word_itself_comes_before_what_means_the_same(self, content: shipped.Shipped) -> None:
        assert titles("sciatica", "term")[0] == "Sciatica"

    def test_all_words_are_needed_while_something_has_them_all(self, content: shipped.Shipped) -> None:
        results = engine.find("epidural stenosis")

        assert results.total
        assert not results.is_loose
        assert "/conditions/spinal-stenosis/" in paths("epidural stenosis")

    def test_else_some_are_enough_and_it_says_so(self, content: shipped.Shipped, client: Client) -> None:
        results = engine.find("stenosis xylophonist")

        assert results.is_loose
        assert "/conditions/spinal-stenosis/" in paths("stenosis xylophonist")
        assert "These have some of them" in client.get("/search/?q=stenosis+xylophonist").content.decode()

    def test_the_last_word_may_be_a_beginning(self, content: shipped.Shipped) -> None:
        assert "Radiofrequency treatment" in titles("radiofreq", "term")
        assert not titles("ra", "term")

    def test_every_kind_is_found_and_every_address_is_there(self, content: shipped.Shipped, client: Client) -> None:
        html: dict[str, str] = {}
        assert set(SearchEntry.objects.values_list("kind", flat=True)) == set(SearchEntry.Kind.values)
        for entry in SearchEntry.objects.all():
            path, _, anchor = entry.path.partition("#")
            if path not in html:
                response = client.get(path)
                assert response.status_code == 200, path
                html[path] = response.content.decode()
            assert not anchor or f'id="{anchor}"' in html[path], entry.path

    def test_a_result_leads_to_the_section_of_its_sentence(self, content: shipped.Shipped, client: Client) -> None:
        (hit,) = [
            hit for group in engine.find("drenching sweats").groups for hit in group.hits if "when-to-get" in hit.path
        ]

        path, _, anchor = hit.path.partition("#")
        assert anchor == "urgent-speak-to-a-doctor-today"
        assert f'id="{anchor}"' in client.get(path).content.decode()

    def test_only_statements_carry_a_grade(self, content: shipped.Shipped) -> None:
        groups = engine.find("pain").groups

        for group in groups:
            assert all((hit.grade is not None) == (group.kind == "statement") for hit in group.hits)
        assert [group.kind for group in groups] == list(SearchEntry.Kind)

    def test_a_claim_that_is_quoted_and_a_made_up_story_are_never_a_snippet(self, make_page: MakePage) -> None:
        body = "## First\n\nWords.\n\n::: quoted-claim\nZebras cure backs.\n\n**Verdict:** nobody knows.\n:::\n"
        show(make_page, "claims", title="Claims", summary="What it says.", body=body)

        assert titles("zebras") == ["Claims"]
        assert "cure" not in said("zebras")


def _terms(phrase: str) -> list[str]:
    return [hit.path for hit in hits(phrase, "term")]


class TestSynonyms:
    @pytest.mark.parametrize(
        ("phrase", "path"),
        [
            ("slipped disc", "/conditions/herniated-disc/"),
            ("slipped disk", "/conditions/herniated-disc/"),
            ("bulging discs", "/conditions/herniated-disc/"),
            ("prolapsed disc", "/conditions/herniated-disc/"),
            ("DDD", "/conditions/degenerative-disc-disease/"),
            ("worn discs", "/conditions/degenerative-disc-disease/"),
            ("radiculopathy", "/conditions/herniated-disc/"),
            ("trapped nerve", "/conditions/herniated-disc/"),
            ("pinched nerve", "/conditions/herniated-disc/"),
            ("narrow canal", "/conditions/spinal-stenosis/"),
            ("facet arthropathy", "/conditions/facet-joint-arthritis/"),
            ("regenerative medicine", "/stem-cells/"),
            ("mesenchymal", "/stem-cells/"),
            ("cortisone injection", "/conditions/spinal-stenosis/"),
            ("platelet rich plasma", "/stem-cells/procedure/"),
        ],
    )
    def test_what_people_say_finds_what_texts_say(self, content: shipped.Shipped, phrase: str, path: str) -> None:
        results = engine.find(phrase)

        assert path in paths(phrase)
        assert not results.is_loose
        assert not results.meant

    def test_each_name_stands_for_all_the_others(self) -> None:
        for names in MEANS_THE_SAME.values():
            for name in names:
                (unit,) = units_of(
                    [word for word in fold(name).split() if word not in ("and", "of", "the")], Vocabulary({})
                )
                assert set(unit.choices) >= set(names) or "sciatica" in names


class TestSnippets:
    def test_the_sentence_is_shown_with_its_words_marked(self, make_page: MakePage) -> None:
        show(
            make_page,
            "stripes",
            title="Stripes",
            body="Nothing yet. Two striped zebras graze near a river. Nothing more.",
        )

        assert said("zebra grazing") == "Two striped [zebras] [graze] near a river."

    def test_marks_of_the_text_itself_are_words(self, make_page: MakePage, client: Client) -> None:
        show(make_page, "x", title="<b>Zebra</b> & co", summary="<img src=x onerror=alert(1)> zebra “&” <i>more</i>")

        html = client.get("/search/?q=zebra").content.decode()

        assert "<img src=x" not in html
        assert "&lt;img src=x onerror=alert(1)&gt; <mark>zebra</mark>" in html
        assert "&lt;b&gt;Zebra&lt;/b&gt; &amp; co" in html

    def test_marks_of_markdown_are_not_shown(self, make_page: MakePage) -> None:
        body = "A **bold** [zebra](https://example.org/) stands [@key] here, [[disc|near]] `it` .\n"
        show(make_page, "x", title="X", body=body)

        assert said("zebra") == "A bold [zebra] stands here, near it."

    def test_a_row_of_a_table_is_shown_whole(self, make_page: MakePage) -> None:
        show(
            make_page,
            "x",
            title="X",
            body="| What | Who | How many |\n|---|---|---|\n| Zebra | all of them | 3 of 100 |\n",
        )

        assert said("zebra") == "[Zebra]; all of them; 3 of 100"

    def test_a_long_one_is_cut_between_words_around_its_mark(self, make_page: MakePage) -> None:
        show(make_page, "x", title="X", body=f"{'before ' * 90}zebra {'after ' * 90}")

        shown = said("zebra")

        assert shown.startswith("… before")
        assert shown.endswith("after …")
        assert "[zebra]" in shown
        assert len(shown) < snippets.LONGEST_SNIPPET + 10


class TestNeverFound:
    def test_a_page_nobody_published(self, make_page: MakePage) -> None:
        make_page(title="Zebra", summary="zebra", body="zebra")
        snapshot.refresh_snapshot()

        assert not engine.find("zebra").total

    def test_words_that_wait_to_be_published(self, make_page: MakePage) -> None:
        page = show(make_page, "x", title="Stripes")
        page.title, page.body = "Zebra", "zebra"
        page.save()
        snapshot.refresh_snapshot()

        assert not engine.find("zebra").total
        assert titles("stripes") == ["Stripes"]

    def test_a_page_taken_back_is_gone_at_once_with_its_words(self, make_page: MakePage, manager: User) -> None:
        page = show(make_page, "x", title="Zebra", body="Xylophone.")
        assert titles("zebra") == ["Zebra"]

        perform("withdraw", page, reason=REASON, by=manager)

        assert not engine.find("zebra").total
        assert not engine.find("zebrb").meant
        assert "xylophone" not in SearchVocabulary.objects.get().words

    def test_new_words_replace_old_ones(self, make_page: MakePage) -> None:
        page = show(make_page, "x", title="Zebra")
        page.title = "Giraffe"
        versions.publish_unreviewed(page=page, by="Somebody")
        snapshot.refresh_snapshot()

        assert titles("giraffe") == ["Giraffe"]
        assert not engine.find("zebra").total

    def test_statements_while_no_page_shows_them(self, content: shipped.Shipped, manager: User) -> None:
        assert SearchEntry.objects.filter(kind="statement").count() == EvidenceStatement.objects.count()

        perform("withdraw", Page.objects.get(path="/stem-cells/evidence/"), reason=REASON, by=manager)

        assert not SearchEntry.objects.filter(kind="statement").exists()

    def test_what_a_source_is_kept_for(self, db: None) -> None:
        source = Source(key="a", kind="Review", title="Stripes", supports="zebra", note="zebra")
        source.save()
        Source.objects.update(shown=library.plain(source))
        snapshot.refresh_snapshot()

        assert not engine.find("zebra").total
        assert "Not yet checked by us." in said("stripes")

    def test_a_change_that_fails_changes_nothing(self, make_page: MakePage, monkeypatch: pytest.MonkeyPatch) -> None:
        page = show(make_page, "x", title="Zebra")
        monkeypatch.setattr("clinic.core.audit.record", lambda **_: 1 / 0)
        admin = User.objects.create_superuser("root", "root@clinic.example", "a quiet passphrase")

        with pytest.raises(ZeroDivisionError):
            perform("withdraw", page, reason=REASON, by=admin)

        assert titles("zebra") == ["Zebra"]


class TestIndex:
    def test_what_did_not_change_is_not_written_again(self, content: shipped.Shipped) -> None:
        before = dict(SearchEntry.objects.values_list("pk", "digest"))
        term = GlossaryTerm.objects.get(slug="disc")
        term.definition = "A zebra."
        GlossaryTerm.objects.filter(pk=term.pk).update(shown=library.plain(term))

        snapshot.refresh_snapshot()

        after = dict(SearchEntry.objects.values_list("pk", "digest"))
        assert len(before.keys() - after.keys()) == len(after.keys() - before.keys()) == 1
        assert paths("zebra", "term") == ["/glossary/"]

    def test_a_save_without_news_costs_few_queries(
        self, content: shipped.Shipped, django_assert_max_num_queries
    ) -> None:
        data = Snapshot.objects.get().data
        with django_assert_max_num_queries(3):
            index.refresh(data)

    def test_the_vocabulary_counts_entries(self, content: shipped.Shipped) -> None:
        counts = SearchVocabulary.objects.get().words
        entries = SearchEntry.objects.values_list("title", "summary", "keywords", "text")
        with_word = sum(bool(re.search(r"\bstenosis\b", fold(" ".join(entry)))) for entry in entries)

        assert counts["stenosis"] == with_word
        assert all(count > 0 for count in counts.values())

    def test_the_full_text_stands_after_all_migrations(self, db: None) -> None:
        with connection.cursor() as cursor:
            if connection.vendor == "postgresql":
                cursor.execute("SELECT indexname FROM pg_indexes WHERE tablename = 'education_searchentry'")
                wanted = {"education_searchentry_words"}
            else:
                cursor.execute("SELECT name FROM sqlite_master WHERE tbl_name = 'education_searchentry'")
                wanted = {f"education_searchentry_fts_{verb}" for verb in ("insert", "delete", "update")}
            assert wanted <= {row[0] for row in cursor.fetchall()}


class TestDidYouMean:
    @pytest.mark.parametrize(
        ("typed", "meant"),
        [
            ("stenossis", "stenosis"),
            ("sciatcia", "sciatica"),
            ("slippd disc", "slipped disc"),
            ("spinal stenossis", "spinal stenosis"),
            ("degenarative", "degenerative"),
        ],
    )
    def test_a_slip_is_put_right_and_it_says_so(
        self, content: shipped.Shipped, client: Client, typed: str, meant: str
    ) -> None:
        results = engine.find(typed)
        html = client.get("/search/", {"q": typed}).content.decode()

        assert results.meant == results.answered == meant
        assert results.total
        assert f"Did you mean <strong>{meant}</strong>?" in html
        assert f'value="{typed}"' in html

    @pytest.mark.parametrize("typed", ["epidurral", "herniatted disc", "slipped disk"])
    def test_a_doubled_letter_or_another_spelling_is_no_slip(self, content: shipped.Shipped, typed: str) -> None:
        assert engine.find(typed).total
        assert not engine.find(typed).meant

    @pytest.mark.parametrize("typed", ["stenosis", "slipped disc", "zzyzxqwv", "12345", "pee", "xy", "قلب"])
    def test_nothing_is_offered_for_a_known_word_or_for_none_near(self, content: shipped.Shipped, typed: str) -> None:
        assert engine.find(typed).meant == ""

    def test_it_is_a_link_when_there_are_other_results(self, content: shipped.Shipped, client: Client) -> None:
        html = client.get("/search/?q=stenossis+xylophonist").content.decode()

        assert 'Did you mean <a href="?q=stenosis%20xylophonist">stenosis xylophonist</a>?' in html

    @pytest.mark.parametrize(
        ("first", "second", "slips"),
        [
            ("disc", "disc", 0),
            ("disc", "dics", 1),
            ("disc", "dic", 1),
            ("disc", "disco", 1),
            ("disc", "desk", 1.5),
            ("", "ab", 2),
        ],
    )
    def test_distance(self, first: str, second: str, slips: float) -> None:
        assert distance(first, second) == distance(second, first) == slips

    @pytest.mark.parametrize(
        "forms",
        [
            ("cell", "cells"), ("disc", "discs", "disk"), ("study", "studies"), ("operate", "operation", "operating"),
            ("weak", "weakness"), ("improve", "improved", "improvement"), ("breathe", "breathing"), ("stenosis",),
            ("trial", "trials"), ("sweat", "sweats", "sweating"), ("disease", "diseases"), ("run", "running"),
        ],
    )  # fmt: skip
    def test_stems(self, forms: tuple[str, ...]) -> None:
        assert len({stem(form) for form in forms}) == 1
