/** Published answers of published models, and whether a model on this machine gives them. */
@NullMarked
package dev.paligemma.cli.validation;

import org.jspecify.annotations.NullMarked;
