/** Adapters. */
@NullMarked
package dev.paligemma.engine.adapter;

import org.jspecify.annotations.NullMarked;
