/**
 * The seam between the network's definition and what runs it: engines, their programs and the tensors that go in and
 * out.
 */
@NullMarked
package dev.paligemma.engine.spi;

import org.jspecify.annotations.NullMarked;
