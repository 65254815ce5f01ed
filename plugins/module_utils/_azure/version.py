# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The collection's version, as it is shown to Azure in the User-Agent header.

Private to the collection: not for use from outside, may change at any time.
"""

from __future__ import annotations

VERSION = "1.0.0"
