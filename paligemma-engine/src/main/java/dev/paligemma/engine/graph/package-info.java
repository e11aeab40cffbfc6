/**
 * A network as data: a definition written against {@link dev.paligemma.engine.graph.GraphBuilder} is recorded once as a
 * {@link dev.paligemma.engine.graph.Graph}, which each engine turns into its own program.
 */
@NullMarked
package dev.paligemma.engine.graph;

import org.jspecify.annotations.NullMarked;
