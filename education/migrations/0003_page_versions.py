"""Keep the words readers see apart from those editors work on: each publication becomes a version."""

import django.db.models.deletion
from django.db import migrations, models
from django.db.models import Q

WORDS = (
    "title", "short_title", "summary", "body", "key_facts", "evidence", "sources", "related", "figure",
    "is_stem_cell_page", "author",
)  # fmt: skip


def keep_published_words(apps, schema_editor):
    Page = apps.get_model("education", "Page")
    PageVersion = apps.get_model("education", "PageVersion")
    for page in Page.objects.filter(state="published"):
        page.live = PageVersion.objects.create(
            page=page,
            number=1,
            words={name: getattr(page, name) for name in WORDS},
            published_at=page.published_at,
            published_by="Shipped with the product",
            reviewed_on=page.last_reviewed_on,
            reviewed_by=page.reviewed_by,
        )
        page.save(update_fields=["live"])
    # PostgreSQL alters no table whose new rows still wait for their foreign keys to be checked.
    schema_editor.connection.check_constraints()


class Migration(migrations.Migration):
    dependencies = [("education", "0002_groups")]

    operations = [
        migrations.CreateModel(
            name="PageVersion",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveIntegerField()),
                ("words", models.JSONField()),
                ("published_at", models.DateTimeField()),
                ("published_by", models.CharField(max_length=160)),
                ("reviewed_on", models.DateField(blank=True, null=True)),
                ("reviewed_by", models.CharField(blank=True, default="", max_length=160)),
                (
                    "page",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="versions", to="education.page"
                    ),
                ),
            ],
            options={
                "ordering": ["page", "-number"],
                "constraints": [
                    models.UniqueConstraint(fields=["page", "number"], name="one_page_version_per_number"),
                    models.CheckConstraint(
                        condition=Q(reviewed_on__isnull=True, reviewed_by="")
                        | (Q(reviewed_on__isnull=False) & ~Q(reviewed_by="")),
                        name="page_version_review_has_date_and_name",
                    ),
                ],
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
        migrations.RunPython(keep_published_words, migrations.RunPython.noop),
        migrations.RemoveConstraint(model_name="page", name="page_review_has_date_and_name"),
        migrations.RemoveConstraint(model_name="page", name="page_published_at_with_state"),
        migrations.RemoveField(model_name="page", name="published_at"),
        migrations.RemoveField(model_name="page", name="last_reviewed_on"),
        migrations.RemoveField(model_name="page", name="reviewed_by"),
        migrations.AddConstraint(
            model_name="page",
            constraint=models.CheckConstraint(
                condition=~Q(state="published") | Q(live__isnull=False), name="page_published_has_version"
            ),
        ),
    ]
