/** The published models: names, sizes, branches, and the memory that each needs. */
@NullMarked
package dev.paligemma.catalog;

import org.jspecify.annotations.NullMarked;
