/**
 * The network as it runs: the compiled graphs, their adapters, and the sequences that are written. For this library alone;
 * anything here may change.
 */
@NullMarked
package dev.paligemma.network.internal;

import org.jspecify.annotations.NullMarked;
