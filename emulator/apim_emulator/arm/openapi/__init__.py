# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""OpenAPI documents: read, turned into operations, and written from operations."""
