/**
 * What an engine implements to train: a program that computes the loss of a recorded graph and its gradients, and changes
 * parameters that live inside the engine.
 */
@NullMarked
package dev.paligemma.engine.training;

import org.jspecify.annotations.NullMarked;
