/** Lets a recorded network take the changes of adapters. */
@NullMarked
package dev.paligemma.checkpoint.internal.adapter;

import org.jspecify.annotations.NullMarked;
