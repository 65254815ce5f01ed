# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stands in for the script with which ansible-test brings pip into its virtual environments.

ansible-test would download that script from a server outside the package registry. This one uses the pip that Python
carries, then installs what ansible-test asks for; its options concern the original only.
"""

from __future__ import annotations

import subprocess
import sys

requirements = [argument for argument in sys.argv[1:] if not argument.startswith("-")]
# In a process of its own, because ensurepip makes pip forget its configuration, the registry's address included.
for command in (["ensurepip"], ["pip", "install", "--quiet", *requirements]):
    subprocess.run([sys.executable, "-m", *command], check=True)
