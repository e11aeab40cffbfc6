/** Scores of answers in files and of whole data sets. */
@NullMarked
package dev.paligemma.cli.evaluation;

import org.jspecify.annotations.NullMarked;
