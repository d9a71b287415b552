"""doccano's own exports: its models in a database in memory, and its export task run over them.

`pip download --no-deps doccano` has the server as a wheel; its folder backend, unpacked, is what
--doccano names. Its models and its exporter need Django (4.2), django-polymorphic,
django-drf-filepond, djangorestframework, celery and pandas; no server is started.
"""

import sys
import zipfile

from . import shared
from .documents import LINES, SOURCES, documents

APPS = ["roles", "projects", "label_types", "examples", "labels", "data_export"]


def set_up(backend, media):
    """doccano's tables, by its models; the settings that its exporter reads."""
    try:
        import django
        from django.conf import settings
        from django.core.management import call_command
    except ImportError as missing:
        raise shared.Skipped(f"{missing.name} is not installed") from missing
    media.mkdir()
    if settings.configured:  # by an earlier part
        settings.MEDIA_ROOT = str(media)
        return
    sys.path.insert(0, str(backend))
    database = {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}
    below = ["auth", "contenttypes", *APPS, "django_drf_filepond"]
    settings.configure(
        SECRET_KEY="none", DEFAULT_AUTO_FIELD="django.db.models.AutoField", USE_TZ=True,
        DATABASES={"default": database}, MEDIA_ROOT=str(media), BASE_DIR=str(media),
        DJANGO_DRF_FILEPOND_UPLOAD_TMP=str(media), DJANGO_DRF_FILEPOND_FILE_STORE_PATH=str(media),
        ROLE_PROJECT_ADMIN="project_admin", ROLE_ANNOTATOR="annotator",
        ROLE_ANNOTATION_APPROVER="annotation_approver",
        MIGRATION_MODULES={app: None for app in below},
        INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "polymorphic",
                        "django_drf_filepond", "rest_framework", *APPS])
    try:
        django.setup()
        call_command("migrate", run_syncdb=True, verbosity=0)
    except ImportError as missing:
        raise shared.Skipped(f"{missing.name} is not installed") from missing


class Project:
    """A project of doccano's, filled with our documents."""

    def __init__(self, kind, name, **options):
        from django.contrib.auth.models import User
        from projects import models
        self.user = User.objects.get_or_create(username="annotator")[0]
        self.project = getattr(models, kind).objects.create(
            name=name, description=name, created_by=self.user, collaborative_annotation=True,
            **options)
        if not self.project.project_type:  # a view of doccano's sets it
            self.project.project_type = {
                "SequenceLabelingProject": models.ProjectType.SEQUENCE_LABELING,
                "IntentDetectionAndSlotFillingProject":
                    models.ProjectType.INTENT_DETECTION_AND_SLOT_FILLING}[kind]
            self.project.save()

    def type_of(self, kind, text):
        import label_types.models as types
        return getattr(types, kind).objects.get_or_create(
            project=self.project, text=text, defaults={"suffix_key": None})[0]

    def add(self, row, relations=True, meta=None, comment=None, category=None):
        """A document; its places in UTF-16 units, as doccano's page counts."""
        import examples.models as examples
        import labels.models as labels
        example = examples.Example.objects.create(project=self.project, text=row["text"],
                                                  meta=meta or {})
        spans = {}
        for entity in row["entities"]:
            spans[entity["id"]] = labels.Span.objects.create(
                example=example, user=self.user, label=self.type_of("SpanType", entity["type"]),
                start_offset=shared.units(row["text"], entity["start"]),
                end_offset=shared.units(row["text"], entity["end"]))
        for relation in row["relations"] if relations else []:
            labels.Relation.objects.create(
                example=example, user=self.user, from_id=spans[relation["head"]],
                to_id=spans[relation["tail"]],
                type=self.type_of("RelationType", relation["label"]))
        if comment:
            examples.Comment.objects.create(example=example, user=self.user, text=comment)
        if category:
            labels.Category.objects.create(example=example, user=self.user,
                                           label=self.type_of("CategoryType", category))
        return example

    def export(self, path):
        """The JSONL of the zip that doccano's export task makes."""
        from data_export.celery_tasks import export_dataset
        with zipfile.ZipFile(export_dataset(self.project.id, "JSONL")) as archive:
            path.write_bytes(archive.read("all.jsonl"))
        return path


def compare(program, path, rows, folder, relations=True):
    got, said = shared.read_rows(program, path, folder)
    if len(got) != len(rows):
        raise shared.Failure(f"{path.name}: {len(got)} documents of {len(rows)} are read")
    for ours, row in zip(got, rows):
        want = dict(row, relations=row["relations"] if relations else [])
        shared.same(shared.told_row(ours), shared.told_row(want), f"{path.name}, {row['id']}")
    return said


def check_relations(program, folder):
    project = Project("SequenceLabelingProject", "relations", use_relation=True,
                      allow_overlapping=True)
    rows = documents(SOURCES, LINES)
    for row in rows:
        project.add(row, comment="is this sure?" if row["id"] == "nested" else None)
    said = compare(program, project.export(folder / "relations.jsonl"), rows, folder)
    for what in ("UTF-16", "comments"):
        if what not in said:
            raise shared.Failure(f"relations.jsonl: nothing is said of {what}: {said}")


def check_spans(program, folder):
    project = Project("SequenceLabelingProject", "spans", allow_overlapping=True)
    rows = documents(SOURCES, LINES)
    for row in rows:
        project.add(row, relations=False, comment="odd" if row["id"] == "marks" else None)
    compare(program, project.export(folder / "spans.jsonl"), rows, folder, relations=False)


def check_meta(program, folder):
    """Columns of the imported file come back beside the text, null where a row had none."""
    failures, rows = [], documents(SOURCES)
    for meta in ({"source": "a/b.txt", "page": 3}, {"head": "x"}, {"spans": [1]}, {"cats": ["a"]},
                 {"tokens": ["a"]}, {"annotations": 4}, {"annotation_id": 4}, {"label": "news"},
                 {"labels": ["a", "b"]}):
        name = "meta " + next(iter(meta))
        project = Project("SequenceLabelingProject", name, use_relation=True,
                          allow_overlapping=True)
        for number, row in enumerate(rows):
            project.add(row, meta=meta if number == 1 else None)
        try:
            compare(program, project.export(folder / f"{name}.jsonl"), rows, folder)
        except shared.Failure as failure:
            failures.append(str(failure))
    if failures:
        raise shared.Failure("\n  ".join(failures))


def check_slots(program, folder):
    project = Project("IntentDetectionAndSlotFillingProject", "slots")
    rows = documents([s for s in SOURCES if s[0] != "nested"])
    for row in rows:
        project.add(row, relations=False, category="question")
    said = compare(program, project.export(folder / "slots.jsonl"), rows, folder, relations=False)
    if "categories" not in said:
        raise shared.Failure(f"slots.jsonl: nothing is said of categories: {said}")


PARTS = {"relations": check_relations, "spans": check_spans, "columns of imports": check_meta,
         "intents and slots": check_slots}


def check(program, backend, folder, part):
    if backend is None:
        raise shared.Skipped("needs --doccano, the folder backend of the wheel doccano")
    set_up(backend, folder / "media")
    part(program, folder)
