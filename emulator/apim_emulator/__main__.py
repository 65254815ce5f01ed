# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""`python -m apim_emulator` is the command `apim-emulator`."""

import sys

from apim_emulator.cli import main

if __name__ == "__main__":
    sys.exit(main())
