/** The demonstration of fine-tuning: a shape that the bundled model never saw. */
@NullMarked
package dev.paligemma.cli.demo;

import org.jspecify.annotations.NullMarked;
