# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Role-based access control: roles, who has them where, and what that lets a token do in the data plane."""
