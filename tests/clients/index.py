"""Clients from a package index: from the folder that deploy/test has made of them. Imported before anything of theirs."""
import importlib
import os
import sys

import pytest

_FOLDER = os.environ.get("BARYON_TEST_CLIENTS", "")
if _FOLDER:
    sys.path.insert(0, _FOLDER)


def require(module):
    """The module; without that folder the test module is skipped, and says so."""
    if not _FOLDER:
        pytest.skip(f"{module}: there is no package index to get it from", allow_module_level=True)
    return importlib.import_module(module)
