/** The subcommands, a class each. */
@NullMarked
package dev.paligemma.cli.command;

import org.jspecify.annotations.NullMarked;
