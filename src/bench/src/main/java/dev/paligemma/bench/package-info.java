/** Measures a pipeline in a process of its own, and small parts of the library with JMH. Not part of the library. */
@NullMarked
package dev.paligemma.bench;

import org.jspecify.annotations.NullMarked;
