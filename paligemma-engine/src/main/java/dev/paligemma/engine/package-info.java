/** What engines have in common for their users: devices, precisions, options and their errors. */
@NullMarked
package dev.paligemma.engine;

import org.jspecify.annotations.NullMarked;
