/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Characters that look like others and come with text from browsers, chats and
 * word processors: a no-break space that indents nothing, a dash that begins no
 * list. YAML takes them for letters, so that what is said of the text is of no
 * help to who does not see them.
 */
#pragma once

#include "base/error.h"
#include "format/yaml.h"

/*
 * Adds a fault for each plain key or text below root with such a character, at
 * its place. In quotes all are taken.
 */
void look_alikes(const struct yaml_node *root, struct error *err);
