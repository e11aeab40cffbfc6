/**
 * Questions with typed answers: a {@link dev.paligemma.task.Task} is a prompt, rules for decoding and a parser. Those that
 * the models were trained on are in {@link dev.paligemma.task.Tasks}; anyone can add others.
 */
@NullMarked
package dev.paligemma.task;

import org.jspecify.annotations.NullMarked;
