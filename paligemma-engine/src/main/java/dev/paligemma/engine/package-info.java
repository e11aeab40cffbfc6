/** What engines have in common for their users: devices, precisions, options, and the root of all errors. */
@NullMarked
package dev.paligemma.engine;

import org.jspecify.annotations.NullMarked;
