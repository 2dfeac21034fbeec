"""What staff fill in to import, to export, or to start a shadow run."""

from django import forms
from django.conf import settings
from django.core.files.uploadedfile import UploadedFile

from recognition.models import ModelVersion
from training.formats.items import READ, WRITTEN
from training.models import Sample
from training.transfers import MOST_NUMBERS


class ImportForm(forms.Form):
    file = forms.FileField(
        help_text="A zip archive; UNIPEN text (also gzipped) and Label Studio's JSON may come alone. "
        f"At most {settings.IMPORT_LIMIT // 2**20} MB: more by manage.py import_samples."
    )
    format = forms.ChoiceField(choices=list(READ.items()))
    strict = forms.BooleanField(
        required=False,
        label="All or nothing",
        help_text="Take in nothing unless everything can be read. Else what cannot be read is listed.",
    )

    def clean_file(self) -> UploadedFile[bytes]:
        file: UploadedFile[bytes] = self.cleaned_data["file"]
        if (file.size or 0) > settings.IMPORT_LIMIT:
            raise forms.ValidationError(f"It is larger than {settings.IMPORT_LIMIT // 2**20} MB.")
        return file


class ExportForm(forms.Form):
    format = forms.ChoiceField(choices=list(WRITTEN.items()))
    split = forms.ChoiceField(choices=[("", "all samples"), *Sample.Split.choices], required=False)


class ShadowForm(forms.Form):
    version = forms.ModelChoiceField(ModelVersion.objects.defer("weights"), empty_label=None)
    count = forms.IntegerField(
        min_value=1, max_value=MOST_NUMBERS, initial=200, label="Numbers", help_text="The last so many."
    )
