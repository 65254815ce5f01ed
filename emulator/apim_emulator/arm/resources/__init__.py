# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The resource kinds below an API Management service, and the read-only resources around it; a file per kind."""
