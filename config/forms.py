"""How forms are written: each field as the component of the design system."""

from django.forms.renderers import TemplatesSetting


class FormRenderer(TemplatesSetting):
    """Makes `{{ form.field.as_field_group }}` the field of `templates/components/field.html`."""

    field_template_name = "components/field.html"
