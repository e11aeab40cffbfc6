/** What is asked of a model and what it gives: requests, how tokens are chosen, answers and the figures behind them. */
@NullMarked
package dev.paligemma.generation;

import org.jspecify.annotations.NullMarked;
