# SPDX-License-Identifier: GPL-3.0-or-later
"""Scripts made worse on purpose."""
ALL = []
