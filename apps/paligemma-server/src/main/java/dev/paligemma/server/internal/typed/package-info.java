/**
 * The endpoints of tasks, {@code /v1/caption} and its like: what comes in as JSON or as a form is checked field by field and becomes a
 * task of the library, whose result goes out as JSON, as events or as a picture. A package of its own because its wire format is
 * ours and changes with the tasks, while that of OpenAI is theirs.
 */
@NullMarked
package dev.paligemma.server.internal.typed;

import org.jspecify.annotations.NullMarked;
