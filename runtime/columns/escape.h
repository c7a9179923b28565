/*
 * Text that must stay on its line: control characters as Spark shows them in tables and trees.
 *
 * Thread: any.
 */
#pragma once

#include "base/buffer.h"

/* With \n \r \t \f \b \v \a as these two characters each; nothing else is changed. */
void escape_meta(struct buffer *out, struct bytes text);
