from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("education", "0008_governance_data")]

    operations = [
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
    ]
