/** From a recipe and a model to the graph that is trained: what is a parameter, what it starts with, what images enter as. */
@NullMarked
package dev.paligemma.training.internal.network;

import org.jspecify.annotations.NullMarked;
