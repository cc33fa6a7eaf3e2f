"""Gives what stands in the database its place under the new rules, and hands out their permissions."""

import json

from django.core.serializers.json import DjangoJSONEncoder
from django.db import migrations

from clinic.roles import grant

SMALL = ("Source", "EvidenceStatement", "GlossaryTerm", "Question", "Trial")
BOOK_KEEPING = {"shown", "edited_by", "edited_at", "shipped_digest"}
EDITORS = [
    *(
        f"education.{verb}_{name}"
        for name in ("regulationnote", "caseaccount", "clinicianstatement")
        for verb in ("view", "add", "change")
    ),
    "education.view_feedback",
    "education.change_feedback",
    "education.view_reviewer",
]
MANAGERS = [
    *EDITORS,
    "education.second_sign_page",
    "education.withdraw_page",
    "education.add_reviewer",
    "education.change_reviewer",
]
DOCTORS = ["education.review_page", "education.withdraw_page", "education.view_reviewer"]


def carry_over(apps, schema_editor):
    page = apps.get_model("education", "Page")
    page.objects.filter(live__isnull=False).exclude(state="published").update(state="updating")
    for name in SMALL:
        model = apps.get_model("education", name)
        fields = [field.name for field in model._meta.concrete_fields if field.name not in BOOK_KEEPING]
        for record in model.objects.all():
            values = {field: getattr(record, field) for field in fields}
            record.shown = json.loads(json.dumps(values, cls=DjangoJSONEncoder))
            record.save(update_fields=["shown"])


def grant_governance(apps, schema_editor):
    grant(apps, {"editor": EDITORS, "manager": MANAGERS, "doctor": DOCTORS})


class Migration(migrations.Migration):
    dependencies = [("education", "0007_governance")]

    operations = [
        migrations.RunPython(carry_over, migrations.RunPython.noop),
        migrations.RunPython(grant_governance, migrations.RunPython.noop),
    ]
