package dev.paligemma.training.internal.network;

import dev.paligemma.engine.graph.Graph;
import org.jspecify.annotations.Nullable;

/**
 * How pictures enter the graph that is trained. Immutable.
 *
 * @param input the input of the trained graph
 * @param frozen the graph that makes its rows of pixels, which nothing trains, so that once for each picture is enough; null
 *     if pixels themselves go in, {@code float32[B, 3, S, S]}
 * @param output the output of that graph, {@code float32[B * N, width]}; as {@code input} if pixels go in
 * @param width how wide a row is; 0 if pixels go in
 */
public record ImageEntry(String input, @Nullable Graph frozen, String output, int width) {}
