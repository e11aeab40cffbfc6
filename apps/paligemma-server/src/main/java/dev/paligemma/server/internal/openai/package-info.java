/** The wire format of OpenAI. */
@NullMarked
package dev.paligemma.server.internal.openai;

import org.jspecify.annotations.NullMarked;
