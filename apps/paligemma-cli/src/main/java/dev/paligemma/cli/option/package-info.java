/** Groups of options that commands share, and the way from options to what they mean. */
@NullMarked
package dev.paligemma.cli.option;

import org.jspecify.annotations.NullMarked;
