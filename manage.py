#!/usr/bin/env python
"""Django's command line for Phonereader."""

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "phonereader.settings")
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line

    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:  # the environment is at fault: its line says more than a traceback
        print(f"Not configured: {error}", file=sys.stderr)
        sys.exit(2)


if __name__ == "__main__":
    main()
