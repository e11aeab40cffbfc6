/**
 * Finds pages by what they show: {@link dev.paligemma.retrieval.PageEncoder} makes rows of numbers of pages and of queries, {@link
 * dev.paligemma.retrieval.MaxSim} compares them.
 */
@NullMarked
package dev.paligemma.retrieval;

import org.jspecify.annotations.NullMarked;
