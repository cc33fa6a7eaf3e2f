import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import clinic.core.fields
import clinic.core.primary_keys


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="BestBet",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("shipped_digest", models.CharField(blank=True, default="", editable=False, max_length=64)),
                ("edited_at", models.DateTimeField(blank=True, editable=False, null=True)),
                ("shown", models.JSONField(blank=True, editable=False, null=True)),
                ("key", models.SlugField(max_length=80, unique=True)),
                (
                    "target",
                    models.CharField(
                        help_text="For example /stem-cells/risks/, or /faq/#F4, or /glossary/#prp.", max_length=220
                    ),
                ),
                (
                    "phrases",
                    models.JSONField(
                        default=list,
                        help_text="Questions and words as people type them. Spelling and word endings are no matter.",
                    ),
                ),
                ("spanish", models.JSONField(blank=True, default=list, help_text="The same in Spanish.")),
                (
                    "edited_by",
                    models.ForeignKey(
                        blank=True,
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["target"],
            },
        ),
        migrations.CreateModel(
            name="ClaimWaiver",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("where", models.CharField(max_length=200)),
                ("rule", models.CharField(max_length=4)),
                ("passage", models.TextField()),
                ("digest", models.CharField(max_length=32)),
                ("reason", models.TextField()),
                ("until", models.DateField()),
                ("given_by", models.CharField(max_length=160)),
                ("given_at", models.DateTimeField()),
            ],
            options={
                "ordering": ["where", "rule"],
                "constraints": [
                    models.UniqueConstraint(fields=("where", "rule", "digest"), name="one_reason_per_wording"),
                    models.CheckConstraint(
                        condition=models.Q(("reason", ""), _negated=True), name="waiver_reason_not_empty"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="GlossaryTerm",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("shipped_digest", models.CharField(blank=True, default="", editable=False, max_length=64)),
                ("edited_at", models.DateTimeField(blank=True, editable=False, null=True)),
                ("shown", models.JSONField(blank=True, editable=False, null=True)),
                ("slug", models.SlugField(max_length=60, unique=True)),
                ("term", models.CharField(max_length=80)),
                ("definition", models.TextField()),
                ("see_also", models.JSONField(blank=True, default=list)),
                (
                    "edited_by",
                    models.ForeignKey(
                        blank=True,
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["term"],
            },
        ),
        migrations.CreateModel(
            name="Page",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("shipped_digest", models.CharField(blank=True, default="", editable=False, max_length=64)),
                ("edited_at", models.DateTimeField(blank=True, editable=False, null=True)),
                ("key", models.SlugField(max_length=60, unique=True)),
                (
                    "path",
                    models.CharField(
                        help_text="The address, with a slash at both ends, for example /conditions/name/.",
                        max_length=120,
                        unique=True,
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("home", "Home"),
                            ("hub", "Index"),
                            ("topic", "Back pain"),
                            ("condition", "Condition"),
                            ("treatment", "Treatment"),
                            ("stemcells", "Stem cells"),
                            ("procedure", "Procedure"),
                            ("risks", "Harms"),
                            ("evidence", "Evidence"),
                            ("journey", "If someone goes ahead"),
                            ("law", "Approval and law"),
                            ("cost", "Costs"),
                            ("stories", "Stories and opinions"),
                            ("account", "Account of a real person"),
                            ("statement", "Statement of a clinician"),
                            ("tool", "Tool"),
                            ("help", "When to get help"),
                            ("about", "About"),
                        ],
                        max_length=20,
                    ),
                ),
                (
                    "title",
                    models.CharField(
                        help_text="What the page is about, in words patients use. It promises nothing.", max_length=120
                    ),
                ),
                ("short_title", models.CharField(help_text="As it stands in menus and links.", max_length=60)),
                (
                    "summary",
                    models.CharField(help_text="35 words at most: one message and one uncertainty.", max_length=400),
                ),
                (
                    "body",
                    models.TextField(
                        help_text="Markdown; HTML is shown as typed, never run. Cite as [@source_key], link a term as [[term-slug|words shown]]. A page cannot be published while a citation, a term or an evidence code in it leads nowhere, or while it claims more than its sources. Say numbers for both groups, out of 100, with the time."
                    ),
                ),
                (
                    "key_facts",
                    models.JSONField(
                        blank=True,
                        default=list,
                        help_text="Three or four a patient would repeat at home: what it is about, a colon, and the fact.",
                    ),
                ),
                (
                    "evidence",
                    models.JSONField(
                        blank=True,
                        default=list,
                        help_text="Codes of the graded statements this page rests on, for example “E1”.",
                    ),
                ),
                (
                    "sources",
                    models.JSONField(
                        blank=True, default=list, help_text="Keys of the sources, in the order of their numbers."
                    ),
                ),
                (
                    "related",
                    models.JSONField(blank=True, default=list, help_text="Addresses of three to five other pages."),
                ),
                ("order", models.PositiveSmallIntegerField(default=0)),
                ("figure", models.CharField(blank=True, default="", max_length=20)),
                (
                    "is_stem_cell_page",
                    models.BooleanField(
                        default=False,
                        help_text="Such a page needs graded statements, the approval statement, and two people to sign.",
                    ),
                ),
                (
                    "review_months",
                    models.PositiveSmallIntegerField(
                        default=36, help_text="Months to the next review: 12 at most for stem cells, 36 for all else."
                    ),
                ),
                (
                    "author",
                    models.CharField(
                        help_text="Who wrote it, as readers see it. They cannot review it.", max_length=120
                    ),
                ),
                (
                    "change_note",
                    models.TextField(
                        blank=True,
                        default="",
                        help_text="What changed since the version before, and why. Readers of evidence pages see it.",
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("draft", "Draft"),
                            ("in_review", "In review"),
                            ("published", "Published"),
                            ("updating", "Update in progress"),
                            ("withdrawn", "Withdrawn"),
                            ("retired", "Archived"),
                        ],
                        default="draft",
                        editable=False,
                        max_length=20,
                    ),
                ),
                ("publish_at", models.DateTimeField(blank=True, editable=False, null=True)),
                ("closed_reason", models.TextField(blank=True, default="", editable=False)),
                ("closed_at", models.DateTimeField(blank=True, editable=False, null=True)),
                ("moved_to", models.CharField(blank=True, default="", editable=False, max_length=120)),
                ("self_check", models.JSONField(blank=True, default=dict, editable=False)),
                (
                    "drafted_by",
                    models.ManyToManyField(
                        blank=True,
                        editable=False,
                        help_text="Who wrote the words that wait. They cannot sign them.",
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "publish_by",
                    models.ForeignKey(
                        blank=True,
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["order", "path"],
                "permissions": [
                    ("publish_page", "Can publish and archive pages and records"),
                    ("review_page", "Can review pages as a clinician"),
                    ("second_sign_page", "Can give the second sign-off"),
                    ("withdraw_page", "Can withdraw pages at once"),
                ],
            },
        ),
        migrations.CreateModel(
            name="PageVersion",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveIntegerField()),
                ("words", models.JSONField()),
                ("published_at", models.DateTimeField()),
                ("published_by", models.CharField(max_length=160)),
                ("reviewed_on", models.DateField(blank=True, null=True)),
                ("reviewed_by", models.CharField(blank=True, default="", max_length=400)),
                ("next_review_on", models.DateField(blank=True, null=True)),
                ("change_note", models.TextField(blank=True, default="")),
                (
                    "page",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="versions", to="education.page"
                    ),
                ),
            ],
            options={
                "ordering": ["page", "-number"],
            },
        ),
        migrations.AddField(
            model_name="page",
            name="live",
            field=models.OneToOneField(
                blank=True,
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="live_page",
                to="education.pageversion",
            ),
        ),
        migrations.CreateModel(
            name="Question",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("shipped_digest", models.CharField(blank=True, default="", editable=False, max_length=64)),
                ("edited_at", models.DateTimeField(blank=True, editable=False, null=True)),
                ("shown", models.JSONField(blank=True, editable=False, null=True)),
                ("code", models.CharField(max_length=10, unique=True)),
                (
                    "group",
                    models.CharField(
                        choices=[
                            ("treatment", "The treatment"),
                            ("safety", "Safety"),
                            ("cost", "Cost and approval"),
                            ("choosing", "Choosing"),
                        ],
                        max_length=20,
                    ),
                ),
                ("question", models.CharField(max_length=200)),
                (
                    "answer",
                    models.TextField(help_text="Markdown, 80 words at most. The first sentence answers the question."),
                ),
                ("sources", models.JSONField(blank=True, default=list)),
                (
                    "edited_by",
                    models.ForeignKey(
                        blank=True,
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["pk"],
            },
        ),
        migrations.CreateModel(
            name="RegulationNote",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("shipped_digest", models.CharField(blank=True, default="", editable=False, max_length=64)),
                ("edited_at", models.DateTimeField(blank=True, editable=False, null=True)),
                ("shown", models.JSONField(blank=True, editable=False, null=True)),
                ("key", models.SlugField(max_length=60, unique=True)),
                (
                    "jurisdiction",
                    models.CharField(help_text="US, US-FL, EU or GB: the heading it stands under.", max_length=10),
                ),
                ("body", models.CharField(help_text="The authority, as it calls itself.", max_length=120)),
                ("title", models.CharField(max_length=160)),
                (
                    "text",
                    models.TextField(
                        help_text="Markdown. Say what the law says, not what it might allow. Cite as [@source_key]."
                    ),
                ),
                ("sources", models.JSONField(blank=True, default=list)),
                ("owner", models.CharField(max_length=120)),
                ("effective_from", models.DateField(blank=True, null=True)),
                (
                    "reviewed_on",
                    models.DateField(blank=True, help_text="When a lawyer last looked at it. Empty: never.", null=True),
                ),
                ("next_due", models.DateField(help_text="When the owner looks at it again: within a year.")),
                ("order", models.PositiveSmallIntegerField(default=0)),
                (
                    "edited_by",
                    models.ForeignKey(
                        blank=True,
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["order", "key"],
            },
        ),
        migrations.CreateModel(
            name="Reopening",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("cause", models.CharField(max_length=120)),
                ("reason", models.TextField()),
                ("opened_at", models.DateTimeField()),
                ("closed_at", models.DateTimeField(blank=True, null=True)),
                (
                    "page",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="reopenings", to="education.page"
                    ),
                ),
            ],
            options={
                "ordering": ["-opened_at", "-pk"],
            },
        ),
        migrations.CreateModel(
            name="Reviewer",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "name",
                    clinic.core.fields.PersonNameField(
                        help_text="As readers see it, for example “Dr Ada Byron”.", max_length=120
                    ),
                ),
                ("role", models.CharField(help_text="As readers see it, for example “spine surgeon”.", max_length=120)),
                ("register", models.CharField(help_text="The public register, for example “GMC”.", max_length=120)),
                ("register_number", models.CharField(max_length=60)),
                (
                    "checked_on",
                    models.DateField(help_text="The day somebody looked the number up. It holds for a year."),
                ),
                (
                    "interests",
                    models.TextField(
                        help_text="What they earn from treatments described here. Write “None” if nothing."
                    ),
                ),
                (
                    "user",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="reviewer",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["name"],
            },
        ),
        migrations.CreateModel(
            name="SearchEntry",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("page", "Pages"),
                            ("question", "Questions and answers"),
                            ("term", "Words explained"),
                            ("statement", "Graded statements"),
                            ("trial", "Trials"),
                            ("source", "Sources"),
                        ],
                        max_length=20,
                    ),
                ),
                ("key", models.CharField(max_length=80)),
                ("digest", models.CharField(max_length=64)),
                ("path", models.CharField(max_length=220)),
                ("title", models.CharField(max_length=400)),
                ("grade", models.SmallIntegerField(null=True)),
                ("is_stem_cell", models.BooleanField(default=False)),
                ("summary", models.TextField(default="")),
                ("keywords", models.TextField(default="")),
                ("text", models.TextField(default="")),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("kind", "key"), name="one_search_entry_per_thing"),
                    models.CheckConstraint(
                        condition=models.Q(("kind__in", ["page", "question", "term", "statement", "trial", "source"])),
                        name="search_kind_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("grade__isnull", True), models.Q(("grade__gte", -1), ("grade__lte", 4)), _connector="OR"
                        ),
                        name="search_grade_in_range",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="SearchVocabulary",
            fields=[
                ("id", models.PositiveSmallIntegerField(default=1, primary_key=True, serialize=False)),
                ("words", models.JSONField(default=dict)),
            ],
            options={
                "constraints": [models.CheckConstraint(condition=models.Q(("id", 1)), name="one_search_vocabulary")],
            },
        ),
        migrations.CreateModel(
            name="SignOff",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("digest", models.CharField(max_length=64)),
                (
                    "part",
                    models.CharField(
                        choices=[("clinical", "Clinical review"), ("second", "Second sign-off")], max_length=10
                    ),
                ),
                (
                    "decision",
                    models.CharField(choices=[("approved", "Approved"), ("changes", "Wants changes")], max_length=10),
                ),
                ("comment", models.TextField(blank=True, default="")),
                ("signature", models.CharField(max_length=400)),
                ("at", models.DateTimeField()),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "page",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="sign_offs", to="education.page"
                    ),
                ),
            ],
            options={
                "ordering": ["-at", "-pk"],
            },
        ),
        migrations.CreateModel(
            name="Snapshot",
            fields=[
                ("id", models.PositiveSmallIntegerField(default=1, primary_key=True, serialize=False)),
                ("revision", models.CharField(max_length=32)),
                ("data", models.JSONField(default=dict)),
            ],
            options={
                "constraints": [models.CheckConstraint(condition=models.Q(("id", 1)), name="one_snapshot")],
            },
        ),
        migrations.CreateModel(
            name="Source",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("shipped_digest", models.CharField(blank=True, default="", editable=False, max_length=64)),
                ("edited_at", models.DateTimeField(blank=True, editable=False, null=True)),
                ("shown", models.JSONField(blank=True, editable=False, null=True)),
                ("key", models.CharField(max_length=60, unique=True)),
                ("kind", models.CharField(max_length=80)),
                ("authors", models.CharField(blank=True, default="", max_length=300)),
                ("title", models.CharField(max_length=400)),
                ("container", models.CharField(blank=True, default="", max_length=300)),
                ("year", models.PositiveSmallIntegerField(blank=True, null=True)),
                ("doi", models.CharField(blank=True, default="", max_length=120)),
                ("pmid", models.CharField(blank=True, default="", max_length=20)),
                ("url", models.URLField(blank=True, default="", max_length=500)),
                (
                    "is_verified",
                    models.BooleanField(
                        default=False,
                        help_text="Somebody read it, or its record. A page that cites an unchecked source stays unpublished.",
                    ),
                ),
                (
                    "retracted_on",
                    models.DateField(
                        blank=True,
                        help_text="The day its journal took it back. Every page that cites it is reopened when this is published.",
                        null=True,
                    ),
                ),
                ("supports", models.TextField(blank=True, default="")),
                ("note", models.TextField(blank=True, default="")),
                (
                    "edited_by",
                    models.ForeignKey(
                        blank=True,
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["key"],
            },
        ),
        migrations.CreateModel(
            name="Trial",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("shipped_digest", models.CharField(blank=True, default="", editable=False, max_length=64)),
                ("edited_at", models.DateTimeField(blank=True, editable=False, null=True)),
                ("shown", models.JSONField(blank=True, editable=False, null=True)),
                ("key", models.SlugField(max_length=80, unique=True)),
                ("registry_id", models.CharField(blank=True, default="", max_length=40)),
                ("name", models.CharField(max_length=120)),
                ("phase", models.CharField(blank=True, default="", max_length=20)),
                ("cells", models.CharField(max_length=200)),
                ("control", models.CharField(max_length=200)),
                ("planned", models.PositiveIntegerField(default=0)),
                ("status", models.CharField(max_length=40)),
                ("checked_on", models.DateField(blank=True, null=True)),
                ("finding", models.TextField(blank=True, default="")),
                ("sources", models.JSONField(blank=True, default=list)),
                (
                    "edited_by",
                    models.ForeignKey(
                        blank=True,
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["pk"],
            },
        ),
        migrations.CreateModel(
            name="EvidenceStatement",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("shipped_digest", models.CharField(blank=True, default="", editable=False, max_length=64)),
                ("edited_at", models.DateTimeField(blank=True, editable=False, null=True)),
                ("shown", models.JSONField(blank=True, editable=False, null=True)),
                ("code", models.CharField(max_length=10, unique=True)),
                (
                    "kind",
                    models.CharField(
                        choices=[("stem_cell", "Stem-cell product"), ("comparator", "Other treatment")], max_length=20
                    ),
                ),
                ("condition", models.CharField(max_length=20)),
                ("treatment", models.CharField(max_length=200)),
                ("comparator", models.CharField(max_length=200)),
                ("outcome", models.CharField(max_length=120)),
                ("timepoint", models.CharField(blank=True, default="", max_length=80)),
                (
                    "direction",
                    models.CharField(
                        choices=[
                            ("helps", "Helps"),
                            ("no_difference", "No clear difference"),
                            ("harms", "Harms"),
                            ("unclear", "Not known"),
                        ],
                        max_length=20,
                    ),
                ),
                (
                    "grade",
                    models.SmallIntegerField(
                        help_text="4 high, 3 moderate, 2 low, 1 very low, 0 no usable study, -1 a guideline."
                    ),
                ),
                ("grade_owner", models.CharField(max_length=20)),
                ("plain_text", models.TextField()),
                ("size_text", models.TextField(blank=True, default="")),
                (
                    "harms_text",
                    models.TextField(
                        blank=True,
                        default="",
                        help_text="What harm is known, and what it takes. Where nothing was read, say that.",
                    ),
                ),
                ("n_people", models.PositiveIntegerField(default=0)),
                ("n_trials", models.PositiveIntegerField(default=0)),
                ("downgrade_reasons", models.TextField(blank=True, default="")),
                ("sources", models.JSONField(blank=True, default=list)),
                ("searched_on", models.DateField()),
                (
                    "edited_by",
                    models.ForeignKey(
                        blank=True,
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["kind", "pk"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("grade__gte", -1), ("grade__lte", 4)), name="evidence_grade_in_range"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("direction__in", ["helps", "no_difference", "harms", "unclear"])),
                        name="evidence_direction_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("kind__in", ["stem_cell", "comparator"])), name="evidence_kind_known"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Feedback",
            fields=[
                ("id", clinic.core.primary_keys.DrawnAutoField(primary_key=True, serialize=False)),
                ("token", models.CharField(max_length=64, unique=True)),
                ("path", models.CharField(max_length=120)),
                ("is_helpful", models.BooleanField()),
                ("text", clinic.core.fields.EncryptedTextField(blank=True, default="")),
                ("sent_at", models.DateTimeField()),
                ("done_at", models.DateTimeField(blank=True, null=True)),
                ("outcome", models.TextField(blank=True, default="")),
                (
                    "done_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "feedback",
                "ordering": ["-sent_at", "-pk"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("done_at__isnull", True), ("done_by__isnull", True), ("outcome", "")),
                            models.Q(
                                ("done_at__isnull", False),
                                ("done_by__isnull", False),
                                models.Q(("outcome", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="feedback_done_by_somebody",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="ClinicianStatement",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "name",
                    clinic.core.fields.PersonNameField(
                        help_text="A real person who approved these words.", max_length=120
                    ),
                ),
                ("role", models.CharField(max_length=120)),
                ("register", models.CharField(max_length=120)),
                ("register_number", models.CharField(max_length=60)),
                (
                    "register_checked_on",
                    models.DateField(help_text="The day somebody looked the number up. It holds for a year."),
                ),
                (
                    "approved_on",
                    models.DateField(
                        blank=True, help_text="When the person approved the final words in writing.", null=True
                    ),
                ),
                (
                    "interests",
                    models.TextField(
                        help_text="What they earn from the treatment. Write “None” if nothing. It is printed."
                    ),
                ),
                (
                    "evidence",
                    models.CharField(
                        help_text="The code of the graded statement printed beside the opinion.", max_length=10
                    ),
                ),
                (
                    "page",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="clinician_statement",
                        to="education.page",
                    ),
                ),
            ],
            options={
                "ordering": ["name"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("name", ""), _negated=True),
                            models.Q(("register", ""), _negated=True),
                            models.Q(("register_number", ""), _negated=True),
                            models.Q(("interests", ""), _negated=True),
                        ),
                        name="statement_fully_named",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="CaseAccount",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "result",
                    models.CharField(
                        choices=[
                            ("better", "Felt better"),
                            ("no_change", "No change"),
                            ("worse", "Felt worse, or was harmed"),
                        ],
                        help_text="Every good result needs another beside it.",
                        max_length=20,
                    ),
                ),
                (
                    "consent_on",
                    models.DateField(
                        help_text="Written consent to this use, apart from consent to treatment. Asked anew after 24 months."
                    ),
                ),
                (
                    "consent_covers",
                    models.TextField(help_text="Which use and which channel the person agreed to, in their words."),
                ),
                (
                    "consent_taken_by",
                    clinic.core.fields.PersonNameField(
                        help_text="Never the clinician who treats them.", max_length=120
                    ),
                ),
                ("treated_by", clinic.core.fields.PersonNameField(max_length=120)),
                (
                    "payment",
                    models.CharField(
                        help_text="“None”, or what was paid: it is printed beside the account.", max_length=200
                    ),
                ),
                (
                    "read_by_person_on",
                    models.DateField(blank=True, help_text="When the person read the final text.", null=True),
                ),
                ("privacy_reviewed_on", models.DateField(blank=True, null=True)),
                ("privacy_reviewed_by", clinic.core.fields.PersonNameField(blank=True, default="", max_length=120)),
                (
                    "sampling",
                    models.TextField(help_text="How this person was chosen, set before: every nth who agreed, or all."),
                ),
                (
                    "asked",
                    models.PositiveIntegerField(
                        default=0, help_text="How many people were asked: printed beside the account."
                    ),
                ),
                ("agreed", models.PositiveIntegerField(default=0, help_text="How many of them agreed.")),
                ("has_timeline", models.BooleanField(default=False, help_text="CARE: what happened when.")),
                (
                    "has_all_treatments",
                    models.BooleanField(default=False, help_text="CARE: every treatment, not only one."),
                ),
                (
                    "has_dated_scores",
                    models.BooleanField(default=False, help_text="CARE: outcome scores with their dates."),
                ),
                (
                    "has_unwanted_events",
                    models.BooleanField(default=False, help_text="CARE: what went wrong, or that nothing did."),
                ),
                ("has_own_view", models.BooleanField(default=False, help_text="CARE: how the person sees it.")),
                (
                    "page",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="case_account", to="education.page"
                    ),
                ),
            ],
            options={
                "ordering": ["page"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("result__in", ["better", "no_change", "worse"])),
                        name="account_result_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("agreed__lte", models.F("asked"))), name="account_agreed_within_asked"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("consent_taken_by", models.F("treated_by")), _negated=True),
                        name="account_consent_taken_by_another",
                    ),
                ],
            },
        ),
        migrations.AddConstraint(
            model_name="pageversion",
            constraint=models.UniqueConstraint(fields=("page", "number"), name="one_page_version_per_number"),
        ),
        migrations.AddConstraint(
            model_name="pageversion",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("reviewed_by", ""), ("reviewed_on__isnull", True)),
                    models.Q(("reviewed_on__isnull", False), models.Q(("reviewed_by", ""), _negated=True)),
                    _connector="OR",
                ),
                name="page_version_review_has_date_and_name",
            ),
        ),
        migrations.AddConstraint(
            model_name="page",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("state__in", ["draft", "in_review", "published", "updating", "withdrawn", "retired"])
                ),
                name="page_state_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="page",
            constraint=models.CheckConstraint(
                condition=models.Q(("path__startswith", "/"), ("path__endswith", "/")), name="page_path_has_slashes"
            ),
        ),
        migrations.AddConstraint(
            model_name="page",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("live__isnull", False), ("state__in", ["published", "updating"])),
                    models.Q(models.Q(("state__in", ["published", "updating"]), _negated=True), ("live__isnull", True)),
                    _connector="OR",
                ),
                name="page_public_has_version",
            ),
        ),
        migrations.AddConstraint(
            model_name="page",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("closed_at__isnull", False), ("state__in", ["withdrawn", "retired"])),
                    models.Q(
                        models.Q(("state__in", ["withdrawn", "retired"]), _negated=True), ("closed_at__isnull", True)
                    ),
                    _connector="OR",
                ),
                name="page_closed_has_day",
            ),
        ),
        migrations.AddConstraint(
            model_name="page",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "withdrawn"), _negated=True),
                    models.Q(("closed_reason", ""), _negated=True),
                    _connector="OR",
                ),
                name="page_withdrawn_has_reason",
            ),
        ),
        migrations.AddConstraint(
            model_name="page",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("publish_at__isnull", True), ("publish_by__isnull", True)),
                    models.Q(("publish_at__isnull", False), ("publish_by__isnull", False)),
                    _connector="OR",
                ),
                name="page_schedule_has_day_and_name",
            ),
        ),
        migrations.AddConstraint(
            model_name="page",
            constraint=models.CheckConstraint(
                condition=models.Q(("review_months__gte", 1), ("review_months__lte", 36)),
                name="page_review_months_in_range",
            ),
        ),
        migrations.AddConstraint(
            model_name="question",
            constraint=models.CheckConstraint(
                condition=models.Q(("group__in", ["treatment", "safety", "cost", "choosing"])),
                name="question_group_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="reopening",
            constraint=models.UniqueConstraint(
                condition=models.Q(("closed_at__isnull", True)),
                fields=("page", "cause"),
                name="one_open_reopening_per_cause",
            ),
        ),
        migrations.AddConstraint(
            model_name="reopening",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("closed_at__isnull", True), ("closed_at__gte", models.F("opened_at")), _connector="OR"
                ),
                name="reopening_closes_after_it_opens",
            ),
        ),
        migrations.AddConstraint(
            model_name="reviewer",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("name", ""), _negated=True),
                    models.Q(("role", ""), _negated=True),
                    models.Q(("register", ""), _negated=True),
                    models.Q(("register_number", ""), _negated=True),
                    models.Q(("interests", ""), _negated=True),
                ),
                name="reviewer_fully_named",
            ),
        ),
        migrations.AddConstraint(
            model_name="signoff",
            constraint=models.CheckConstraint(
                condition=models.Q(("part__in", ["clinical", "second"])), name="sign_off_part_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="signoff",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("decision", "approved"),
                    models.Q(("decision", "changes"), models.Q(("comment", ""), _negated=True)),
                    _connector="OR",
                ),
                name="sign_off_says_what_to_change",
            ),
        ),
        migrations.AddConstraint(
            model_name="source",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("year__isnull", True), models.Q(("year__gte", 1900), ("year__lte", 2100)), _connector="OR"
                ),
                name="source_year_in_range",
            ),
        ),
    ]
